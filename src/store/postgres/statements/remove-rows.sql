TRUNCATE ringback.states, ringback.unique_keys, ringback.user_records, ringback.session_records
