-- What few decisions are looked up by.

CREATE TABLE mark (
  seq INTEGER NOT NULL,
  line INTEGER NOT NULL,
  kind TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (seq, line)
) WITHOUT ROWID, STRICT;
CREATE INDEX mark_value ON mark (kind, value, seq);
CREATE TRIGGER mark_no_update BEFORE UPDATE ON mark BEGIN SELECT RAISE(ABORT, 'mark is append-only'); END;
CREATE TRIGGER mark_no_delete BEFORE DELETE ON mark BEGIN SELECT RAISE(ABORT, 'mark is append-only'); END;
CREATE TRIGGER mark_no_replace BEFORE INSERT ON mark WHEN EXISTS (SELECT 1 FROM mark WHERE seq = NEW.seq AND line = NEW.line) BEGIN SELECT RAISE(ABORT, 'mark is append-only'); END;
