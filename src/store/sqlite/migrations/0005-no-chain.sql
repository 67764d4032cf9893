-- Columns that nobody reads.

-- A phone number has no letters, so it is the same without regard to small and capital ones. Half the index is half
-- the pages that commits change in it.
DROP INDEX states_phone;

ALTER TABLE states DROP COLUMN phone_folded;

CREATE INDEX states_phone ON states (phone) WHERE phone IS NOT NULL;

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('states', 'states_phone', '1000000 1');

-- The chain from the state of an aggregate through its events.
ALTER TABLE states DROP COLUMN last_position;

ALTER TABLE events DROP COLUMN previous_position;
