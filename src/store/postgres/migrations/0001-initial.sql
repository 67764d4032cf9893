-- Texts are compared by their bytes, whatever the locale of the database: COLLATE "C".
-- Everything is named with its schema: behind a pooler a session, and its search_path, is nobody's own.

-- The history. `position` grows with every event; see ringback.settled_position for what a reader may trust.
-- There is no index on the aggregate: ringback.commit_batch keeps (aggregate, sequence) unique by the state row.
CREATE SEQUENCE ringback.positions;

CREATE TABLE ringback.events (
  position bigint PRIMARY KEY,
  aggregate_type text COLLATE "C" NOT NULL,
  aggregate_id text COLLATE "C" NOT NULL,
  sequence bigint NOT NULL,
  at_ms bigint NOT NULL,
  type text COLLATE "C" NOT NULL,
  data text COLLATE "C" NOT NULL
);

-- The fold of the events of each aggregate, as JSON, and what is found with it and changes often: the time of
-- the last event, and the phone number of a user's record. Each commit writes this row anyway; the room left in
-- its page lets most do it without any index.
CREATE TABLE ringback.states (
  aggregate_type text COLLATE "C" NOT NULL,
  aggregate_id text COLLATE "C" NOT NULL,
  sequence bigint NOT NULL,
  changed_ms bigint NOT NULL,
  state text COLLATE "C" NOT NULL,
  phone text COLLATE "C",
  PRIMARY KEY (aggregate_type, aggregate_id)
) WITH (fillfactor = 70);

CREATE INDEX states_phone ON ringback.states (phone, aggregate_id) WHERE phone IS NOT NULL;

CREATE TABLE ringback.unique_keys (
  kind text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  aggregate_id text COLLATE "C" NOT NULL,
  PRIMARY KEY (kind, key)
);

-- The rest of the records of users. A column `_folded` is the one before it without regard to small and
-- capital letters.
CREATE TABLE ringback.user_records (
  id text COLLATE "C" PRIMARY KEY,
  organization_id text COLLATE "C" NOT NULL,
  kind text COLLATE "C" NOT NULL,
  status text COLLATE "C" NOT NULL,
  user_name text COLLATE "C" NOT NULL,
  user_name_folded text COLLATE "C" NOT NULL,
  given_name text COLLATE "C" NOT NULL,
  family_name text COLLATE "C" NOT NULL,
  nick_name text COLLATE "C" NOT NULL,
  display_name text COLLATE "C" NOT NULL,
  email text COLLATE "C" NOT NULL,
  email_folded text COLLATE "C" NOT NULL,
  schema_id text COLLATE "C" NOT NULL,
  created_ms bigint NOT NULL
);

CREATE INDEX user_records_email ON ringback.user_records (email_folded);

CREATE INDEX user_records_user_name ON ringback.user_records (user_name_folded);

-- The usual order, in one organization and in all.
CREATE INDEX user_records_organization ON ringback.user_records (organization_id, created_ms, id);

CREATE INDEX user_records_created ON ringback.user_records (created_ms, id);

CREATE TABLE ringback.session_records (
  id text COLLATE "C" PRIMARY KEY,
  user_id text COLLATE "C" NOT NULL,
  creator_id text COLLATE "C" NOT NULL,
  fingerprint_id text COLLATE "C" NOT NULL,
  created_ms bigint NOT NULL,
  expires_ms bigint NOT NULL
);

CREATE INDEX session_records_user ON ringback.session_records (user_id);

CREATE INDEX session_records_creator ON ringback.session_records (creator_id, created_ms, id);

-- Messages that wait (`outcome` is NULL) and the records of those that were settled (`sealed` is NULL).
-- `due_ms` of a claimed one is the end of its lease; only a message that waits is leased.
-- The indexes of those that wait, and of the leased ones, seem to be empty as long as messages are sent at once: for the
-- planner the shortest way to any such message, until a provider is down and they are full. So a statement about one
-- message says of it what these indexes do not: `sealed IS NOT NULL` for "it waits", and a CASE for "it is leased".
CREATE TABLE ringback.outbox (
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  message_id text COLLATE "C" NOT NULL UNIQUE,
  user_id text COLLATE "C" NOT NULL,
  session_id text COLLATE "C",
  purpose text COLLATE "C" NOT NULL,
  recipient text COLLATE "C" NOT NULL,
  channel text COLLATE "C",
  created_ms bigint NOT NULL,
  expires_ms bigint,
  sealed text COLLATE "C",
  due_ms bigint NOT NULL,
  is_leased boolean NOT NULL DEFAULT FALSE,
  attempt bigint NOT NULL DEFAULT 0,
  attempts text COLLATE "C" NOT NULL DEFAULT '[]',
  outcome text COLLATE "C",
  reason text COLLATE "C",
  settled_ms bigint,
  provider_id text COLLATE "C",
  provider_message_id text COLLATE "C",
  encoding text COLLATE "C",
  segments bigint,
  receipt_ms bigint
);

CREATE INDEX outbox_due ON ringback.outbox (due_ms, number) WHERE outcome IS NULL;

-- Of one user only one message is sent at a time.
CREATE INDEX outbox_leased ON ringback.outbox (user_id) WHERE is_leased;

CREATE INDEX outbox_newest ON ringback.outbox (recipient, created_ms);

-- The messages that somebody looks for because they failed. Few are in it, and a message that is sent never.
CREATE INDEX outbox_failed ON ringback.outbox (outcome, number) WHERE outcome IN ('dead', 'undelivered');

-- Answers that are kept for repeated calls (the header Idempotency-Key). A `number` grows with every answer, and
-- each lives as long as any other: the front of the table is what expires first.
CREATE TABLE ringback.answers (
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  key text COLLATE "C" NOT NULL UNIQUE,
  sealed text COLLATE "C" NOT NULL,
  expires_ms bigint NOT NULL
);

CREATE TABLE ringback.inbox_messages (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  message_id text COLLATE "C" NOT NULL UNIQUE,
  user_id text COLLATE "C" NOT NULL,
  purpose text COLLATE "C" NOT NULL,
  recipient text COLLATE "C" NOT NULL,
  text text COLLATE "C" NOT NULL,
  code text COLLATE "C" NOT NULL,
  created_ms bigint NOT NULL,
  expires_ms bigint
);

CREATE INDEX inbox_messages_recipient ON ringback.inbox_messages (recipient, id);

-- Each lane of a replica on which batches of commits travel, the number of its last batch that was written, and
-- what was refused in it: by these a replica that lost its connection learns what became of the batch. `epoch`
-- grows when it asks: a batch that is still on its way then is too late. `pending` is how many messages waited when
-- the lane last counted them.
CREATE TABLE ringback.writers (
  id text COLLATE "C" PRIMARY KEY,
  epoch bigint NOT NULL,
  last_batch bigint NOT NULL,
  refusals jsonb NOT NULL,
  seen_at timestamptz NOT NULL,
  pending bigint NOT NULL DEFAULT 0,
  pending_at timestamptz NOT NULL DEFAULT '-infinity'
) WITH (fillfactor = 10);
