/* SPDX-License-Identifier: Apache-2.0
 *
 * One statement, so that a run and its environment are of the same instant. The variables of a run
 * come packed into one value:
 *
 *   u32 key length | key | owner 16 | u32 value length | value     (big-endian), again and again
 */
#include "store/assignment_store.h"

#include <assert.h>
#include <endian.h>
#include <string.h>

static const char sql_live[] =
    "SELECT r.id, r.attempt, r.state = 'assigned', r.stop_requested, work.*"
    " FROM runs r LEFT JOIN LATERAL ("
    "   SELECT r.runner_id, r.project_id, r.image, r.image_digest, r.argv, r.command,"
    "     r.entrypoint, r.timeout_seconds, r.stop_grace_seconds, r.stop_signal, r.pull_policy,"
    "     r.pull_timeout_seconds, r.memory_mb, r.cpu_milli, r.pids_limit, r.shm_size_mb,"
    "     r.read_only, r.user_spec, r.network, r.sandbox, r.log_limit_bytes,"
    "     r.start_lease_seconds, r.run_lease_seconds,"
    "     c.id, c.hostname, c.username, c.password, c.ca_pem, c.insecure,"
    "     (SELECT public_key FROM hypervisors WHERE id = r.hypervisor_id),"
    "     (SELECT string_agg(int4send(octet_length(env_key)) || convert_to(env_key, 'UTF8')"
    "        || uuid_send(owner_id) || int4send(octet_length(value)) || value, ''::bytea"
    "        ORDER BY env_key) FROM run_env WHERE run_id = r.id),"
    "     ARRAY(SELECT env_key FROM run_env WHERE run_id = r.id AND NOT secret ORDER BY env_key)"
    "   FROM (SELECT) one LEFT JOIN container_registries c"
    "     ON c.id = r.container_registry_id AND c.project_id = r.project_id"
    "   WHERE r.state = 'assigned'"
    " ) work ON true"
    " WHERE r.hypervisor_id = $1 AND r.state IN ('assigned', 'running') ORDER BY r.id";

const struct statement assignment_store_live = {"assignment_live", sql_live, .repeatable = true};

enum {
    COLUMN_RUN,
    COLUMN_ATTEMPT,
    COLUMN_IS_ASSIGNED,
    COLUMN_STOP_REQUESTED,
    COLUMN_RUNNER,
    COLUMN_PROJECT,
    COLUMN_IMAGE,
    COLUMN_IMAGE_DIGEST,
    COLUMN_ARGV,
    COLUMN_COMMAND,
    COLUMN_ENTRYPOINT,
    COLUMN_TIMEOUT,
    COLUMN_STOP_GRACE,
    COLUMN_STOP_SIGNAL,
    COLUMN_PULL_POLICY,
    COLUMN_PULL_TIMEOUT,
    COLUMN_MEMORY,
    COLUMN_CPU,
    COLUMN_PIDS,
    COLUMN_SHM_SIZE,
    COLUMN_READ_ONLY,
    COLUMN_USER,
    COLUMN_NETWORK,
    COLUMN_SANDBOX,
    COLUMN_LOG_LIMIT,
    COLUMN_START_LEASE,
    COLUMN_RUN_LEASE,
    COLUMN_REGISTRY,
    COLUMN_REGISTRY_HOST,
    COLUMN_REGISTRY_USERNAME,
    COLUMN_REGISTRY_PASSWORD,
    COLUMN_REGISTRY_CA,
    COLUMN_REGISTRY_INSECURE,
    COLUMN_PUBLIC_KEY,
    COLUMN_ENV,
    COLUMN_ENV_PUBLIC,
};

void assignment_store_live_params(struct params *p, struct id hypervisor)
{
    params_init(p, 64);
    params_add_id(p, hypervisor);
}

void assignment_store_read_live(const struct rows *rows, int row, struct live_run *ret_run)
{
    *ret_run = (struct live_run){
        .run = row_id(rows, row, COLUMN_RUN),
        .attempt = (uint32_t)row_i64(rows, row, COLUMN_ATTEMPT, 0),
        .is_assigned = row_bool(rows, row, COLUMN_IS_ASSIGNED),
        .stop_requested = row_bool(rows, row, COLUMN_STOP_REQUESTED),
    };
}

void assignment_store_read_work(const struct rows *rows, int row, struct run_work *ret_work)
{
    size_t key_n;
    struct run_work work = {
        .runner = row_id(rows, row, COLUMN_RUNNER),
        .project = row_id(rows, row, COLUMN_PROJECT),
        .image = row_text(rows, row, COLUMN_IMAGE),
        .image_digest = row_text(rows, row, COLUMN_IMAGE_DIGEST),
        .command = row_text(rows, row, COLUMN_COMMAND),
        .entrypoint = row_text(rows, row, COLUMN_ENTRYPOINT),
        .timeout_seconds = row_i64(rows, row, COLUMN_TIMEOUT, 0),
        .stop_grace_seconds = row_i64(rows, row, COLUMN_STOP_GRACE, 0),
        .stop_signal = row_text(rows, row, COLUMN_STOP_SIGNAL),
        .pull_policy = row_text(rows, row, COLUMN_PULL_POLICY),
        .pull_timeout_seconds = row_i64(rows, row, COLUMN_PULL_TIMEOUT, 0),
        .memory_mb = row_i64(rows, row, COLUMN_MEMORY, 0),
        .cpu_milli = row_i64(rows, row, COLUMN_CPU, 0),
        .pids_limit = row_i64(rows, row, COLUMN_PIDS, 0),
        .shm_size_mb = row_i64(rows, row, COLUMN_SHM_SIZE, 0),
        .read_only = row_bool(rows, row, COLUMN_READ_ONLY),
        .user = row_text(rows, row, COLUMN_USER),
        .network = row_text(rows, row, COLUMN_NETWORK),
        .sandbox = row_text(rows, row, COLUMN_SANDBOX),
        .log_limit_bytes = row_i64(rows, row, COLUMN_LOG_LIMIT, 0),
        .start_lease_seconds = row_i64(rows, row, COLUMN_START_LEASE, 0),
        .run_lease_seconds = row_i64(rows, row, COLUMN_RUN_LEASE, 0),
        .public_key = row_bytes(rows, row, COLUMN_PUBLIC_KEY, &key_n),
    };
    assert(key_n == ASSIGNMENT_STORE_KEY_BYTES); /* the column has a CHECK */
    work.registry = (struct container_registry){
        .id = row_id(rows, row, COLUMN_REGISTRY),
        .project = work.project,
        .hostname = row_text(rows, row, COLUMN_REGISTRY_HOST),
        .username = row_text(rows, row, COLUMN_REGISTRY_USERNAME),
        .ca_pem = row_text(rows, row, COLUMN_REGISTRY_CA),
        .insecure = row_bool(rows, row, COLUMN_REGISTRY_INSECURE),
    };
    work.registry.password =
        row_bytes(rows, row, COLUMN_REGISTRY_PASSWORD, &work.registry.password_n);
    work.argv = row_text_array(rows, row, COLUMN_ARGV, &work.argc);
    work.env_public = row_text_array(rows, row, COLUMN_ENV_PUBLIC, &work.env_public_n);
    work.env = row_bytes(rows, row, COLUMN_ENV, &work.env_n);
    *ret_work = work;
}

/* Packed by our own statement: anything else is a bug. */
static const unsigned char *take(const unsigned char **env, size_t *env_n, size_t n)
{
    assert(n <= *env_n);
    const unsigned char *taken = *env;
    *env += n;
    *env_n -= n;
    return taken;
}

static size_t take_length(const unsigned char **env, size_t *env_n)
{
    uint32_t wire;
    memcpy(&wire, take(env, env_n, sizeof(wire)), sizeof(wire));
    return be32toh(wire);
}

bool env_item_next(const unsigned char **env, size_t *env_n, struct env_item *ret_item)
{
    if (*env_n == 0)
        return false;

    ret_item->key_n = take_length(env, env_n);
    ret_item->key = (const char *)take(env, env_n, ret_item->key_n);
    memcpy(ret_item->owner.bytes, take(env, env_n, sizeof(struct id)), sizeof(struct id));
    ret_item->value_n = take_length(env, env_n);
    ret_item->value = take(env, env_n, ret_item->value_n);
    return true;
}
