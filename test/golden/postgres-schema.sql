CREATE SEQUENCE ringback.answers_number_seq AS bigint;

CREATE SEQUENCE ringback.inbox_messages_id_seq AS bigint;

CREATE SEQUENCE ringback.outbox_number_seq AS bigint;

CREATE SEQUENCE ringback.positions AS bigint;

CREATE TABLE ringback.answers (
  number bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  key text COLLATE "C" NOT NULL,
  sealed text COLLATE "C" NOT NULL,
  expires_ms bigint NOT NULL,
  CONSTRAINT answers_key_key UNIQUE (key),
  CONSTRAINT answers_pkey PRIMARY KEY (number)
);

CREATE TABLE ringback.events (
  "position" bigint NOT NULL,
  aggregate_type text COLLATE "C" NOT NULL,
  aggregate_id text COLLATE "C" NOT NULL,
  sequence bigint NOT NULL,
  at_ms bigint NOT NULL,
  type text COLLATE "C" NOT NULL,
  data text COLLATE "C" NOT NULL,
  CONSTRAINT events_pkey PRIMARY KEY ("position")
);

CREATE TABLE ringback.inbox_messages (
  id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  message_id text COLLATE "C" NOT NULL,
  user_id text COLLATE "C" NOT NULL,
  purpose text COLLATE "C" NOT NULL,
  recipient text COLLATE "C" NOT NULL,
  text text COLLATE "C" NOT NULL,
  code text COLLATE "C" NOT NULL,
  created_ms bigint NOT NULL,
  expires_ms bigint,
  CONSTRAINT inbox_messages_message_id_key UNIQUE (message_id),
  CONSTRAINT inbox_messages_pkey PRIMARY KEY (id)
);

CREATE TABLE ringback.migrations (
  number integer NOT NULL,
  name text NOT NULL,
  applied_at timestamp with time zone DEFAULT now() NOT NULL,
  CONSTRAINT migrations_pkey PRIMARY KEY (number)
);

CREATE TABLE ringback.outbox (
  number bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  message_id text COLLATE "C" NOT NULL,
  user_id text COLLATE "C" NOT NULL,
  session_id text COLLATE "C",
  purpose text COLLATE "C" NOT NULL,
  recipient text COLLATE "C" NOT NULL,
  channel text COLLATE "C",
  created_ms bigint NOT NULL,
  expires_ms bigint,
  sealed text COLLATE "C",
  due_ms bigint NOT NULL,
  is_leased boolean DEFAULT false NOT NULL,
  attempt bigint DEFAULT 0 NOT NULL,
  attempts text COLLATE "C" DEFAULT '[]'::text NOT NULL,
  outcome text COLLATE "C",
  reason text COLLATE "C",
  settled_ms bigint,
  provider_id text COLLATE "C",
  provider_message_id text COLLATE "C",
  encoding text COLLATE "C",
  segments bigint,
  receipt_ms bigint,
  CONSTRAINT outbox_message_id_key UNIQUE (message_id),
  CONSTRAINT outbox_pkey PRIMARY KEY (number)
);

CREATE TABLE ringback.session_records (
  id text COLLATE "C" NOT NULL,
  user_id text COLLATE "C" NOT NULL,
  creator_id text COLLATE "C" NOT NULL,
  fingerprint_id text COLLATE "C" NOT NULL,
  created_ms bigint NOT NULL,
  expires_ms bigint NOT NULL,
  CONSTRAINT session_records_pkey PRIMARY KEY (id)
);

CREATE TABLE ringback.states (
  aggregate_type text COLLATE "C" NOT NULL,
  aggregate_id text COLLATE "C" NOT NULL,
  sequence bigint NOT NULL,
  changed_ms bigint NOT NULL,
  state text COLLATE "C" NOT NULL,
  phone text COLLATE "C",
  CONSTRAINT states_pkey PRIMARY KEY (aggregate_type, aggregate_id)
) WITH (fillfactor=70);

CREATE TABLE ringback.unique_keys (
  kind text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  aggregate_id text COLLATE "C" NOT NULL,
  CONSTRAINT unique_keys_pkey PRIMARY KEY (kind, key)
);

CREATE TABLE ringback.user_records (
  id text COLLATE "C" NOT NULL,
  organization_id text COLLATE "C" NOT NULL,
  kind text COLLATE "C" NOT NULL,
  status text COLLATE "C" NOT NULL,
  user_name text COLLATE "C" NOT NULL,
  user_name_folded text COLLATE "C" NOT NULL,
  given_name text COLLATE "C" NOT NULL,
  family_name text COLLATE "C" NOT NULL,
  nick_name text COLLATE "C" NOT NULL,
  display_name text COLLATE "C" NOT NULL,
  email text COLLATE "C" NOT NULL,
  email_folded text COLLATE "C" NOT NULL,
  schema_id text COLLATE "C" NOT NULL,
  created_ms bigint NOT NULL,
  CONSTRAINT user_records_pkey PRIMARY KEY (id)
);

CREATE TABLE ringback.writers (
  id text COLLATE "C" NOT NULL,
  epoch bigint NOT NULL,
  last_batch bigint NOT NULL,
  refusals jsonb NOT NULL,
  seen_at timestamp with time zone NOT NULL,
  pending bigint DEFAULT 0 NOT NULL,
  pending_at timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
  CONSTRAINT writers_pkey PRIMARY KEY (id)
) WITH (fillfactor=10);

CREATE INDEX inbox_messages_recipient ON ringback.inbox_messages USING btree (recipient, id);

CREATE INDEX outbox_due ON ringback.outbox USING btree (due_ms, number) WHERE (outcome IS NULL);

CREATE INDEX outbox_failed ON ringback.outbox USING btree (outcome, number) WHERE (outcome = ANY (ARRAY['dead'::text, 'undelivered'::text]));

CREATE INDEX outbox_leased ON ringback.outbox USING btree (user_id) WHERE is_leased;

CREATE INDEX outbox_newest ON ringback.outbox USING btree (recipient, created_ms);

CREATE INDEX session_records_creator ON ringback.session_records USING btree (creator_id, created_ms, id);

CREATE INDEX session_records_user ON ringback.session_records USING btree (user_id);

CREATE INDEX states_phone ON ringback.states USING btree (phone, aggregate_id) WHERE (phone IS NOT NULL);

CREATE INDEX user_records_created ON ringback.user_records USING btree (created_ms, id);

CREATE INDEX user_records_email ON ringback.user_records USING btree (email_folded);

CREATE INDEX user_records_organization ON ringback.user_records USING btree (organization_id, created_ms, id);

CREATE INDEX user_records_user_name ON ringback.user_records USING btree (user_name_folded);

CREATE OR REPLACE FUNCTION ringback.claim(now_ms bigint, lease_ms bigint, claims_max bigint)
 RETURNS SETOF outbox
 LANGUAGE plpgsql
AS $function$
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
$function$
;

CREATE OR REPLACE FUNCTION ringback.commit_batch(writer_id text, writer_epoch bigint, batch bigint, names text[], pending_max bigint, answers_max bigint, answers_pruned bigint, write_commit bigint[], write_aggregate_type text[], write_aggregate_id text[], write_expected bigint[], write_sequence bigint[], write_at_ms bigint[], write_state text[], write_sets_phone boolean[], write_phone text[], event_commit bigint[], event_aggregate_type text[], event_aggregate_id text[], event_sequence bigint[], event_at_ms bigint[], event_type text[], event_data text[], take_commit bigint[], take_kind text[], take_key text[], take_id text[], take_is_contested boolean[], free_commit bigint[], free_kind text[], free_key text[], free_id text[], user_commit bigint[], user_id text[], user_changes text[], session_commit bigint[], session_id text[], session_changes text[], message_commit bigint[], message_id text[], message_user_id text[], message_session_id text[], message_purpose text[], message_recipient text[], message_channel text[], message_created_ms bigint[], message_expires_ms bigint[], message_sealed text[], message_pause_ms bigint[], settle_commit bigint[], settlements text[], answer_commit bigint[], answer_key text[], answer_sealed text[], answer_expires_ms bigint[], answer_at_ms bigint[])
 RETURNS jsonb
 LANGUAGE plpgsql
 SET lock_timeout TO '2s'
 SET enable_seqscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
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
$function$
;

CREATE OR REPLACE FUNCTION ringback.settled_position()
 RETURNS bigint
 LANGUAGE plpgsql
AS $function$
DECLARE
  settled bigint;
BEGIN
  PERFORM pg_advisory_xact_lock(1380533319, 1);
  SELECT CASE WHEN is_called THEN last_value ELSE 0 END INTO settled FROM ringback.positions;
  RETURN settled;
END
$function$
;
