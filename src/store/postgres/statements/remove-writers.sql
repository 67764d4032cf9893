-- Lanes that ended, and those that have not written for a day: whoever has lost them makes a new one.
DELETE FROM ringback.writers WHERE id = ANY ($1::text[]) OR seen_at < now() - interval '1 day'
