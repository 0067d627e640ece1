-- Whose history a decision belongs to besides its own owner's.

CREATE TABLE party (
  owner INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY (owner, seq)
) WITHOUT ROWID, STRICT;

-- Books that were written before: a refund may have given points back to others.
INSERT INTO party
SELECT DISTINCT side % 1099511627776, seq FROM (
  SELECT seq, debit AS side FROM posting UNION SELECT seq, credit FROM posting
) JOIN decision USING (seq)
WHERE side >= 2000 * 1099511627776 AND side < 2031 * 1099511627776
  AND side % 1099511627776 IS NOT decision.owner;

CREATE TRIGGER party_no_update BEFORE UPDATE ON party BEGIN SELECT RAISE(ABORT, 'party is append-only'); END;
CREATE TRIGGER party_no_delete BEFORE DELETE ON party BEGIN SELECT RAISE(ABORT, 'party is append-only'); END;
CREATE TRIGGER party_no_replace BEFORE INSERT ON party WHEN EXISTS (SELECT 1 FROM party WHERE owner = NEW.owner AND seq = NEW.seq) BEGIN SELECT RAISE(ABORT, 'party is append-only'); END;
