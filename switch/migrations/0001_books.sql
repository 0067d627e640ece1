-- The books and the cards, as ledger/tables.py and members/tables.py describe them.

CREATE TABLE decision (
  seq INTEGER NOT NULL,
  "key" TEXT NOT NULL,
  content BLOB NOT NULL,
  identifier BLOB,
  card_id INTEGER,
  member_id INTEGER,
  owner INTEGER,
  operation TEXT NOT NULL,
  is_advice INTEGER NOT NULL,
  reason TEXT,
  effective INTEGER NOT NULL,
  acquirer_id TEXT NOT NULL,
  terminal_id TEXT NOT NULL,
  merchant_id TEXT NOT NULL,
  message_class TEXT NOT NULL,
  stan TEXT NOT NULL,
  transmitted TEXT NOT NULL,
  rrn TEXT NOT NULL,
  at TEXT NOT NULL,
  as_of TEXT NOT NULL,
  business_date TEXT NOT NULL,
  amount INTEGER NOT NULL,
  in_points INTEGER NOT NULL,
  covered_minor INTEGER NOT NULL,
  earned INTEGER NOT NULL,
  used INTEGER NOT NULL,
  value_minor INTEGER NOT NULL,
  discount_minor INTEGER NOT NULL,
  ticket TEXT,
  original INTEGER,
  programme_version TEXT,
  rules TEXT NOT NULL,
  exception TEXT,
  answer TEXT NOT NULL,
  facts_hash BLOB,
  block INTEGER NOT NULL,
  rrn_sent INTEGER NOT NULL,
  digest BLOB NOT NULL,
  PRIMARY KEY (seq)
) STRICT;
CREATE INDEX decision_exception ON decision (seq) WHERE exception IS NOT NULL;
CREATE UNIQUE INDEX decision_key ON decision ("key");
CREATE INDEX decision_original ON decision (original) WHERE original IS NOT NULL;
CREATE INDEX decision_owner ON decision (owner, seq) WHERE owner IS NOT NULL;
CREATE INDEX decision_rrn ON decision (rrn) WHERE rrn_sent = 1;
CREATE INDEX decision_terminal ON decision (terminal_id, stan);
CREATE INDEX decision_ticket ON decision (ticket) WHERE ticket IS NOT NULL AND operation IN ('REDEEM', 'PAY_CERTIFICATE');
CREATE INDEX decision_trace ON decision (transmitted, stan);

CREATE TABLE posting (
  seq INTEGER NOT NULL,
  line INTEGER NOT NULL,
  debit INTEGER NOT NULL,
  credit INTEGER NOT NULL,
  points INTEGER NOT NULL,
  lot INTEGER NOT NULL,
  reason INTEGER NOT NULL,
  PRIMARY KEY (seq, line)
) WITHOUT ROWID, STRICT;

CREATE TABLE lot (
  lot INTEGER NOT NULL,
  owner INTEGER NOT NULL,
  points INTEGER NOT NULL,
  earned_on TEXT NOT NULL,
  available_from TEXT NOT NULL,
  expires_on TEXT NOT NULL,
  funder TEXT NOT NULL,
  value_minor INTEGER NOT NULL,
  PRIMARY KEY (lot)
) STRICT;

CREATE TABLE link (
  seq INTEGER NOT NULL,
  original INTEGER NOT NULL,
  refunded_minor INTEGER NOT NULL,
  clawed INTEGER NOT NULL,
  returned INTEGER NOT NULL,
  returned_minor INTEGER NOT NULL,
  undone INTEGER NOT NULL,
  final_minor INTEGER,
  PRIMARY KEY (seq, original)
) WITHOUT ROWID, STRICT;
CREATE INDEX link_original ON link (original);

CREATE TABLE early_reversal (
  seq INTEGER NOT NULL,
  acquirer_id TEXT NOT NULL,
  terminal_id TEXT NOT NULL,
  original_class TEXT,
  original_stan TEXT,
  original_transmitted TEXT,
  original_acquirer_id TEXT,
  original_rrn TEXT,
  own_stan TEXT,
  card_id INTEGER,
  identifier BLOB,
  at TEXT NOT NULL,
  PRIMARY KEY (seq)
) STRICT;

CREATE TABLE fact (
  seq INTEGER NOT NULL,
  salt BLOB NOT NULL,
  facts TEXT NOT NULL,
  PRIMARY KEY (seq)
) STRICT;

CREATE TABLE card_entry (
  block INTEGER NOT NULL,
  line INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  card_id INTEGER NOT NULL,
  change TEXT NOT NULL,
  PRIMARY KEY (block, line)
) WITHOUT ROWID, STRICT;

CREATE TABLE block (
  number INTEGER NOT NULL,
  format INTEGER NOT NULL,
  first_seq INTEGER,
  last_seq INTEGER,
  decisions INTEGER NOT NULL,
  card_entries INTEGER NOT NULL,
  committed_at TEXT NOT NULL,
  previous BLOB NOT NULL,
  hash BLOB NOT NULL,
  PRIMARY KEY (number)
) STRICT;

CREATE TABLE sequence_lease (
  lease INTEGER NOT NULL,
  next_seq INTEGER NOT NULL,
  PRIMARY KEY (lease)
) STRICT;

CREATE TABLE programme (
  number INTEGER NOT NULL,
  since TEXT NOT NULL,
  version TEXT NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (number)
) STRICT;

CREATE TABLE balance (
  account INTEGER NOT NULL,
  lot INTEGER NOT NULL,
  points INTEGER NOT NULL,
  PRIMARY KEY (account, lot)
) WITHOUT ROWID, STRICT;

CREATE TABLE member (
  member_id INTEGER NOT NULL,
  operator_id TEXT NOT NULL,
  owner INTEGER NOT NULL,
  tier TEXT,
  language TEXT,
  PRIMARY KEY (member_id)
) STRICT;
CREATE UNIQUE INDEX member_operator_id ON member (operator_id);

CREATE TABLE person (
  member_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  phone TEXT NOT NULL,
  mail TEXT NOT NULL,
  birthday TEXT,
  PRIMARY KEY (member_id)
) STRICT;

CREATE TABLE card (
  card_id INTEGER NOT NULL,
  token BLOB NOT NULL,
  last4 TEXT NOT NULL,
  member_id INTEGER NOT NULL,
  status TEXT NOT NULL,
  expires_on TEXT,
  replaced_by INTEGER,
  PRIMARY KEY (card_id)
) STRICT;
CREATE INDEX card_member ON card (member_id);
CREATE UNIQUE INDEX card_token ON card (token);

CREATE TABLE identifier (
  kind TEXT NOT NULL,
  token BLOB NOT NULL,
  member_id INTEGER NOT NULL,
  card_id INTEGER NOT NULL,
  PRIMARY KEY (kind, token, member_id, card_id)
) WITHOUT ROWID, STRICT;
CREATE INDEX identifier_member ON identifier (member_id);

-- Append-only, whoever opens the file.
CREATE TRIGGER decision_no_update BEFORE UPDATE ON decision BEGIN SELECT RAISE(ABORT, 'decision is append-only'); END;
CREATE TRIGGER decision_no_delete BEFORE DELETE ON decision BEGIN SELECT RAISE(ABORT, 'decision is append-only'); END;
CREATE TRIGGER decision_no_replace BEFORE INSERT ON decision WHEN EXISTS (SELECT 1 FROM decision WHERE seq = NEW.seq) OR EXISTS (SELECT 1 FROM decision WHERE key = NEW.key) BEGIN SELECT RAISE(ABORT, 'decision is append-only'); END;
CREATE TRIGGER posting_no_update BEFORE UPDATE ON posting BEGIN SELECT RAISE(ABORT, 'posting is append-only'); END;
CREATE TRIGGER posting_no_delete BEFORE DELETE ON posting BEGIN SELECT RAISE(ABORT, 'posting is append-only'); END;
CREATE TRIGGER posting_no_replace BEFORE INSERT ON posting WHEN EXISTS (SELECT 1 FROM posting WHERE seq = NEW.seq AND line = NEW.line) BEGIN SELECT RAISE(ABORT, 'posting is append-only'); END;
CREATE TRIGGER lot_no_update BEFORE UPDATE ON lot BEGIN SELECT RAISE(ABORT, 'lot is append-only'); END;
CREATE TRIGGER lot_no_delete BEFORE DELETE ON lot BEGIN SELECT RAISE(ABORT, 'lot is append-only'); END;
CREATE TRIGGER lot_no_replace BEFORE INSERT ON lot WHEN EXISTS (SELECT 1 FROM lot WHERE lot = NEW.lot) BEGIN SELECT RAISE(ABORT, 'lot is append-only'); END;
CREATE TRIGGER link_no_update BEFORE UPDATE ON link BEGIN SELECT RAISE(ABORT, 'link is append-only'); END;
CREATE TRIGGER link_no_delete BEFORE DELETE ON link BEGIN SELECT RAISE(ABORT, 'link is append-only'); END;
CREATE TRIGGER link_no_replace BEFORE INSERT ON link WHEN EXISTS (SELECT 1 FROM link WHERE seq = NEW.seq AND original = NEW.original) BEGIN SELECT RAISE(ABORT, 'link is append-only'); END;
CREATE TRIGGER early_reversal_no_update BEFORE UPDATE ON early_reversal BEGIN SELECT RAISE(ABORT, 'early_reversal is append-only'); END;
CREATE TRIGGER early_reversal_no_delete BEFORE DELETE ON early_reversal BEGIN SELECT RAISE(ABORT, 'early_reversal is append-only'); END;
CREATE TRIGGER early_reversal_no_replace BEFORE INSERT ON early_reversal WHEN EXISTS (SELECT 1 FROM early_reversal WHERE seq = NEW.seq) BEGIN SELECT RAISE(ABORT, 'early_reversal is append-only'); END;
CREATE TRIGGER fact_no_update BEFORE UPDATE ON fact BEGIN SELECT RAISE(ABORT, 'fact is append-only'); END;
CREATE TRIGGER fact_no_replace BEFORE INSERT ON fact WHEN EXISTS (SELECT 1 FROM fact WHERE seq = NEW.seq) BEGIN SELECT RAISE(ABORT, 'fact is append-only'); END;
CREATE TRIGGER card_entry_no_update BEFORE UPDATE ON card_entry BEGIN SELECT RAISE(ABORT, 'card_entry is append-only'); END;
CREATE TRIGGER card_entry_no_delete BEFORE DELETE ON card_entry BEGIN SELECT RAISE(ABORT, 'card_entry is append-only'); END;
CREATE TRIGGER card_entry_no_replace BEFORE INSERT ON card_entry WHEN EXISTS (SELECT 1 FROM card_entry WHERE block = NEW.block AND line = NEW.line) BEGIN SELECT RAISE(ABORT, 'card_entry is append-only'); END;
CREATE TRIGGER block_no_update BEFORE UPDATE ON block BEGIN SELECT RAISE(ABORT, 'block is append-only'); END;
CREATE TRIGGER block_no_delete BEFORE DELETE ON block BEGIN SELECT RAISE(ABORT, 'block is append-only'); END;
CREATE TRIGGER block_no_replace BEFORE INSERT ON block WHEN EXISTS (SELECT 1 FROM block WHERE number = NEW.number) BEGIN SELECT RAISE(ABORT, 'block is append-only'); END;
CREATE TRIGGER sequence_lease_no_update BEFORE UPDATE ON sequence_lease BEGIN SELECT RAISE(ABORT, 'sequence_lease is append-only'); END;
CREATE TRIGGER sequence_lease_no_delete BEFORE DELETE ON sequence_lease BEGIN SELECT RAISE(ABORT, 'sequence_lease is append-only'); END;
CREATE TRIGGER sequence_lease_no_replace BEFORE INSERT ON sequence_lease WHEN EXISTS (SELECT 1 FROM sequence_lease WHERE lease = NEW.lease) BEGIN SELECT RAISE(ABORT, 'sequence_lease is append-only'); END;
CREATE TRIGGER programme_no_update BEFORE UPDATE ON programme BEGIN SELECT RAISE(ABORT, 'programme is append-only'); END;
CREATE TRIGGER programme_no_delete BEFORE DELETE ON programme BEGIN SELECT RAISE(ABORT, 'programme is append-only'); END;
CREATE TRIGGER programme_no_replace BEFORE INSERT ON programme WHEN EXISTS (SELECT 1 FROM programme WHERE number = NEW.number) BEGIN SELECT RAISE(ABORT, 'programme is append-only'); END;
