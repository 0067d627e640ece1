-- Of which type a card is, in the operator's words.

ALTER TABLE card ADD COLUMN type TEXT NOT NULL DEFAULT '';
