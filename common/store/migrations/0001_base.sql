-- SPDX-License-Identifier: Apache-2.0
--
-- The base: tenancy, fleet, runners, the queue of runs.
-- Times are timestamptz (UTC); ids are UUIDv7 made by our programs.

-- Quotas: NULL is none.
CREATE TABLE projects (
    id                  uuid PRIMARY KEY,
    name                text NOT NULL UNIQUE,
    max_open_runs       int CHECK (max_open_runs > 0),             -- not final
    max_memory_mb       bigint CHECK (max_memory_mb > 0),          -- MiB, of all open runs
    max_runs_per_day    int CHECK (max_runs_per_day > 0),          -- triggered in 24 hours
    max_log_bytes_per_run bigint CHECK (max_log_bytes_per_run > 0), -- lowers a run's own limit
    created_at          timestamptz NOT NULL DEFAULT now(),
    updated_at          timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE users (
    id            uuid PRIMARY KEY,
    email         text UNIQUE,                                     -- lower case; NULL: has no log-in
    name          text NOT NULL,
    password_hash text,                                            -- Argon2id; NULL: has no log-in
    is_admin      boolean NOT NULL DEFAULT false,                  -- of the whole installation
    status        text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'disabled')),
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE members (
    project_id uuid NOT NULL REFERENCES projects ON DELETE CASCADE,
    user_id    uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    role       text NOT NULL CHECK (role IN ('viewer', 'operator', 'developer', 'admin')),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (project_id, user_id)
);
CREATE INDEX members_by_user ON members (user_id, project_id);

CREATE TABLE regions (
    id         uuid PRIMARY KEY,
    slug       text NOT NULL UNIQUE,
    name       text NOT NULL,
    status     text NOT NULL DEFAULT 'available',
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE instance_types (
    id                 uuid PRIMARY KEY,
    slug               text NOT NULL UNIQUE,
    name               text NOT NULL,
    cpu_milli          int NOT NULL CHECK (cpu_milli > 0),       -- thousandths of a core
    memory_mb          int NOT NULL CHECK (memory_mb > 0),       -- MiB
    gpu                int NOT NULL DEFAULT 0,
    price_second_nano  bigint NOT NULL CHECK (price_second_nano >= 0), -- 1e-9 currency units a second
    created_at         timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE hypervisors (
    id              uuid PRIMARY KEY,
    name            text NOT NULL,
    region_id       uuid NOT NULL REFERENCES regions,
    status          text NOT NULL DEFAULT 'ready'
                    CHECK (status IN ('ready', 'draining', 'cordoned', 'lost')),
    cpu_milli       int NOT NULL,                                -- thousandths of a core
    memory_total_mb int NOT NULL,                                -- MiB that runs may use
    memory_free_mb  int NOT NULL,                                -- MiB, as last reported
    disk_free_bytes bigint NOT NULL DEFAULT 0,
    images_cached   int NOT NULL DEFAULT 0,
    clock_ms        bigint NOT NULL DEFAULT 0,                   -- its clock less the API's, at the last heartbeat
    runtimes        text[] NOT NULL DEFAULT '{}',
    labels          jsonb NOT NULL DEFAULT '{}',
    version         text NOT NULL DEFAULT '',
    public_key      bytea NOT NULL CHECK (length(public_key) = 32), -- X25519
    created_at      timestamptz NOT NULL DEFAULT now(),
    last_seen_at    timestamptz NOT NULL DEFAULT now(),
    removed_at      timestamptz                                  -- kept for the history of its runs
);
-- a removed one leaves its name to the next
CREATE UNIQUE INDEX hypervisors_by_name ON hypervisors (name) WHERE removed_at IS NULL;

CREATE TABLE tokens (
    id            uuid PRIMARY KEY,
    kind          text NOT NULL
                  CHECK (kind IN ('user', 'session', 'project', 'hypervisor', 'join', 'metrics')),
    hash          bytea NOT NULL UNIQUE CHECK (length(hash) = 32), -- keyed BLAKE2b-256
    name          text NOT NULL DEFAULT '',
    project_id    uuid REFERENCES projects ON DELETE CASCADE,       -- default project of a user token
    user_id       uuid REFERENCES users ON DELETE CASCADE,
    hypervisor_id uuid REFERENCES hypervisors ON DELETE CASCADE,
    scopes        int NOT NULL DEFAULT 31,                         -- bits of model/access.h
    created_at    timestamptz NOT NULL DEFAULT now(),
    expires_at    timestamptz,
    CHECK ((kind IN ('user', 'session')) = (user_id IS NOT NULL))
);
CREATE INDEX tokens_by_user ON tokens (user_id, id) WHERE user_id IS NOT NULL;
CREATE INDEX tokens_by_project ON tokens (project_id, id) WHERE kind = 'project';

-- Who may do what is kept in memory for some seconds; this is how that ends at once.
CREATE FUNCTION tell_access() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('errand_access', '');
    RETURN NULL;
END
$$;
CREATE TRIGGER tell AFTER UPDATE OR DELETE ON tokens
    FOR EACH STATEMENT EXECUTE FUNCTION tell_access();
CREATE TRIGGER tell AFTER UPDATE OR DELETE ON users
    FOR EACH STATEMENT EXECUTE FUNCTION tell_access();
CREATE TRIGGER tell AFTER INSERT OR UPDATE OR DELETE ON members
    FOR EACH STATEMENT EXECUTE FUNCTION tell_access();
CREATE TRIGGER tell AFTER DELETE ON projects
    FOR EACH STATEMENT EXECUTE FUNCTION tell_access();
-- a hypervisor has one credential: registering again replaces it
CREATE UNIQUE INDEX tokens_one_per_hypervisor ON tokens (hypervisor_id) WHERE kind = 'hypervisor';

CREATE TABLE container_registries (
    id            uuid PRIMARY KEY,
    project_id    uuid NOT NULL REFERENCES projects ON DELETE CASCADE,
    status        text NOT NULL DEFAULT 'available',
    registry_type text NOT NULL CHECK (registry_type IN ('docker_hub', 'ghcr', 'custom')),
    name          text NOT NULL,
    hostname      text NOT NULL,                                 -- host[:port], as image names have it
    username      text,
    password      bytea,                                         -- AEAD, bound to project and registry
    ca_pem        text,                                          -- certificates beside the system's
    insecure      boolean NOT NULL DEFAULT false,                -- plain http
    region_id     uuid NOT NULL REFERENCES regions,
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now(),
    CHECK ((username IS NULL) = (password IS NULL))
);
CREATE INDEX container_registries_by_project ON container_registries (project_id, id);

CREATE TABLE runners (
    id                   uuid PRIMARY KEY,
    project_id           uuid NOT NULL REFERENCES projects,
    status               text NOT NULL DEFAULT 'available',
    name                 text NOT NULL,
    image_name           text NOT NULL,
    image_tag            text NOT NULL,
    image_digest         text,
    run_command          text,
    argv                 text[] NOT NULL DEFAULT '{}',
    entrypoint           text,
    timeout_seconds      int NOT NULL,
    stop_grace_seconds   int NOT NULL,
    stop_signal          text NOT NULL,
    pull_policy          text NOT NULL,
    pull_timeout_seconds int NOT NULL,
    priority             int NOT NULL,
    max_concurrency      int,                                    -- open runs at once; NULL: any
    on_overlap           text NOT NULL DEFAULT 'queue'
                         CHECK (on_overlap IN ('queue', 'skip', 'replace')),
    retry                jsonb,                                  -- see run_retry_delay()
    pending_timeout_seconds int,
    hypervisor_labels    jsonb NOT NULL DEFAULT '{}',            -- only where all of these are
    pids_limit           int NOT NULL,
    shm_size_mb          int NOT NULL,                           -- MiB
    network              text NOT NULL,
    sandbox              text NOT NULL,
    read_only            boolean NOT NULL,
    user_spec            text,                                   -- uid[:gid]
    log_limit_bytes      bigint NOT NULL,
    log_storage          text NOT NULL DEFAULT 'stored' CHECK (log_storage IN ('stored', 'transient')),
    labels               jsonb NOT NULL DEFAULT '{}',
    region_id            uuid NOT NULL REFERENCES regions,
    instance_type_id     uuid NOT NULL REFERENCES instance_types,
    container_registry_id uuid REFERENCES container_registries ON DELETE SET NULL,
    version              int NOT NULL DEFAULT 1,                 -- counts edits
    warmed_at            timestamptz,
    created_at           timestamptz NOT NULL DEFAULT now(),
    updated_at           timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX runners_by_project ON runners (project_id, id);
CREATE INDEX runners_by_registry ON runners (container_registry_id)
    WHERE container_registry_id IS NOT NULL;

CREATE TABLE runner_env (
    id         uuid PRIMARY KEY,
    runner_id  uuid NOT NULL REFERENCES runners ON DELETE CASCADE,
    env_key    text NOT NULL,
    value      bytea NOT NULL,                                   -- AEAD, bound to runner and key
    secret     boolean NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (runner_id, env_key)
);

-- Which runners are to be warm: on how many hypervisors, with how many sandboxes waiting on each.
CREATE TABLE warm_requests (
    runner_id    uuid PRIMARY KEY REFERENCES runners ON DELETE CASCADE,
    hypervisors  int NOT NULL CHECK (hypervisors > 0),
    pool         int NOT NULL CHECK (pool >= 0),
    requested_at timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz NOT NULL
);

-- What the scheduler made of them: a hypervisor that is to have the runner's image ready. When it
-- has, there is a row in warm_pins.
CREATE TABLE warm_targets (
    runner_id     uuid REFERENCES warm_requests ON DELETE CASCADE,
    hypervisor_id uuid REFERENCES hypervisors ON DELETE CASCADE,
    requested_at  timestamptz NOT NULL,                          -- of the request it serves
    message       text,                                          -- why it is not warm, the last time
    PRIMARY KEY (runner_id, hypervisor_id)
) WITH (fillfactor = 80);
CREATE INDEX warm_targets_by_hypervisor ON warm_targets (hypervisor_id);

-- What a run needs is copied from its runner when it is triggered, so an edit never changes a run
-- that waits. Hot columns only; anything long lives in run_env and log_chunks (0002).
--
-- Runners, regions, instance types and hypervisors are never deleted and a project only without
-- runners, so what a run names is there without a foreign key: four were a third of making a run,
-- and every trigger of a runner would lock the same row.
CREATE TABLE runs (
    id                   uuid PRIMARY KEY,
    project_id           uuid NOT NULL,
    runner_id            uuid NOT NULL,
    runner_version       int NOT NULL,
    state                text NOT NULL DEFAULT 'pending'
                         CHECK (state IN ('pending', 'assigned', 'running',
                                          'succeeded', 'failed', 'canceled')),
    attempt              int NOT NULL DEFAULT 0,                 -- fence: counts assignments
    hypervisor_id        uuid,                                   -- of hypervisors, which all stay
    stop_requested       boolean NOT NULL DEFAULT false,
    stop_reason          text,                                   -- NULL: a user wants it
    priority             int NOT NULL,

    queue_at             timestamptz NOT NULL DEFAULT now(),     -- place in the queue: created_at
                                                                 -- less a minute a point of priority
    hold                 text CHECK (hold IN ('concurrency_limit', 'waiting_retry')),
    slot                 int,                                    -- of its runner's max_concurrency
    due_at               timestamptz,                            -- of a retry
    pending_timeout_seconds int,
    pending_until        timestamptz,                            -- fails if it still waits then
    retry                jsonb,                                  -- as in runners
    retries              int NOT NULL DEFAULT 0,                 -- so far
    placement_labels     text NOT NULL DEFAULT ''                -- label_lines(); part of an index
                         CHECK (octet_length(placement_labels) <= 2000),
    start_lease_seconds  int,                                    -- see docs/scheduling.md, "Leases"
    run_lease_seconds    int,

    region_id            uuid NOT NULL,
    instance_type_id     uuid NOT NULL,
    memory_mb            int NOT NULL,                           -- MiB
    cpu_milli            int NOT NULL,                           -- thousandths of a core
    price_second_nano    bigint NOT NULL,                        -- at trigger time
    image                text NOT NULL,                          -- host/name:tag
    image_digest         text,                                   -- pinned, or what was pulled
    container_registry_id uuid,                                  -- of container_registries, which may go
    command              text,
    argv                 text[] NOT NULL DEFAULT '{}',
    entrypoint           text,
    timeout_seconds      int NOT NULL,
    stop_grace_seconds   int NOT NULL,
    stop_signal          text NOT NULL,
    pull_policy          text NOT NULL,
    pull_timeout_seconds int NOT NULL,
    pids_limit           int NOT NULL,
    shm_size_mb          int NOT NULL,                           -- MiB
    network              text NOT NULL,
    sandbox              text NOT NULL,
    read_only            boolean NOT NULL,
    user_spec            text,
    log_limit_bytes      bigint NOT NULL,
    log_storage          text NOT NULL DEFAULT 'stored' CHECK (log_storage IN ('stored', 'transient')),
    labels               jsonb NOT NULL DEFAULT '{}',
    env_keys             text[] NOT NULL DEFAULT '{}',           -- of run_env, sorted
    trigger_kind         text NOT NULL DEFAULT 'api',
    trigger_by           text NOT NULL DEFAULT '',
    trigger_ref          text NOT NULL DEFAULT '',

    pending_reason       text,
    pending_message      text,
    termination_reason   text,
    termination_message  text,
    exit_code            int,
    oom_killed           boolean NOT NULL DEFAULT false,
    pull_ms              bigint,
    image_pulled         boolean,                                -- false: it was there; NULL: nobody said
    start_ms             bigint,
    cpu_ms               bigint,
    memory_peak_bytes    bigint,
    io_read_bytes        bigint,                                 -- of block devices
    io_write_bytes       bigint,
    log_lines            bigint,                                 -- declared by the agent at the end
    log_bytes            bigint,
    log_truncated        boolean NOT NULL DEFAULT false,

    created_at           timestamptz NOT NULL DEFAULT now(),
    updated_at           timestamptz NOT NULL DEFAULT now(),
    assigned_at          timestamptz,
    started_at           timestamptz,
    completed_at         timestamptz,
    settled_at           timestamptz                             -- when its end became known here
) WITH (fillfactor = 80);
-- The queue is many lanes, a lane a size of run of a project: a pass reads only lanes that fit.
CREATE INDEX runs_queue ON runs
    (region_id, project_id, memory_mb, cpu_milli, placement_labels, queue_at, id)
    WHERE state = 'pending' AND hold IS NULL;
CREATE INDEX runs_held ON runs (runner_id, created_at, id)
    WHERE state = 'pending' AND hold = 'concurrency_limit';
CREATE INDEX runs_due ON runs (due_at) WHERE state = 'pending' AND hold = 'waiting_retry';
CREATE INDEX runs_pending_until ON runs (pending_until)
    WHERE state = 'pending' AND pending_until IS NOT NULL;
-- Never more than max_concurrency at once, whoever posts and whoever schedules.
CREATE UNIQUE INDEX runs_slots ON runs (runner_id, slot)
    WHERE slot IS NOT NULL AND state IN ('pending', 'assigned', 'running');
CREATE INDEX runs_live ON runs (hypervisor_id) WHERE state IN ('assigned', 'running');
CREATE INDEX runs_open_by_registry ON runs (container_registry_id)
    WHERE container_registry_id IS NOT NULL AND state IN ('pending', 'assigned', 'running');
CREATE INDEX runs_open ON runs (runner_id, hold)
    WHERE state IN ('pending', 'assigned', 'running');
CREATE INDEX runs_by_runner ON runs (runner_id, id DESC);
CREATE INDEX runs_by_project ON runs (project_id, id DESC);
ALTER TABLE runs SET (autovacuum_vacuum_scale_factor = 0.01);

-- Attempts that ended and were followed, or will be, by another; the last one is the run itself.
CREATE TABLE run_attempts (
    run_id              uuid NOT NULL REFERENCES runs ON DELETE CASCADE,
    attempt             int NOT NULL,
    hypervisor_id       uuid NOT NULL REFERENCES hypervisors,
    termination_reason  text NOT NULL,
    termination_message text,
    exit_code           int,
    oom_killed          boolean NOT NULL DEFAULT false,
    image_digest        text,
    pull_ms             bigint,
    start_ms            bigint,
    cpu_ms              bigint,
    memory_peak_bytes   bigint,
    log_lines           bigint,                                  -- declared; NULL: nobody did
    log_bytes           bigint,
    log_truncated       boolean NOT NULL DEFAULT false,
    assigned_at         timestamptz NOT NULL,
    started_at          timestamptz,
    completed_at        timestamptz NOT NULL,
    PRIMARY KEY (run_id, attempt)
);

-- A run's environment, frozen at trigger time. `owner_id` is the runner or the run the value was
-- encrypted for and is part of what decrypts it.
CREATE TABLE run_env (
    run_id   uuid NOT NULL REFERENCES runs ON DELETE CASCADE,
    env_key  text NOT NULL,
    owner_id uuid NOT NULL,
    value    bytea NOT NULL,
    secret   boolean NOT NULL DEFAULT true,                  -- masked in the log
    PRIMARY KEY (run_id, env_key)
);

-- The trace that a run is part of, when whoever triggered it said so.
CREATE TABLE run_traces (
    run_id      uuid PRIMARY KEY REFERENCES runs ON DELETE CASCADE,
    traceparent text NOT NULL CHECK (length(traceparent) = 55)   -- W3C Trace Context, version 00
);

-- Which object the first request with an Idempotency-Key made, or was to make.
CREATE TABLE idempotency_keys (
    project_id uuid NOT NULL,                                     -- or the user, outside of any
    key        text NOT NULL,
    hash       bytea NOT NULL CHECK (length(hash) = 32),         -- BLAKE2b-256 of the request
    object_id  uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (project_id, key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

-- Where a runner's image is kept ready: placement prefers these while they have room.
CREATE TABLE warm_pins (
    runner_id     uuid NOT NULL REFERENCES runners ON DELETE CASCADE,
    hypervisor_id uuid NOT NULL REFERENCES hypervisors ON DELETE CASCADE,
    image_digest  text NOT NULL,                                 -- what was pulled
    pool          int NOT NULL DEFAULT 0,                        -- sandboxes kept ready
    valid_until   timestamptz NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (runner_id, hypervisor_id)
);
CREATE INDEX warm_pins_by_age ON warm_pins (valid_until);

-- Why runs of one size wait, with numbers: a row for all runs of that size, however many.
CREATE TABLE queue_notes (
    region_id        uuid NOT NULL REFERENCES regions,
    memory_mb        int NOT NULL,                               -- MiB
    cpu_milli        int NOT NULL,                               -- thousandths of a core
    placement_labels text NOT NULL,
    reason           text NOT NULL,
    message          text NOT NULL,
    updated_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (region_id, memory_mb, cpu_milli, placement_labels)
);

-- What the scheduler counted since the beginning; written once a second.
CREATE TABLE scheduler_counters (
    name  text PRIMARY KEY,
    value bigint NOT NULL
) WITH (fillfactor = 50);

-- Runs that were settled later are not in scheduler_counters yet. One row.
CREATE TABLE run_totals (
    since timestamptz NOT NULL
);
INSERT INTO run_totals VALUES (now());

-- What a run was using, sampled by its agent: every few seconds at first, then ever more rarely, so
-- that a run has some hundred rows however long it is.
CREATE TABLE run_usage (
    run_id         uuid NOT NULL REFERENCES runs ON DELETE CASCADE,
    attempt        int NOT NULL,
    at             timestamptz NOT NULL,
    cpu_ms         bigint NOT NULL,                              -- since the start
    memory_bytes   bigint NOT NULL,                              -- at that moment
    io_read_bytes  bigint NOT NULL,                              -- since the start
    io_write_bytes bigint NOT NULL,
    processes      int NOT NULL,                                 -- at that moment
    PRIMARY KEY (run_id, attempt, at)
);

-- Who leads and when it last said so; one row a role.
CREATE TABLE leases (
    role       text PRIMARY KEY,
    holder     text NOT NULL,
    renewed_at timestamptz NOT NULL
);

-- "key=value" lines, sorted: a run goes only where each of its lines is one of the hypervisor's.
CREATE FUNCTION label_lines(labels jsonb) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(string_agg(key || '=' || replace(value, E'\n', E'\r'), E'\n'
                               ORDER BY key COLLATE "C"), '')
    FROM jsonb_each_text(labels)
$$;

-- Why a run that is held waits.
CREATE FUNCTION held_message(runner uuid, created timestamptz, run uuid)
RETURNS text LANGUAGE sql STABLE AS $$
    SELECT 'at most ' || m.max_concurrency || ' at once, ' || (
        SELECT count(*) FROM (SELECT FROM runs r WHERE r.runner_id = runner
            AND r.state = 'pending' AND r.hold = 'concurrency_limit'
            AND (r.created_at, r.id) < (created, run) LIMIT 1000) ahead) || ' before it'
    FROM runners m WHERE m.id = runner
$$;

-- What a run of a runner would be by now, under the names it has in `runs`. A name of an image
-- without a host is meant at the runner's container registry.
CREATE VIEW runner_runs AS
SELECT r.id AS runner_id, r.project_id, r.version AS runner_version, r.region_id,
       CASE WHEN c.hostname IS NULL OR r.image_name ~ '^([^/]*[.:][^/]*|localhost)/' THEN ''
            ELSE c.hostname || '/' END || r.image_name || ':' || r.image_tag AS image,
       r.image_digest, r.instance_type_id, r.run_command, r.argv, r.entrypoint, r.timeout_seconds,
       r.priority, r.stop_grace_seconds, r.stop_signal, r.pull_policy, r.pull_timeout_seconds,
       r.pids_limit, r.shm_size_mb, r.network, r.sandbox, r.read_only, r.user_spec,
       r.container_registry_id, r.log_storage, r.log_limit_bytes, r.labels, r.retry,
       r.pending_timeout_seconds,
       CASE WHEN r.max_concurrency IS NOT NULL THEN 'concurrency_limit' END AS hold,
       CASE r.hypervisor_labels WHEN '{}' THEN '' ELSE label_lines(r.hypervisor_labels) END
           AS placement_labels,
       p.max_log_bytes_per_run,
       coalesce(p.max_open_runs, p.max_memory_mb, p.max_runs_per_day) IS NOT NULL AS has_quota
  FROM runners r JOIN projects p ON p.id = r.project_id
  LEFT JOIN container_registries c ON c.id = r.container_registry_id
 WHERE r.status = 'available';

-- Seconds to wait before an attempt that ended like this is tried again; NULL: it is not.
-- `retry` is {max_attempts, delay_seconds, factor, max_delay_seconds, jitter, on[, exit_codes]}.
CREATE FUNCTION run_retry_delay(retry jsonb, retries int, reason text, exit_code int)
RETURNS float8 LANGUAGE sql VOLATILE AS $$
    SELECT least((retry ->> 'max_delay_seconds')::float8,
                 (retry ->> 'delay_seconds')::float8
                 * power((retry ->> 'factor')::float8, least(retries, 64)))
           * (1 - (retry ->> 'jitter')::float8 * random())
    WHERE retries + 1 < (retry ->> 'max_attempts')::int
    AND retry -> 'on' ? CASE reason WHEN 'exited' THEN 'failed' ELSE reason END
    AND (reason <> 'exited' OR retry -> 'exit_codes' IS NULL
         OR retry -> 'exit_codes' @> to_jsonb(exit_code))
$$;

-- Let held runs of a runner into its queue while its max_concurrency allows, oldest first; what may
-- not wait is skipped, or replaces what is there. One at a time for each runner: statements after
-- the lock see what the one before committed, and the index runs_slots would refuse any mistake.
-- Returns how many runs it changed.
CREATE FUNCTION run_admit(group_id uuid) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    open_max int;
    overlap  text;
    loose    bigint;    -- open runs from before there was a limit
    held     bigint;
    stopping record;
    changed  bigint := 0;
    touched  bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(7162253, hashtext(group_id::text));
    SELECT max_concurrency, on_overlap INTO open_max, overlap FROM runners WHERE id = group_id;
    IF open_max IS NULL THEN
        UPDATE runs SET hold = NULL, pending_reason = 'queued', updated_at = now()
        WHERE runner_id = group_id AND state = 'pending' AND hold = 'concurrency_limit';
        GET DIAGNOSTICS touched = ROW_COUNT;
        RETURN touched;
    END IF;

    IF overlap = 'replace' THEN
        -- the newest stay, those held before them are replaced unseen
        UPDATE runs SET state = 'canceled', termination_reason = 'replaced', completed_at = now(),
               updated_at = now()
        WHERE state = 'pending' AND hold = 'concurrency_limit' AND id IN (
            SELECT id FROM runs WHERE runner_id = group_id AND state = 'pending'
            AND hold = 'concurrency_limit' ORDER BY created_at DESC, id DESC OFFSET open_max);
        GET DIAGNOSTICS touched = ROW_COUNT;
        changed := changed + touched;
        SELECT count(*) INTO held FROM runs WHERE runner_id = group_id AND state = 'pending'
            AND hold = 'concurrency_limit';
        -- room there is, and room that is being made, need nobody's stop
        SELECT held - greatest(0, open_max - count(*)) - count(*) FILTER (WHERE stop_requested)
            INTO held FROM runs WHERE runner_id = group_id
            AND state IN ('pending', 'assigned', 'running')
            AND (hold IS NULL OR hold = 'waiting_retry');
        FOR stopping IN
            UPDATE runs r SET stop_requested = true, stop_reason = 'replaced', updated_at = now(),
                state = CASE r.state WHEN 'pending' THEN 'canceled' ELSE r.state END,
                termination_reason = CASE r.state WHEN 'pending' THEN 'replaced' END,
                completed_at = CASE r.state WHEN 'pending' THEN now() END
            FROM (SELECT id FROM runs WHERE runner_id = group_id
                  AND state IN ('pending', 'assigned', 'running')
                  AND (hold IS NULL OR hold = 'waiting_retry') AND NOT stop_requested
                  ORDER BY created_at, id LIMIT greatest(0, held) FOR UPDATE) oldest
            WHERE r.id = oldest.id AND r.state IN ('pending', 'assigned', 'running')
            RETURNING r.id, r.hypervisor_id
        LOOP
            -- rare, so it may be part of the transaction
            PERFORM pg_notify('errand_run', stopping.id::text);
            IF stopping.hypervisor_id IS NOT NULL THEN
                PERFORM pg_notify('errand_hypervisor', stopping.hypervisor_id::text);
            END IF;
            changed := changed + 1;
        END LOOP;
    END IF;

    SELECT count(*) INTO loose FROM (
        SELECT FROM runs WHERE runner_id = group_id AND slot IS NULL
        AND state IN ('pending', 'assigned', 'running')
        AND (hold IS NULL OR hold = 'waiting_retry') LIMIT open_max) earlier;
    WITH free AS (
        SELECT s AS slot, row_number() OVER (ORDER BY s) AS n
        FROM generate_series(1, open_max) AS s
        WHERE NOT EXISTS (SELECT FROM runs WHERE runner_id = group_id AND slot = s
                          AND state IN ('pending', 'assigned', 'running'))
    ), next AS (
        SELECT id, row_number() OVER (ORDER BY created_at, id) AS n FROM (
            SELECT id, created_at FROM runs WHERE runner_id = group_id AND state = 'pending'
            AND hold = 'concurrency_limit' ORDER BY created_at, id LIMIT open_max) oldest
    )
    UPDATE runs r SET hold = NULL, slot = free.slot, pending_reason = 'queued', updated_at = now()
    FROM free JOIN next USING (n)
    WHERE n <= (SELECT count(*) FROM free) - loose AND r.id = next.id
    AND r.state = 'pending' AND r.hold = 'concurrency_limit';
    GET DIAGNOSTICS touched = ROW_COUNT;
    changed := changed + touched;

    IF overlap = 'skip' THEN
        UPDATE runs SET state = 'canceled', termination_reason = 'skipped_overlap',
               completed_at = now(), updated_at = now()
        WHERE runner_id = group_id AND state = 'pending' AND hold = 'concurrency_limit';
        GET DIAGNOSTICS touched = ROW_COUNT;
        changed := changed + touched;
    END IF;
    RETURN changed;
END
$$;

CREATE FUNCTION runs_admit_new() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM run_admit(NEW.runner_id);
    RETURN NULL;
END
$$;
CREATE TRIGGER runs_admit AFTER INSERT ON runs FOR EACH ROW
    WHEN (NEW.hold = 'concurrency_limit') EXECUTE FUNCTION runs_admit_new();

INSERT INTO projects (id, name) VALUES ('01900000-0000-7000-8000-000000000001', 'default');
-- who `errand-api token create --kind user` makes tokens for; has no log-in
INSERT INTO users (id, name, is_admin) VALUES
    ('01900000-0000-7000-8000-000000000002', 'operator', true);
INSERT INTO regions (id, slug, name) VALUES
    ('01900000-0000-7000-8000-000000000011', 'local', 'Local');
INSERT INTO instance_types (id, slug, name, cpu_milli, memory_mb, price_second_nano) VALUES
    ('01900000-0000-7000-8000-000000000021', 'standard-s', 'Standard S', 500, 256, 1000),
    ('01900000-0000-7000-8000-000000000022', 'standard-m', 'Standard M', 1000, 1024, 4000),
    ('01900000-0000-7000-8000-000000000023', 'standard-l', 'Standard L', 2000, 4096, 16000),
    ('01900000-0000-7000-8000-000000000024', 'standard-xl', 'Standard XL', 4000, 8192, 32000);

-- Least privilege. The roles belong to the cluster, so another database may have made them already.
DO $$
BEGIN
    BEGIN
        CREATE ROLE errand_api LOGIN;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END;
    BEGIN
        CREATE ROLE errand_scheduler LOGIN;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END;
END
$$;

GRANT SELECT ON schema_migrations, leases, queue_notes, scheduler_counters, runner_runs TO errand_api;
GRANT SELECT, INSERT, UPDATE ON regions, instance_types, runners TO errand_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON projects, users, members, idempotency_keys, tokens,
    hypervisors, container_registries, runner_env, runs, run_attempts, run_env,
    warm_pins TO errand_api;

GRANT SELECT, INSERT, UPDATE ON warm_requests TO errand_api;
GRANT SELECT, UPDATE ON warm_targets TO errand_api;
GRANT SELECT, INSERT ON run_usage, run_traces TO errand_api;

GRANT SELECT ON regions, instance_types TO errand_scheduler;
GRANT SELECT (id, status, region_id, instance_type_id, max_concurrency, on_overlap) ON runners TO errand_scheduler;
GRANT SELECT, INSERT, UPDATE ON leases, scheduler_counters TO errand_scheduler;
GRANT SELECT, UPDATE ON run_totals TO errand_scheduler;
GRANT SELECT, DELETE ON warm_requests TO errand_scheduler;
GRANT SELECT, INSERT, UPDATE, DELETE ON warm_targets TO errand_scheduler;
GRANT SELECT, UPDATE ON runs, hypervisors TO errand_scheduler;
GRANT SELECT, INSERT ON run_attempts TO errand_scheduler;
GRANT SELECT, DELETE ON idempotency_keys, warm_pins TO errand_scheduler;
GRANT SELECT, INSERT, UPDATE, DELETE ON queue_notes TO errand_scheduler;
