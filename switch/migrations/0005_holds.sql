-- Points that are reserved: holds, what was done to them, and those that are open.
CREATE TABLE hold (
  seq INTEGER NOT NULL,
  line INTEGER NOT NULL,
  owner INTEGER NOT NULL,
  held_for TEXT NOT NULL,
  points INTEGER NOT NULL,
  kept_until TEXT NOT NULL,
  PRIMARY KEY (seq, line)
) WITHOUT ROWID, STRICT;

CREATE TABLE hold_step (
  seq INTEGER NOT NULL,
  line INTEGER NOT NULL,
  hold INTEGER NOT NULL,
  points INTEGER NOT NULL,
  ended INTEGER NOT NULL,
  PRIMARY KEY (seq, line)
) WITHOUT ROWID, STRICT;
CREATE INDEX hold_step_hold ON hold_step (hold);

CREATE TABLE open_hold (
  owner INTEGER NOT NULL,
  hold INTEGER NOT NULL,
  kept_until TEXT NOT NULL,
  PRIMARY KEY (owner, hold)
) WITHOUT ROWID, STRICT;
CREATE INDEX open_hold_kept_until ON open_hold (kept_until);

CREATE TRIGGER hold_no_update BEFORE UPDATE ON hold BEGIN SELECT RAISE(ABORT, 'hold is append-only'); END;
CREATE TRIGGER hold_no_delete BEFORE DELETE ON hold BEGIN SELECT RAISE(ABORT, 'hold is append-only'); END;
CREATE TRIGGER hold_no_replace BEFORE INSERT ON hold WHEN EXISTS (SELECT 1 FROM hold WHERE seq = NEW.seq AND line = NEW.line) BEGIN SELECT RAISE(ABORT, 'hold is append-only'); END;
CREATE TRIGGER hold_step_no_update BEFORE UPDATE ON hold_step BEGIN SELECT RAISE(ABORT, 'hold_step is append-only'); END;
CREATE TRIGGER hold_step_no_delete BEFORE DELETE ON hold_step BEGIN SELECT RAISE(ABORT, 'hold_step is append-only'); END;
CREATE TRIGGER hold_step_no_replace BEFORE INSERT ON hold_step WHEN EXISTS (SELECT 1 FROM hold_step WHERE seq = NEW.seq AND line = NEW.line) BEGIN SELECT RAISE(ABORT, 'hold_step is append-only'); END;
