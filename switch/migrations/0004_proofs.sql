-- What a card's one-time code and its PIN are recognised by, as members/tables.py describes it.

CREATE TABLE proof (
  card_id INTEGER NOT NULL,
  kind TEXT NOT NULL,
  value BLOB NOT NULL,
  salt BLOB NOT NULL,
  expires_at TEXT,
  failures INTEGER NOT NULL,
  PRIMARY KEY (card_id, kind)
) WITHOUT ROWID, STRICT;
