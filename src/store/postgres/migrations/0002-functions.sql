-- Functions, where one statement is not enough and a second round trip too much. A function is never changed
-- while a replica may call it: a new version gets a new name, and the old one goes a release later.

-- The locks of transactions that all replicas share: pg_advisory_xact_lock(class, number).
--   (1380533319, 1)  shared by every transaction that takes positions
--   (1380533319, 2)  taken by every claim of messages
--   (1380533319, 3)  taken by every append to the inbox, and by who clears it
--   (1380533319, 4)  taken by who brings the database to the newest version
-- And of one number, the 64-bit hash of a name that a commit has to do with: an aggregate, a key, the recipient of a
-- message, a message that it settles, or a kept answer (`namesOf`).
-- 1380533319 is "RING" in ASCII.

-- The position up to which the history is complete: no event will ever appear there any more. Positions are
-- taken before the transaction that took them is visible, and several replicas commit at once, so without this
-- a reader who remembers the last position that it saw could miss one below. Waits for the transactions that
-- are taking positions now, and holds up new ones only as long as that. The lock ends with the statement, a
-- transaction of its own: one of the session would stay behind a pooler where the statement is ended half way.
CREATE FUNCTION ringback.settled_position() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  settled bigint;
BEGIN
  PERFORM pg_advisory_xact_lock(1380533319, 1);
  SELECT CASE WHEN is_called THEN last_value ELSE 0 END INTO settled FROM ringback.positions;
  RETURN settled;
END
$$;

-- Writes commits that have nothing to do with each other: no two of them share one of `names`. Each array is a
-- column; those of one prefix are one table, whose `_commit` is the commit (from 1) that the row belongs to.
--
-- Returns the commits that are refused: [{"commit": 1, "kind": "paused", "detail": 1000}]. All others are
-- written. The names that the commits write to are locked before anything is read, in the order of their hashes, so
-- that replicas wait for each other and never for ever; after that nothing that was asked can change, and a
-- refused commit needs no rollback that would take the others with it.
CREATE FUNCTION ringback.commit_batch(
  writer_id text, writer_epoch bigint, batch bigint, names text[],
  pending_max bigint, answers_max bigint, answers_pruned bigint,
  write_commit bigint[], write_aggregate_type text[], write_aggregate_id text[], write_expected bigint[],
  write_sequence bigint[], write_at_ms bigint[], write_state text[], write_sets_phone boolean[], write_phone text[],
  event_commit bigint[], event_aggregate_type text[], event_aggregate_id text[], event_sequence bigint[],
  event_at_ms bigint[], event_type text[], event_data text[],
  take_commit bigint[], take_kind text[], take_key text[], take_id text[], take_is_contested boolean[],
  free_commit bigint[], free_kind text[], free_key text[], free_id text[],
  user_commit bigint[], user_id text[], user_changes text[],
  session_commit bigint[], session_id text[], session_changes text[],
  message_commit bigint[], message_id text[], message_user_id text[], message_session_id text[],
  message_purpose text[], message_recipient text[], message_channel text[], message_created_ms bigint[],
  message_expires_ms bigint[], message_sealed text[], message_pause_ms bigint[],
  settle_commit bigint[], settlements text[],
  answer_commit bigint[], answer_key text[], answer_sealed text[], answer_expires_ms bigint[], answer_at_ms bigint[]
) RETURNS jsonb LANGUAGE plpgsql
-- An unreachable peer of ours must not hold up others for long.
SET lock_timeout = '2s'
-- Every table is reached by its index, however small it was when the plan was made, and that is all there is to plan.
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  answer jsonb := '[]';
  refused bigint[] := '{}';
  losers jsonb;
  pending_before bigint;
  counted_at timestamptz;
  kept bigint;
BEGIN
  UPDATE ringback.writers SET last_batch = batch, refusals = '[]', seen_at = now()
  WHERE id = writer_id AND epoch = writer_epoch
  RETURNING pending, pending_at INTO pending_before, counted_at;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the writer % was replaced', writer_id USING ERRCODE = 'RB001';
  END IF;

  -- Before the names: who holds a name and waits here would wait for a reader who waits for others.
  PERFORM pg_advisory_xact_lock_shared(1380533319, 1);
  PERFORM pg_advisory_xact_lock(hash) FROM (
    SELECT DISTINCT hashtextextended(name, 0) AS hash FROM unnest(names) AS name ORDER BY hash
  ) AS sorted;

  IF cardinality(answer_commit) > 0 THEN
    DELETE FROM ringback.answers WHERE number IN (
      SELECT number FROM (
        SELECT number, expires_ms FROM ringback.answers ORDER BY number LIMIT answers_pruned FOR UPDATE SKIP LOCKED
      ) AS front
      WHERE expires_ms <= (SELECT min(at_ms) FROM unnest(answer_at_ms) AS at_ms)
    );
    -- At most, and counted only if that is too many.
    SELECT max(number) - min(number) + 1 INTO kept FROM ringback.answers;
    IF kept + cardinality(answer_commit) > answers_max THEN
      SELECT count(*) INTO kept FROM ringback.answers;
    END IF;
    SELECT jsonb_agg(jsonb_build_object('commit', r.commit, 'kind', r.kind)) INTO losers FROM (
      SELECT n.commit, CASE
        WHEN n.at_ms < k.expires_ms THEN 'answered'
        WHEN kept + row_number() OVER (ORDER BY n.at_ms < k.expires_ms NULLS FIRST, n.commit) > answers_max
          THEN 'answers_full'
      END AS kind
      FROM unnest(answer_commit, answer_key, answer_at_ms) AS n (commit, key, at_ms)
      LEFT JOIN ringback.answers k ON k.key = n.key
    ) AS r WHERE r.kind IS NOT NULL;
    IF losers IS NOT NULL THEN
      answer := answer || losers;
      refused := ARRAY(SELECT (r ->> 'commit')::bigint FROM jsonb_array_elements(answer) AS r);
    END IF;
  END IF;

  SELECT jsonb_agg(jsonb_build_object('commit', w.commit, 'kind', 'sequence_taken')) INTO losers
  FROM unnest(write_commit, write_aggregate_type, write_aggregate_id, write_expected)
    AS w (commit, type, id, expected)
  LEFT JOIN ringback.states s ON s.aggregate_type = w.type AND s.aggregate_id = w.id
  WHERE coalesce(s.sequence, 0) <> w.expected AND w.commit <> ALL (refused);
  IF losers IS NOT NULL THEN
    answer := answer || losers;
    refused := ARRAY(SELECT (r ->> 'commit')::bigint FROM jsonb_array_elements(answer) AS r);
  END IF;

  IF cardinality(take_commit) > 0 THEN
    SELECT jsonb_agg(jsonb_build_object('commit', k.commit, 'kind', 'key_taken', 'detail', k.first))
    INTO losers FROM (
      SELECT t.commit, min(t.number) AS first
      FROM unnest(take_commit, take_kind, take_key, take_id, take_is_contested)
        WITH ORDINALITY AS t (commit, kind, key, id, is_contested, number)
      LEFT JOIN ringback.unique_keys u ON u.kind = t.kind AND u.key = t.key
      WHERE t.commit <> ALL (refused) AND (t.is_contested OR u.aggregate_id <> t.id)
      GROUP BY t.commit
    ) AS k;
    IF losers IS NOT NULL THEN
      answer := answer || losers;
      refused := ARRAY(SELECT (r ->> 'commit')::bigint FROM jsonb_array_elements(answer) AS r);
    END IF;
  END IF;

  IF cardinality(message_commit) > 0 THEN
    SELECT jsonb_agg(jsonb_build_object('commit', p.commit, 'kind', 'paused', 'detail', p.until_ms))
    INTO losers FROM (
      SELECT m.commit, m.created_ms, m.pause_ms + (
        SELECT max(o.created_ms) FROM ringback.outbox o WHERE o.recipient = m.recipient
      ) AS until_ms
      FROM unnest(message_commit, message_recipient, message_created_ms, message_pause_ms)
        AS m (commit, recipient, created_ms, pause_ms)
      WHERE m.pause_ms > 0 AND m.commit <> ALL (refused)
    ) AS p WHERE p.created_ms < p.until_ms;
    IF losers IS NOT NULL THEN
      answer := answer || losers;
      refused := ARRAY(SELECT (r ->> 'commit')::bigint FROM jsonb_array_elements(answer) AS r);
    END IF;

    -- Far below the bound they are counted once a second. Several replicas that count at the same time may pass the
    -- bound, each by a batch.
    IF counted_at < now() - interval '1 second' OR pending_before > pending_max - 10000 THEN
      SELECT count(*) INTO pending_before FROM (
        SELECT FROM ringback.outbox WHERE outcome IS NULL LIMIT pending_max
      ) AS waiting;
      UPDATE ringback.writers SET pending = pending_before, pending_at = now() WHERE id = writer_id;
    END IF;
    IF pending_before + cardinality(message_commit) > pending_max THEN
      SELECT jsonb_agg(jsonb_build_object('commit', m.commit, 'kind', 'outbox_full')) INTO losers FROM (
        SELECT commit, row_number() OVER () AS number FROM unnest(message_commit) AS commit
        WHERE commit <> ALL (refused)
      ) AS m WHERE pending_before + m.number > pending_max;
      IF losers IS NOT NULL THEN
        answer := answer || losers;
        refused := ARRAY(SELECT (r ->> 'commit')::bigint FROM jsonb_array_elements(answer) AS r);
      END IF;
    END IF;
  END IF;

  -- There may be gaps between positions: what takes some may not be committed.
  INSERT INTO ringback.events (position, aggregate_type, aggregate_id, sequence, at_ms, type, data)
  SELECT
    nextval('ringback.positions'), e.aggregate_type, e.aggregate_id, e.sequence, e.at_ms, e.type, e.data
  FROM unnest(
    event_commit, event_aggregate_type, event_aggregate_id, event_sequence, event_at_ms, event_type, event_data
  ) AS e (commit, aggregate_type, aggregate_id, sequence, at_ms, type, data)
  WHERE e.commit <> ALL (refused);

  UPDATE ringback.states s SET
    sequence = w.sequence,
    changed_ms = w.at_ms,
    state = w.state,
    phone = CASE WHEN w.sets_phone THEN w.phone ELSE s.phone END
  FROM unnest(
    write_commit, write_aggregate_type, write_aggregate_id, write_expected, write_sequence, write_at_ms,
    write_state, write_sets_phone, write_phone
  ) AS w (commit, type, id, expected, sequence, at_ms, state, sets_phone, phone)
  WHERE w.expected > 0 AND w.commit <> ALL (refused) AND s.aggregate_type = w.type AND s.aggregate_id = w.id;

  IF 0 = ANY (write_expected) THEN
    INSERT INTO ringback.states (aggregate_type, aggregate_id, sequence, changed_ms, state, phone)
    SELECT w.type, w.id, w.sequence, w.at_ms, w.state, w.phone
    FROM unnest(
      write_commit, write_aggregate_type, write_aggregate_id, write_expected, write_sequence, write_at_ms,
      write_state, write_phone
    ) AS w (commit, type, id, expected, sequence, at_ms, state, phone)
    WHERE w.expected = 0 AND w.commit <> ALL (refused);
  END IF;

  IF cardinality(user_commit) > 0 THEN
    DELETE FROM ringback.user_records r USING unnest(user_commit, user_id, user_changes) AS c (commit, id, changes)
    WHERE c.changes IS NULL AND c.commit <> ALL (refused) AND r.id = c.id;
    UPDATE ringback.user_records r SET (
      organization_id, kind, status, user_name, user_name_folded, given_name, family_name, nick_name, display_name,
      email, email_folded, schema_id, created_ms
    ) = (
      SELECT
        n.organization_id, n.kind, n.status, n.user_name, n.user_name_folded, n.given_name, n.family_name,
        n.nick_name, n.display_name, n.email, n.email_folded, n.schema_id, n.created_ms
      FROM jsonb_populate_record(r, c.changes::jsonb) AS n
    )
    FROM unnest(user_commit, user_id, user_changes) AS c (commit, id, changes)
    WHERE c.changes IS NOT NULL AND c.commit <> ALL (refused) AND r.id = c.id;
    INSERT INTO ringback.user_records (
      id, organization_id, kind, status, user_name, user_name_folded, given_name, family_name, nick_name,
      display_name, email, email_folded, schema_id, created_ms
    )
    SELECT
      n.id, n.organization_id, n.kind, n.status, n.user_name, n.user_name_folded, n.given_name, n.family_name,
      n.nick_name, n.display_name, n.email, n.email_folded, n.schema_id, n.created_ms
    FROM unnest(user_commit, user_id, user_changes) AS c (commit, id, changes),
      jsonb_populate_record(NULL::ringback.user_records, c.changes::jsonb || jsonb_build_object('id', c.id)) AS n
    WHERE c.changes IS NOT NULL AND c.commit <> ALL (refused)
      AND NOT EXISTS (SELECT FROM ringback.user_records r WHERE r.id = c.id);
  END IF;

  IF cardinality(session_commit) > 0 THEN
    DELETE FROM ringback.session_records r
    USING unnest(session_commit, session_id, session_changes) AS c (commit, id, changes)
    WHERE c.changes IS NULL AND c.commit <> ALL (refused) AND r.id = c.id;
    UPDATE ringback.session_records r SET (user_id, creator_id, fingerprint_id, created_ms, expires_ms) = (
      SELECT n.user_id, n.creator_id, n.fingerprint_id, n.created_ms, n.expires_ms
      FROM jsonb_populate_record(r, c.changes::jsonb) AS n
    )
    FROM unnest(session_commit, session_id, session_changes) AS c (commit, id, changes)
    WHERE c.changes IS NOT NULL AND c.commit <> ALL (refused) AND r.id = c.id;
    INSERT INTO ringback.session_records (id, user_id, creator_id, fingerprint_id, created_ms, expires_ms)
    SELECT n.id, n.user_id, n.creator_id, n.fingerprint_id, n.created_ms, n.expires_ms
    FROM unnest(session_commit, session_id, session_changes) AS c (commit, id, changes),
      jsonb_populate_record(NULL::ringback.session_records, c.changes::jsonb || jsonb_build_object('id', c.id)) AS n
    WHERE c.changes IS NOT NULL AND c.commit <> ALL (refused)
      AND NOT EXISTS (SELECT FROM ringback.session_records r WHERE r.id = c.id);
  END IF;

  IF cardinality(free_commit) > 0 THEN
    DELETE FROM ringback.unique_keys u
    USING unnest(free_commit, free_kind, free_key, free_id) AS f (commit, kind, key, id)
    WHERE f.commit <> ALL (refused) AND u.kind = f.kind AND u.key = f.key AND u.aggregate_id = f.id;
  END IF;
  IF cardinality(take_commit) > 0 THEN
    INSERT INTO ringback.unique_keys (kind, key, aggregate_id)
    SELECT t.kind, t.key, t.id FROM unnest(take_commit, take_kind, take_key, take_id) AS t (commit, kind, key, id)
    WHERE t.commit <> ALL (refused) ON CONFLICT DO NOTHING;
  END IF;

  IF cardinality(message_commit) > 0 THEN
    INSERT INTO ringback.outbox (
      message_id, user_id, session_id, purpose, recipient, channel, created_ms, expires_ms, sealed, due_ms
    )
    SELECT
      m.id, m.user_id, m.session_id, m.purpose, m.recipient, m.channel, m.created_ms, m.expires_ms, m.sealed,
      m.created_ms
    FROM unnest(
      message_commit, message_id, message_user_id, message_session_id, message_purpose, message_recipient,
      message_channel, message_created_ms, message_expires_ms, message_sealed
    ) AS m (
      commit, id, user_id, session_id, purpose, recipient, channel, created_ms, expires_ms, sealed
    )
    WHERE m.commit <> ALL (refused);
  END IF;
  IF cardinality(settle_commit) > 0 THEN
    UPDATE ringback.outbox o SET
      outcome = n.outcome, reason = n.reason, settled_ms = n.settled_ms, attempts = n.attempts,
      provider_id = n.provider_id, provider_message_id = n.provider_message_id, encoding = n.encoding,
      segments = n.segments, sealed = NULL, is_leased = FALSE
    FROM unnest(settle_commit, settlements) AS s (commit, settlement),
      jsonb_populate_record(NULL::ringback.outbox, s.settlement::jsonb) AS n
    WHERE s.commit <> ALL (refused) AND o.message_id = n.message_id AND o.sealed IS NOT NULL;
  END IF;

  IF cardinality(answer_commit) > 0 THEN
    -- One that is past its time gives its place up.
    INSERT INTO ringback.answers (key, sealed, expires_ms)
    SELECT n.key, n.sealed, n.expires_ms
    FROM unnest(answer_commit, answer_key, answer_sealed, answer_expires_ms) AS n (commit, key, sealed, expires_ms)
    WHERE n.commit <> ALL (refused)
    ON CONFLICT (key) DO UPDATE SET number = DEFAULT, sealed = excluded.sealed, expires_ms = excluded.expires_ms;
  END IF;

  IF cardinality(refused) > 0 THEN
    UPDATE ringback.writers SET refusals = answer WHERE id = writer_id;
  END IF;
  RETURN answer;
END
$$;

-- Gives messages that are due to a courier, the oldest first. Claims take turns, so that no two of them take
-- messages of one user. A message that somebody is settling at this moment is skipped.
CREATE FUNCTION ringback.claim(now_ms bigint, lease_ms bigint, claims_max bigint)
RETURNS SETOF ringback.outbox LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(1380533319, 2);
  RETURN QUERY
    WITH due AS MATERIALIZED (
      SELECT o.number, o.due_ms, o.user_id FROM ringback.outbox o
      WHERE o.outcome IS NULL AND o.due_ms <= now_ms AND NOT EXISTS (
        SELECT FROM ringback.outbox other
        WHERE other.is_leased AND other.user_id = o.user_id AND other.due_ms > now_ms
      )
      ORDER BY o.due_ms, o.number LIMIT claims_max FOR UPDATE OF o SKIP LOCKED
    ), first_of_user AS (
      SELECT DISTINCT ON (user_id) number FROM due ORDER BY user_id, due_ms, number
    ), claimed AS (
      UPDATE ringback.outbox o SET due_ms = now_ms + lease_ms, is_leased = TRUE, attempt = o.attempt + 1
      FROM first_of_user f WHERE o.number = f.number
      RETURNING o.*
    )
    SELECT c.* FROM claimed c JOIN due d ON d.number = c.number ORDER BY d.due_ms, d.number;
END
$$;
