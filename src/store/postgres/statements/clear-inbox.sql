DELETE FROM ringback.inbox_messages WHERE $1::text IS NULL OR recipient = $1
