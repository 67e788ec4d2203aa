/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows and `told` are both ordered by run, so they are walked side by side.
 */
#include "agents/assignment_lines.h"

#include <string.h>

#include "model/limits.h"
#include "wire/assignment_line.h"

#include "runners/sealed_env.h"
#include "runners/sealed_login.h"

#include <h2o.h>

#define FLUSH_BYTES (1 << 20)

static struct assignment assignment_of(const struct live_run *live, const struct run_work *work,
                                       const char *env_sealed, const char *registry_sealed)
{
    return (struct assignment){
        .run_id = live->run,
        .attempt = live->attempt,
        .runner_id = work->runner,
        .project_id = work->project,
        .image = work->image,
        .image_digest = work->image_digest,
        .registry_sealed = registry_sealed,
        .argv = (const char *const *)work->argv,
        .argc = work->argc,
        .command = work->command,
        .entrypoint = work->entrypoint,
        .env_sealed = env_sealed,
        .env_public = (const char *const *)work->env_public,
        .env_public_n = work->env_public_n,
        .timeout_seconds = (uint32_t)work->timeout_seconds,
        .stop_grace_seconds = (uint32_t)work->stop_grace_seconds,
        .stop_signal = work->stop_signal,
        .pull_policy = work->pull_policy,
        .pull_timeout_seconds = (uint32_t)work->pull_timeout_seconds,
        .memory_mb = (uint32_t)work->memory_mb,
        .cpu_milli = (uint32_t)work->cpu_milli,
        .pids_limit = (uint32_t)work->pids_limit,
        .shm_size_mb = (uint32_t)work->shm_size_mb,
        .read_only = work->read_only,
        .user = work->user,
        .network = work->network,
        .sandbox = work->sandbox,
        .log_limit_bytes = work->log_limit_bytes,
        .start_lease_seconds = (uint32_t)work->start_lease_seconds,
        .run_lease_seconds = (uint32_t)work->run_lease_seconds,
    };
}

static int put_work(struct buf *b, const struct rows *rows, int row, const struct live_run *live,
                    const struct key_ring *ring, struct err *e)
{
    CLEANUP(buf_done) struct buf env;
    CLEANUP(buf_done) struct buf login;
    struct run_work work;
    assignment_store_read_work(rows, row, &work);
    CLEANUP(freep) char **argv = work.argv;
    CLEANUP(freep) char **env_public = work.env_public;
    buf_init(&env, LIMIT_ASSIGNMENT_BYTES);
    buf_init(&login, LIMIT_ASSIGNMENT_BYTES);
    int r = sealed_env_put(&env, ring, &work, e);
    if (r == 0 && !id_is_nil(work.registry.id))
        r = sealed_login_put(&login, ring, &work.registry, work.public_key, e);
    if (r < 0)
        return r;

    size_t before = b->len;
    struct assignment assignment =
        assignment_of(live, &work, buf_text(&env), login.len > 0 ? buf_text(&login) : NULL);
    assignment_line_put_assign(b, &assignment);
    if (buf_ok(b) && b->len - before <= LIMIT_ASSIGNMENT_BYTES)
        return 0;
    b->len = before;
    b->failed = false;
    return err_set(e, ERR_LIMIT, "the run is too large to be handed to a hypervisor");
}

static void put_sync(struct buf *b, const struct rows *rows)
{
    size_t n = (size_t)rows_count(rows);
    struct assignment_sync *runs = h2o_mem_alloc((n + 1) * sizeof(*runs));
    for (size_t i = 0; i < n; i++) {
        struct live_run live;
        assignment_store_read_live(rows, (int)i, &live);
        runs[i] = (struct assignment_sync){live.run, live.attempt, live.stop_requested};
    }
    assignment_line_put_sync(b, runs, n);
    free(runs);
}

/* What was told about this attempt; `*at` moves on to its place. */
static struct told_run told_of(const struct assignment_lines *lines, size_t *at,
                               const struct live_run *live)
{
    int order = -1;
    while (*at < lines->told_n &&
           (order = memcmp(&lines->told[*at].run, &live->run, sizeof(struct id))) < 0)
        (*at)++;
    if (order == 0 && lines->told[*at].attempt == live->attempt)
        return lines->told[*at];
    return (struct told_run){.run = live->run, .attempt = live->attempt};
}

bool assignment_lines_put(struct assignment_lines *lines, struct buf *b, const struct rows *rows,
                          const struct key_ring *ring, assignment_failed *on_failed, void *user)
{
    size_t n = (size_t)rows_count(rows);
    struct told_run *told = h2o_mem_alloc((n + 1) * sizeof(*told));
    size_t at = 0;
    bool more = false;

    if (!lines->is_synced)
        put_sync(b, rows);
    for (size_t i = 0; i < n; i++) {
        struct err why;
        struct live_run live;
        assignment_store_read_live(rows, (int)i, &live);
        told[i] = told_of(lines, &at, &live);

        bool is_new = live.is_assigned && !told[i].work;
        if (is_new && b->len >= FLUSH_BYTES) {
            more = true;
            continue;
        }
        told[i].work = true;
        if (is_new && put_work(b, rows, (int)i, &live, ring, &why) < 0) {
            on_failed(user, &live, &why);
            told[i].stop = true;
        }
        if (live.stop_requested && !told[i].stop) {
            assignment_line_put_stop(b, live.run, live.attempt);
            told[i].stop = true;
        }
    }
    free(lines->told);
    *lines = (struct assignment_lines){.told = told, .told_n = n, .is_synced = true};
    return more;
}

void assignment_lines_done(struct assignment_lines *lines)
{
    free(lines->told);
    *lines = (struct assignment_lines){0};
}
