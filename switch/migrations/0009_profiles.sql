-- What rules may ask of a member.

CREATE TABLE profile (
  member_id INTEGER NOT NULL,
  segments TEXT NOT NULL,
  category TEXT NOT NULL,
  joined_on TEXT,
  PRIMARY KEY (member_id)
) STRICT;
