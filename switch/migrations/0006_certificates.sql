-- Certificates and what became of them.

CREATE TABLE certificate (
  seq INTEGER NOT NULL,
  line INTEGER NOT NULL,
  code TEXT NOT NULL,
  owner INTEGER NOT NULL,
  points INTEGER NOT NULL,
  value_minor INTEGER NOT NULL,
  last_day TEXT NOT NULL,
  PRIMARY KEY (seq, line)
) WITHOUT ROWID, STRICT;
CREATE UNIQUE INDEX certificate_code ON certificate (code);
CREATE INDEX certificate_last_day ON certificate (last_day);

CREATE TABLE certificate_entry (
  seq INTEGER NOT NULL,
  line INTEGER NOT NULL,
  code TEXT NOT NULL,
  points INTEGER NOT NULL,
  value_minor INTEGER NOT NULL,
  PRIMARY KEY (seq, line)
) WITHOUT ROWID, STRICT;
CREATE INDEX certificate_entry_code ON certificate_entry (code);

CREATE TRIGGER certificate_no_update BEFORE UPDATE ON certificate BEGIN SELECT RAISE(ABORT, 'certificate is append-only'); END;
CREATE TRIGGER certificate_no_delete BEFORE DELETE ON certificate BEGIN SELECT RAISE(ABORT, 'certificate is append-only'); END;
CREATE TRIGGER certificate_no_replace BEFORE INSERT ON certificate WHEN EXISTS (SELECT 1 FROM certificate WHERE seq = NEW.seq AND line = NEW.line) OR EXISTS (SELECT 1 FROM certificate WHERE code = NEW.code) BEGIN SELECT RAISE(ABORT, 'certificate is append-only'); END;
CREATE TRIGGER certificate_entry_no_update BEFORE UPDATE ON certificate_entry BEGIN SELECT RAISE(ABORT, 'certificate_entry is append-only'); END;
CREATE TRIGGER certificate_entry_no_delete BEFORE DELETE ON certificate_entry BEGIN SELECT RAISE(ABORT, 'certificate_entry is append-only'); END;
CREATE TRIGGER certificate_entry_no_replace BEFORE INSERT ON certificate_entry WHEN EXISTS (SELECT 1 FROM certificate_entry WHERE seq = NEW.seq AND line = NEW.line) BEGIN SELECT RAISE(ABORT, 'certificate_entry is append-only'); END;
