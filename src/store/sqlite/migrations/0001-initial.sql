-- The cost of a commit is the number of different pages that it changes, far more than the number of
-- statements: every table and index below is one that a commit cannot do without.

-- The history. Only appended to, so all its writes fall on the last page. It has no index on the aggregate:
-- the compare-and-set on `states` keeps (aggregate, sequence) unique, and `previous_position` leads from each
-- event to the one before it of the same aggregate (NULL for its first), starting at `states.last_position`.
CREATE TABLE events (
  position INTEGER PRIMARY KEY,
  aggregate_type TEXT NOT NULL,
  aggregate_id TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  type TEXT NOT NULL,
  data TEXT NOT NULL,
  previous_position INTEGER
) STRICT;

-- The fold of the events of each aggregate, as JSON.
CREATE TABLE states (
  number INTEGER PRIMARY KEY,
  aggregate_type TEXT NOT NULL,
  aggregate_id TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  last_position INTEGER NOT NULL,
  state TEXT NOT NULL,
  UNIQUE (aggregate_type, aggregate_id)
) STRICT;

CREATE TABLE unique_keys (
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  aggregate_id TEXT NOT NULL,
  PRIMARY KEY (kind, key)
) STRICT, WITHOUT ROWID;

-- Messages that wait (`outcome` is NULL) and the records of those that were settled (`sealed` is NULL).
-- A claimed message is one whose `due_ms` is the end of its lease.
CREATE TABLE outbox (
  number INTEGER PRIMARY KEY,
  message_id TEXT NOT NULL UNIQUE,
  user_id TEXT NOT NULL,
  purpose TEXT NOT NULL,
  recipient TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  expires_ms INTEGER,
  sealed TEXT,
  due_ms INTEGER NOT NULL,
  attempt INTEGER NOT NULL DEFAULT 0,
  outcome TEXT,
  reason TEXT
) STRICT;

CREATE INDEX outbox_due ON outbox (due_ms) WHERE outcome IS NULL;

CREATE INDEX outbox_newest ON outbox (recipient, created_ms);

-- AUTOINCREMENT: an id is never used again, so a reader who remembers the last one misses nothing.
CREATE TABLE inbox_messages (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  message_id TEXT NOT NULL UNIQUE,
  user_id TEXT NOT NULL,
  purpose TEXT NOT NULL,
  recipient TEXT NOT NULL,
  text TEXT NOT NULL,
  code TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  expires_ms INTEGER
) STRICT;

CREATE INDEX inbox_messages_recipient ON inbox_messages (recipient);
