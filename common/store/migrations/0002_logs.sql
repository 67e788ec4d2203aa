-- SPDX-License-Identifier: Apache-2.0
--
-- Logs in chunks of many lines (docs/log-streaming.md).
--
-- A run's id is a UUIDv7: it begins with the milliseconds of its making. So a range of ids is a range
-- of time, the partitions of log_chunks are days, a run's log lies in one of them whole, and
-- retention drops it without looking at a row.

-- How far the log of an attempt is stored. Appends are contiguous, so one number says it all.
CREATE TABLE log_heads (
    run_id     uuid NOT NULL REFERENCES runs ON DELETE CASCADE,
    attempt    int NOT NULL,
    last_id    bigint NOT NULL,
    deleted    boolean NOT NULL DEFAULT false,                   -- somebody asked for it to be gone
    updated_at timestamptz NOT NULL DEFAULT now(),               -- of the last append
    PRIMARY KEY (run_id, attempt)
) WITH (fillfactor = 50);

-- Many lines a row: `data` is one chunk as the agent packed it (common/logs/log_chunk.h). No foreign
-- key: it would lock the run's row on every append. Chunks come packed, so TOAST does not try again.
CREATE TABLE log_chunks (
    run_id    uuid NOT NULL,
    first_id  bigint NOT NULL,
    last_id   bigint NOT NULL,
    attempt   int NOT NULL,
    raw_bytes int NOT NULL,                                      -- of the chunk unpacked
    data      bytea NOT NULL,
    PRIMARY KEY (run_id, attempt, first_id)
) PARTITION BY RANGE (run_id);
ALTER TABLE log_chunks ALTER COLUMN data SET STORAGE EXTERNAL;

-- For a day that nobody made a partition for.
CREATE TABLE log_chunks_other PARTITION OF log_chunks DEFAULT;

-- Logs of runs below this id were dropped, unless lines came later.
CREATE TABLE log_retention (
    one        boolean PRIMARY KEY DEFAULT true CHECK (one),
    floor_id   uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    dropped_at timestamptz NOT NULL DEFAULT '-infinity'
);
INSERT INTO log_retention DEFAULT VALUES;

-- The least id of a run made on this day or later.
CREATE FUNCTION log_day_floor(day date) RETURNS uuid LANGUAGE sql IMMUTABLE
AS $$
    SELECT (lpad(to_hex((extract(epoch FROM day) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;

-- Make the partitions of yesterday, today and the days ahead.
CREATE FUNCTION log_partitions_make(ahead int) RETURNS int LANGUAGE plpgsql
SECURITY DEFINER SET search_path FROM CURRENT SET lock_timeout = '2s'
AS $$
DECLARE
    today date := (now() AT TIME ZONE 'UTC')::date;
    day date;
    made int := 0;
BEGIN
    FOR day IN SELECT generate_series(today - 1, today + ahead, interval '1 day')::date LOOP
        CONTINUE WHEN to_regclass('log_chunks_' || to_char(day, 'YYYYMMDD')) IS NOT NULL;
        CONTINUE WHEN log_day_floor(day) < (SELECT floor_id FROM log_retention);
        BEGIN
            EXECUTE format('CREATE TABLE %I PARTITION OF log_chunks FOR VALUES FROM (%L) TO (%L)',
                           'log_chunks_' || to_char(day, 'YYYYMMDD'),
                           log_day_floor(day), log_day_floor(day + 1));
            made := made + 1;
        EXCEPTION WHEN check_violation OR lock_not_available OR duplicate_table THEN
            NULL; -- lines of that day are in the default partition already, or somebody was faster
        END;
    END LOOP;
    RETURN made;
END
$$;

-- Drop the partitions of days that ended `days` ago or earlier, oldest first, up to one in which a
-- run still prints. Answers how many went.
CREATE FUNCTION log_partitions_drop(days int) RETURNS int LANGUAGE plpgsql
SECURITY DEFINER SET search_path FROM CURRENT SET lock_timeout = '2s'
AS $$
DECLARE
    limit_id uuid := log_day_floor((now() AT TIME ZONE 'UTC')::date - days);
    part record;
    dropped int := 0;
BEGIN
    FOR part IN
        SELECT c.relname AS name, log_day_floor(to_date(right(c.relname, 8), 'YYYYMMDD')) AS low,
               log_day_floor(to_date(right(c.relname, 8), 'YYYYMMDD') + 1) AS high
        FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'log_chunks'::regclass AND c.relname ~ '^log_chunks_[0-9]{8}$'
        ORDER BY c.relname
    LOOP
        EXIT WHEN part.high > limit_id;
        EXIT WHEN EXISTS (SELECT FROM runs WHERE id >= part.low AND id < part.high
                          AND state IN ('assigned', 'running'));
        EXECUTE format('DROP TABLE %I', part.name);
        UPDATE log_retention SET floor_id = greatest(floor_id, part.high), dropped_at = now();
        dropped := dropped + 1;
    END LOOP;
    DELETE FROM log_chunks_other WHERE run_id < (SELECT floor_id FROM log_retention)
        AND EXISTS (SELECT FROM log_heads h, log_retention r WHERE h.run_id = log_chunks_other.run_id
                    AND h.attempt = log_chunks_other.attempt AND h.updated_at < r.dropped_at);
    RETURN dropped;
EXCEPTION WHEN lock_not_available THEN
    RETURN 0; -- in a minute again
END
$$;

REVOKE EXECUTE ON FUNCTION log_partitions_make(int), log_partitions_drop(int) FROM PUBLIC;
SELECT log_partitions_make(7);

GRANT SELECT, INSERT, UPDATE, DELETE ON log_heads, log_chunks TO errand_api;
GRANT SELECT ON log_retention TO errand_api;
GRANT EXECUTE ON FUNCTION log_partitions_make(int), log_partitions_drop(int) TO errand_scheduler;

-- The API processes that serve now, so that they can pass each other what is not stored.
CREATE TABLE api_replicas (
    id      uuid PRIMARY KEY,                                    -- of the process
    url     text NOT NULL,                                       -- where the others reach it
    seen_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);
GRANT SELECT, INSERT, UPDATE, DELETE ON api_replicas TO errand_api;
