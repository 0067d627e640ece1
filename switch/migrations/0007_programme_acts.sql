-- What was done to the programme is found without a look at all cards.

CREATE INDEX card_entry_programme ON card_entry (block, line) WHERE card_id = 0;
