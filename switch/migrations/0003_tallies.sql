-- What programmes count: limits, budgets, and what conditions ask of the past.

CREATE TABLE tally (
  seq INTEGER NOT NULL,
  line INTEGER NOT NULL,
  measure TEXT NOT NULL,
  whose TEXT NOT NULL,
  stretch TEXT NOT NULL,
  change INTEGER NOT NULL,
  total INTEGER NOT NULL,
  PRIMARY KEY (seq, line)
) WITHOUT ROWID, STRICT;
CREATE INDEX tally_place ON tally (measure, whose, stretch, seq);

CREATE TRIGGER tally_no_update BEFORE UPDATE ON tally BEGIN SELECT RAISE(ABORT, 'tally is append-only'); END;
CREATE TRIGGER tally_no_delete BEFORE DELETE ON tally BEGIN SELECT RAISE(ABORT, 'tally is append-only'); END;
CREATE TRIGGER tally_no_replace BEFORE INSERT ON tally WHEN EXISTS (SELECT 1 FROM tally WHERE seq = NEW.seq AND line = NEW.line) BEGIN SELECT RAISE(ABORT, 'tally is append-only'); END;
