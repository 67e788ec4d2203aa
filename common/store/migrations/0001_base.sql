-- SPDX-License-Identifier: Apache-2.0
--
-- The base: tenancy, fleet, runners, the queue of runs.
-- Times are timestamptz (UTC); ids are UUIDv7 made by our programs.

CREATE TABLE projects (
    id         uuid PRIMARY KEY,
    name       text NOT NULL UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now()
);

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
    name            text NOT NULL UNIQUE,
    region_id       uuid NOT NULL REFERENCES regions,
    status          text NOT NULL DEFAULT 'ready'
                    CHECK (status IN ('ready', 'draining', 'cordoned', 'lost')),
    cpu_milli       int NOT NULL,                                -- thousandths of a core
    memory_total_mb int NOT NULL,                                -- MiB that runs may use
    memory_free_mb  int NOT NULL,                                -- MiB, as last reported
    disk_free_bytes bigint NOT NULL DEFAULT 0,
    images_cached   int NOT NULL DEFAULT 0,
    runtimes        text[] NOT NULL DEFAULT '{}',
    labels          jsonb NOT NULL DEFAULT '{}',
    version         text NOT NULL DEFAULT '',
    public_key      bytea NOT NULL CHECK (length(public_key) = 32), -- X25519
    created_at      timestamptz NOT NULL DEFAULT now(),
    last_seen_at    timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE tokens (
    id            uuid PRIMARY KEY,
    kind          text NOT NULL CHECK (kind IN ('user', 'project', 'hypervisor', 'join')),
    hash          bytea NOT NULL UNIQUE CHECK (length(hash) = 32), -- keyed BLAKE2b-256
    name          text NOT NULL DEFAULT '',
    project_id    uuid REFERENCES projects ON DELETE CASCADE,       -- default project of a user token
    hypervisor_id uuid REFERENCES hypervisors ON DELETE CASCADE,
    created_at    timestamptz NOT NULL DEFAULT now(),
    expires_at    timestamptz
);
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

-- What a run needs is copied from its runner when it is triggered, so an edit never changes a run
-- that waits. Hot columns only; anything long lives in run_env and log_chunks (0002).
CREATE TABLE runs (
    id                   uuid PRIMARY KEY,
    project_id           uuid NOT NULL REFERENCES projects,
    runner_id            uuid NOT NULL REFERENCES runners,
    runner_version       int NOT NULL,
    state                text NOT NULL DEFAULT 'pending'
                         CHECK (state IN ('pending', 'assigned', 'running',
                                          'succeeded', 'failed', 'canceled')),
    attempt              int NOT NULL DEFAULT 0,                 -- fence: counts assignments
    hypervisor_id        uuid REFERENCES hypervisors,
    stop_requested       boolean NOT NULL DEFAULT false,
    priority             int NOT NULL,

    region_id            uuid NOT NULL REFERENCES regions,
    instance_type_id     uuid NOT NULL REFERENCES instance_types,
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
    start_ms             bigint,
    cpu_ms               bigint,
    memory_peak_bytes    bigint,
    log_lines            bigint,                                 -- declared by the agent at the end
    log_bytes            bigint,
    log_truncated        boolean NOT NULL DEFAULT false,

    created_at           timestamptz NOT NULL DEFAULT now(),
    updated_at           timestamptz NOT NULL DEFAULT now(),
    assigned_at          timestamptz,
    started_at           timestamptz,
    completed_at         timestamptz
) WITH (fillfactor = 80);
CREATE INDEX runs_queue ON runs (region_id, priority DESC, id) WHERE state = 'pending';
CREATE INDEX runs_live ON runs (hypervisor_id) WHERE state IN ('assigned', 'running');
CREATE INDEX runs_open_by_registry ON runs (container_registry_id)
    WHERE container_registry_id IS NOT NULL AND state IN ('pending', 'assigned', 'running');
CREATE INDEX runs_open ON runs (runner_id) WHERE state IN ('pending', 'assigned', 'running');
CREATE INDEX runs_by_runner ON runs (runner_id, id DESC);
CREATE INDEX runs_by_project ON runs (project_id, id DESC);
ALTER TABLE runs SET (autovacuum_vacuum_scale_factor = 0.01);

-- A run's environment, frozen at trigger time. `owner_id` is the runner or the run the value was
-- encrypted for and is part of what decrypts it.
CREATE TABLE run_env (
    run_id   uuid NOT NULL REFERENCES runs ON DELETE CASCADE,
    env_key  text NOT NULL,
    owner_id uuid NOT NULL,
    value    bytea NOT NULL,
    PRIMARY KEY (run_id, env_key)
);

-- Which object the first request with an Idempotency-Key made, or was to make.
CREATE TABLE idempotency_keys (
    project_id uuid NOT NULL REFERENCES projects ON DELETE CASCADE,
    key        text NOT NULL,
    hash       bytea NOT NULL CHECK (length(hash) = 32),         -- BLAKE2b-256 of the request
    object_id  uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (project_id, key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

-- Who leads and when it last said so; one row a role.
CREATE TABLE leases (
    role       text PRIMARY KEY,
    holder     text NOT NULL,
    renewed_at timestamptz NOT NULL
);

INSERT INTO projects (id, name) VALUES ('01900000-0000-7000-8000-000000000001', 'default');
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

GRANT SELECT ON schema_migrations, projects, regions, instance_types, leases TO errand_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency_keys, tokens, hypervisors,
    container_registries, runners, runner_env,
    runs, run_env TO errand_api;

GRANT SELECT ON regions, instance_types TO errand_scheduler;
GRANT SELECT, INSERT, UPDATE ON leases TO errand_scheduler;
GRANT SELECT, UPDATE ON runs, hypervisors TO errand_scheduler;
GRANT SELECT, DELETE ON idempotency_keys TO errand_scheduler;
