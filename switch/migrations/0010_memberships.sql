-- Members of programmes beside the deployment's own.

CREATE TABLE membership (
  member_id INTEGER NOT NULL,
  programme TEXT NOT NULL,
  PRIMARY KEY (member_id)
) STRICT;
