-- Events that no other event will come before any more.
SELECT * FROM ringback.history($1, $2)
