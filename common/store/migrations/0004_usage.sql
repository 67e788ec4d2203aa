-- SPDX-License-Identifier: Apache-2.0
--
-- What projects use, and may use.

-- A run is booked on the day (UTC) that its end became known here, which may be later than the day
-- it ended: a closed day does not change.
CREATE FUNCTION settle_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.settled_at := now();
    RETURN NEW;
END
$$;
CREATE TRIGGER settle BEFORE UPDATE OF state ON runs
    FOR EACH ROW WHEN (NEW.completed_at IS NOT NULL AND NEW.settled_at IS NULL)
    EXECUTE FUNCTION settle_run();
CREATE INDEX runs_settled ON runs (project_id, settled_at) WHERE settled_at IS NOT NULL;
-- of all projects, for the totals of the installation
CREATE INDEX runs_settled_at ON runs (settled_at) WHERE settled_at IS NOT NULL;

-- Every second that was begun, as run_cost_nano() in common/model/run.c.
CREATE FUNCTION billed_seconds(started_at timestamptz, completed_at timestamptz)
RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce((greatest(floor(extract(epoch FROM completed_at - started_at) * 1000), 0)::bigint
                     + 999) / 1000, 0)
$$;

CREATE TABLE usage_days (
    project_id uuid NOT NULL,
    day        date NOT NULL,         -- UTC
    runner_id  uuid NOT NULL,
    runs       bigint NOT NULL,
    seconds    bigint NOT NULL,       -- billed
    cpu_ms     bigint NOT NULL,
    log_bytes  bigint NOT NULL,
    cost_nano  bigint NOT NULL,       -- 1e-9 currency units
    PRIMARY KEY (project_id, day, runner_id)
);
-- Days before this one are in usage_days; the rest is counted from the runs. One row.
CREATE TABLE usage_closed (
    until date NOT NULL
);
INSERT INTO usage_closed VALUES ((now() AT TIME ZONE 'UTC')::date);

-- NULL when the project may have so many more runs, each of so much memory, else the quota that is
-- used up.
-- Volatile, so that each statement sees what was committed before it; the lock puts the triggers of
-- one project with quotas in a row, and costs others nothing.
CREATE FUNCTION project_admits(of_project uuid, run_memory_mb bigint, more_runs bigint)
RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    quota     projects;
    open_runs bigint;
    memory_mb bigint;
    day_runs  bigint;
BEGIN
    SELECT * INTO quota FROM projects WHERE id = of_project;
    IF quota.max_open_runs IS NULL AND quota.max_memory_mb IS NULL
       AND quota.max_runs_per_day IS NULL THEN
        RETURN NULL;
    END IF;
    PERFORM FROM projects WHERE id = of_project FOR NO KEY UPDATE;
    IF quota.max_open_runs IS NOT NULL OR quota.max_memory_mb IS NOT NULL THEN
        SELECT count(*), coalesce(sum(r.memory_mb), 0) INTO open_runs, memory_mb
          FROM runners w JOIN runs r ON r.runner_id = w.id
         WHERE w.project_id = of_project AND r.state IN ('pending', 'assigned', 'running');
        IF open_runs + more_runs > quota.max_open_runs THEN
            RETURN 'max_open_runs';
        END IF;
        IF memory_mb + more_runs * run_memory_mb > quota.max_memory_mb THEN
            RETURN 'max_memory_mb';
        END IF;
    END IF;
    IF quota.max_runs_per_day IS NOT NULL THEN
        SELECT count(*) INTO day_runs FROM (
            SELECT FROM runs WHERE project_id = of_project AND id > uuid_v7(now() - interval '1 day')
            LIMIT quota.max_runs_per_day) day;
        IF day_runs + more_runs > quota.max_runs_per_day THEN
            RETURN 'max_runs_per_day';
        END IF;
    END IF;
    RETURN NULL;
END
$$;

GRANT SELECT, INSERT ON usage_days TO errand_api;
GRANT SELECT, UPDATE ON usage_closed TO errand_api;
