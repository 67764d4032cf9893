UPDATE ringback.outbox SET attempts = $3
WHERE message_id = $1 AND attempt = CASE WHEN is_leased THEN $2::bigint END
