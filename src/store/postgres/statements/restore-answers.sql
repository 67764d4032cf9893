INSERT INTO ringback.answers (key, sealed, expires_ms)
SELECT key, sealed, expires_ms
FROM ROWS FROM (jsonb_to_recordset($1::jsonb) AS (key text, sealed text, expires_ms bigint))
  WITH ORDINALITY AS a (key, sealed, expires_ms, number)
ORDER BY number
