-- Whether a member is a person or an organization.

ALTER TABLE profile ADD COLUMN kind TEXT NOT NULL DEFAULT 'person';
