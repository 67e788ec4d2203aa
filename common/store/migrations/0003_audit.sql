-- SPDX-License-Identifier: Apache-2.0
--
-- Who changed what. Rows are written by triggers, in the transaction of the change, whoever makes
-- it; our programs may add to the table and read it, nothing else.
--
-- The setting errand.actor says who (api/access/actor.c); without it a change is the database role's own.

CREATE TABLE audit_events (
    id          uuid PRIMARY KEY,
    at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    project_id  uuid,                -- NULL: of the installation; no reference, so that it outlives
    actor       jsonb NOT NULL,      -- {kind, name, token_id, user_id, remote, request_id, ...}
    action      text NOT NULL,       -- "runner.updated"
    object_id   uuid,
    before      jsonb,               -- of an update: what changed. Never a secret
    after       jsonb
);
CREATE INDEX audit_events_by_project ON audit_events (project_id, id DESC);

-- UUIDv7: 48 bits of milliseconds, then 12 of the microseconds, so that events sort by time.
CREATE FUNCTION uuid_v7(at timestamptz) RETURNS uuid LANGUAGE sql VOLATILE AS $$
    SELECT encode(
        substring(int8send((extract(epoch FROM at) * 1000)::numeric::bigint) FROM 3)
        || int2send((28672 + (extract(microseconds FROM at)::bigint % 1000) * 4)::int2)
        || substring(uuid_send(gen_random_uuid()) FROM 9), 'hex')::uuid
$$;

CREATE FUNCTION audit_actor() RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT coalesce(nullif(current_setting('errand.actor', true), '')::jsonb,
                    jsonb_build_object('kind', 'database', 'name', session_user::text))
$$;

-- Arguments: what a row is called, and which columns are secret or noise ("value,hash").
-- A secret column shows only that it changed.
CREATE FUNCTION audit_row() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    now_at  timestamptz := clock_timestamp();
    was     jsonb := CASE WHEN TG_OP = 'INSERT' THEN NULL ELSE to_jsonb(OLD) END;
    is_now  jsonb := CASE WHEN TG_OP = 'DELETE' THEN NULL ELSE to_jsonb(NEW) END;
    one     jsonb := coalesce(is_now, was);
    who     jsonb := audit_actor();
    secret  text;
BEGIN
    FOREACH secret IN ARRAY string_to_array(coalesce(TG_ARGV[1], ''), ',') LOOP
        IF TG_OP = 'UPDATE' AND was -> secret IS DISTINCT FROM is_now -> secret THEN
            was := was || jsonb_build_object(secret, '(secret)');
            is_now := is_now || jsonb_build_object(secret, '(changed)');
        ELSE
            was := was - secret;
            is_now := is_now - secret;
        END IF;
    END LOOP;
    IF TG_OP = 'UPDATE' THEN
        SELECT jsonb_object_agg(b.key, b.value), jsonb_object_agg(b.key, is_now -> b.key)
          INTO was, is_now
          FROM jsonb_each(was) b
         WHERE b.value IS DISTINCT FROM is_now -> b.key AND b.key NOT IN ('updated_at', 'version');
        IF was IS NULL THEN
            RETURN NULL;
        END IF;
    END IF;
    INSERT INTO audit_events (id, at, project_id, actor, action, object_id, before, after)
    VALUES (uuid_v7(now_at), now_at,
            coalesce((one ->> 'project_id')::uuid, (who ->> 'project_id')::uuid),
            who, TG_ARGV[0] || CASE TG_OP WHEN 'INSERT' THEN '.created'
                                          WHEN 'UPDATE' THEN '.updated' ELSE '.deleted' END,
            coalesce(one ->> 'id', one ->> 'user_id')::uuid, was, is_now);
    RETURN NULL;
END
$$;

CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON projects
    FOR EACH ROW EXECUTE FUNCTION audit_row('project');
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON users
    FOR EACH ROW EXECUTE FUNCTION audit_row('user', 'password_hash');
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON members
    FOR EACH ROW EXECUTE FUNCTION audit_row('member');
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON tokens
    FOR EACH ROW EXECUTE FUNCTION audit_row('token', 'hash');
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON regions
    FOR EACH ROW EXECUTE FUNCTION audit_row('region');
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON instance_types
    FOR EACH ROW EXECUTE FUNCTION audit_row('instance_type');
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON runners
    FOR EACH ROW EXECUTE FUNCTION audit_row('runner');
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON runner_env
    FOR EACH ROW EXECUTE FUNCTION audit_row('env_variable', 'value');
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON container_registries
    FOR EACH ROW EXECUTE FUNCTION audit_row('container_registry', 'password');
-- not the numbers that come with every heartbeat
CREATE TRIGGER audit_status AFTER UPDATE OF status ON hypervisors
    FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status)
    EXECUTE FUNCTION audit_row('hypervisor',
        'memory_free_mb,disk_free_bytes,images_cached,last_seen_at,public_key');
CREATE TRIGGER audit_life AFTER INSERT OR DELETE ON hypervisors
    FOR EACH ROW EXECUTE FUNCTION audit_row('hypervisor', 'public_key');
-- what a run is stands in its row, with who triggered it; this is who stopped it
CREATE FUNCTION audit_stop() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    now_at timestamptz := clock_timestamp();
BEGIN
    INSERT INTO audit_events (id, at, project_id, actor, action, object_id)
    VALUES (uuid_v7(now_at), now_at, NEW.project_id, audit_actor(), 'run.stopped', NEW.id);
    RETURN NULL;
END
$$;
CREATE TRIGGER audit_stop AFTER UPDATE OF stop_requested ON runs
    FOR EACH ROW WHEN (NEW.stop_requested AND NOT OLD.stop_requested)
    EXECUTE FUNCTION audit_stop();

REVOKE ALL ON audit_events FROM PUBLIC;
GRANT SELECT, INSERT ON audit_events TO errand_api;
