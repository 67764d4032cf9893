SELECT sealed FROM ringback.answers WHERE key = $1 AND expires_ms > $2
