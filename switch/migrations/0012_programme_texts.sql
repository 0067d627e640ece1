-- The texts of large programmes, packed.

CREATE TABLE programme_text (
  version TEXT NOT NULL,
  part INTEGER NOT NULL,
  size INTEGER NOT NULL,
  packed BLOB NOT NULL,
  PRIMARY KEY (version, part)
) STRICT;

CREATE TRIGGER programme_text_no_update BEFORE UPDATE ON programme_text BEGIN SELECT RAISE(ABORT, 'programme_text is append-only'); END;
CREATE TRIGGER programme_text_no_delete BEFORE DELETE ON programme_text BEGIN SELECT RAISE(ABORT, 'programme_text is append-only'); END;
CREATE TRIGGER programme_text_no_replace BEFORE INSERT ON programme_text WHEN EXISTS (SELECT 1 FROM programme_text WHERE version = NEW.version AND part = NEW.part) BEGIN SELECT RAISE(ABORT, 'programme_text is append-only'); END;
