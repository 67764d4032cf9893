-- Makes a lane known, or has it back after its connection was lost: a batch that is on its way is waited for, and
-- one that comes later is refused.
INSERT INTO ringback.writers AS w (id, epoch, last_batch, refusals, seen_at)
VALUES ($1, 1, 0, '[]', now())
ON CONFLICT (id) DO UPDATE SET epoch = w.epoch + 1, seen_at = now()
RETURNING epoch, last_batch, refusals::text
