-- What lists are made of, and the session that a message is for.

ALTER TABLE outbox ADD COLUMN session_id TEXT;

-- The time of the last event. It is here because each commit writes this row anyway.
ALTER TABLE states ADD COLUMN changed_ms INTEGER NOT NULL DEFAULT 0;

UPDATE states SET changed_ms = (SELECT at_ms FROM events WHERE position = last_position);

-- The phone number of a user's record. It is here because it changes often, and each commit writes this row anyway.
-- A column `_folded` is the one before it without regard to small and capital letters.
ALTER TABLE states ADD COLUMN phone TEXT;

ALTER TABLE states ADD COLUMN phone_folded TEXT;

UPDATE states SET phone = coalesce(state ->> '$.phone.number', '')
WHERE aggregate_type = 'user' AND state ->> '$.status' <> 'removed';

UPDATE states SET phone_folded = fold(phone) WHERE phone IS NOT NULL;

-- With both columns: a search by a part of the number reads the index, and no state.
CREATE INDEX states_phone ON states (phone_folded, phone) WHERE phone IS NOT NULL;

-- The rest of the records of users.
CREATE TABLE user_records (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  organization_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  status TEXT NOT NULL,
  user_name TEXT NOT NULL,
  user_name_folded TEXT NOT NULL,
  given_name TEXT NOT NULL,
  family_name TEXT NOT NULL,
  nick_name TEXT NOT NULL,
  display_name TEXT NOT NULL,
  email TEXT NOT NULL,
  email_folded TEXT NOT NULL,
  schema_id TEXT NOT NULL,
  created_ms INTEGER NOT NULL
) STRICT;

INSERT INTO user_records
SELECT
  number,
  aggregate_id,
  state ->> '$.resourceOwner',
  state ->> '$.kind',
  state ->> '$.status',
  state ->> '$.userName',
  fold(state ->> '$.userName'),
  state ->> '$.profile.givenName',
  state ->> '$.profile.familyName',
  state ->> '$.profile.nickName',
  state ->> '$.profile.displayName',
  state ->> '$.email.address',
  fold(state ->> '$.email.address'),
  coalesce(state ->> '$.schema.schemaId', ''),
  state ->> '$.createdMs'
FROM states
WHERE aggregate_type = 'user' AND state ->> '$.status' <> 'removed';

CREATE INDEX user_records_email ON user_records (email_folded);

CREATE INDEX user_records_user_name ON user_records (user_name_folded);

-- The usual order, in one organization and in all.
CREATE INDEX user_records_organization ON user_records (organization_id, created_ms, id);

CREATE INDEX user_records_created ON user_records (created_ms, id);

CREATE TABLE session_records (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  creator_id TEXT NOT NULL,
  fingerprint_id TEXT NOT NULL,
  created_ms INTEGER NOT NULL
) STRICT;

CREATE INDEX session_records_user ON session_records (user_id);

CREATE INDEX session_records_creator ON session_records (creator_id, created_ms, id);

CREATE INDEX session_records_created ON session_records (created_ms, id);

-- How many rows to expect behind one value. Without this SQLite takes all indexes for equally good, and may look
-- through a whole organization for one phone number.
ANALYZE;

INSERT INTO sqlite_stat1 (tbl, idx, stat)
VALUES
  ('states', 'states_phone', '1000000 1 1'),
  ('user_records', 'user_records_email', '1000000 1'),
  ('user_records', 'user_records_user_name', '1000000 1'),
  ('user_records', 'user_records_organization', '1000000 100000 1 1'),
  ('user_records', 'user_records_created', '1000000 1 1'),
  ('session_records', 'session_records_user', '1000000 10'),
  ('session_records', 'session_records_creator', '1000000 100000 1 1'),
  ('session_records', 'session_records_created', '1000000 1 1');
