-- Answers that are kept for repeated calls (the header Idempotency-Key). A `number` grows with every answer, and
-- each lives as long as any other: the front of the table is what expires first.
CREATE TABLE answers (
  number INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  sealed TEXT NOT NULL,
  expires_ms INTEGER NOT NULL
) STRICT;
