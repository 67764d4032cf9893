-- What is known of the delivery of a message.

-- Whether it is claimed; `due_ms` is then the end of its lease.
ALTER TABLE outbox ADD COLUMN is_leased INTEGER NOT NULL DEFAULT 0;

UPDATE outbox SET is_leased = 1 WHERE outcome IS NULL AND attempt > 0;

-- Of one user only one message is sent at a time. A commit that adds a message does not touch this index.
CREATE INDEX outbox_leased ON outbox (user_id) WHERE is_leased = 1;

ALTER TABLE outbox ADD COLUMN channel TEXT;

-- The requests to providers, as JSON.
ALTER TABLE outbox ADD COLUMN attempts TEXT NOT NULL DEFAULT '[]';

ALTER TABLE outbox ADD COLUMN settled_ms INTEGER;

ALTER TABLE outbox ADD COLUMN provider_id TEXT;

ALTER TABLE outbox ADD COLUMN provider_message_id TEXT;

ALTER TABLE outbox ADD COLUMN encoding TEXT;

ALTER TABLE outbox ADD COLUMN segments INTEGER;

-- The provider's last report. One that ends the message changes its `outcome`, too: 'delivered' or 'undelivered'.
ALTER TABLE outbox ADD COLUMN receipt_ms INTEGER;

-- The messages that somebody looks for because they failed. Few are in it, and a message that is sent never.
CREATE INDEX outbox_failed ON outbox (outcome, number)
WHERE outcome = 'dead' OR outcome = 'undelivered';
