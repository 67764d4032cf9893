-- When a session is over; the largest number that a program can tell exactly if it has no end.

ALTER TABLE session_records ADD COLUMN expires_ms INTEGER NOT NULL DEFAULT 9007199254740991;

UPDATE session_records
SET expires_ms = states.state ->> '$.expiresMs'
FROM states
WHERE states.number = session_records.number AND states.state ->> '$.expiresMs' IS NOT NULL;
