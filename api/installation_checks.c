/* SPDX-License-Identifier: Apache-2.0
 *
 * A statement after the other, each for a few checks. What cannot be asked because the database is
 * away is one failure, and the answer is 200 all the same: it says how things are.
 */
#include "installation_checks.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "auth/env_cipher.h"
#include "base/clock.h"
#include "service/process.h"
#include "store/gauge_store.h"
#include "store/health_store.h"
#include "store/key_store.h"
#include "store/migrate.h"

#include "http/reply.h"

#define MESSAGE_BYTES 256
#define POSTGRES_MIN 15
#define SESSIONS_PERCENT 90
#define QUEUE_OLD_MS (5 * 60 * 1000)
#define SKEW_MS 2000
#define SILENT_MS 15000 /* three heartbeats */
#define DISK_BYTES (INT64_C(2) << 30)
#define SECOND INT64_C(1000)

enum verdict { OK, WARNING, FAILED };

/* Between the statements; in rq->state. */
struct checking {
    json_t *checks; /* kept by the request */
};

static void add(struct request *rq, const char *name, enum verdict verdict, const char *fmt, ...)
    PRINTF_LIKE(4, 5);

static void add(struct request *rq, const char *name, enum verdict verdict, const char *fmt, ...)
{
    static const char *const verdicts[] = {"ok", "warning", "failed"};
    const struct checking *checking = rq->state;
    char message[MESSAGE_BYTES];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(message, sizeof(message), fmt, ap);
    va_end(ap);
    (void)json_array_append_new(checking->checks,
                                json_pack("{s:s, s:s, s:s}", "name", name, "status",
                                          verdicts[verdict], "message", message));
}

static void finish(struct request *rq)
{
    char now[CLOCK_TEXT_BYTES];
    const struct checking *checking = rq->state;
    reply_json(rq, 200,
               json_pack("{s:s, s:s, s:O}", "version", process_version, "now",
                         clock_format_ms(clock_now_us(), now), "checks", checking->checks));
}

/* 15 of "15.14 (Debian 15.14-0+deb12u1)". */
static int major_of(const char *text)
{
    int major = 0;
    for (; *text >= '0' && *text <= '9' && major < 1000; text++)
        major = major * 10 + (*text - '0');
    return major;
}

static void check_database(struct request *rq, const struct whole_gauge *g)
{
    int version = major_of(g->version);
    add(rq, "database", version < POSTGRES_MIN || g->is_replica ? FAILED : OK,
        "PostgreSQL %.40s%s, %" PRId64 " MiB, %" PRId64 " standbys", g->version,
        g->is_replica ? ", a standby: it only reads" : "", g->database_bytes >> 20, g->standbys);
    bool is_tight = g->sessions * 100 > g->sessions_max * SESSIONS_PERCENT;
    add(rq, "database sessions", is_tight ? WARNING : OK, "%" PRId64 " of %" PRId64, g->sessions,
        g->sessions_max);
    int64_t skew_ms = (clock_now_us() - g->now_us) / CLOCK_US_PER_MS;
    add(rq, "database clock", labs(skew_ms) > SKEW_MS ? WARNING : OK,
        "%" PRId64 ".%03" PRId64 " s behind the API's", skew_ms / SECOND, labs(skew_ms) % SECOND);
}

static void check_whole(struct request *rq, const struct whole_gauge *g)
{
    check_database(rq, g);
    int64_t ours = migrate_version();
    add(rq, "schema",
        !migrate_serves(g->schema_version) ? FAILED
        : g->schema_version > ours         ? WARNING
                                           : OK,
        "version %" PRId64 "; this API is made for %" PRId64 "%s", g->schema_version, ours,
        g->schema_version < ours   ? ": run errand-api migrate"
        : g->schema_version > ours ? ": the installation is being upgraded"
                                   : "");
    add(rq, "api", OK, "version %s, %" PRId64 " replicas", process_version, g->replicas);
    if (g->scheduler_silent_ms < 0)
        add(rq, "scheduler", FAILED, "none has ever led");
    else
        add(rq, "scheduler",
            g->scheduler_silent_ms > HEALTH_STORE_LEASE_SECONDS * SECOND ? FAILED : OK,
            "%.60s led %" PRId64 " s ago", g->scheduler, g->scheduler_silent_ms / SECOND);
}

/* Only what is wrong with it; nothing when all is well. */
static bool check_hypervisor(struct request *rq, const struct hypervisor_gauge *g)
{
    char name[MESSAGE_BYTES];
    (void)snprintf(name, sizeof(name), "hypervisor %.200s", g->name);
    if (strcmp(g->status, "lost") == 0) {
        add(rq, name, FAILED, "lost: silent for %" PRId64 " s", g->silent_ms / SECOND);
        return false;
    }
    size_t before = json_array_size(((const struct checking *)rq->state)->checks);
    if (g->silent_ms > SILENT_MS)
        add(rq, name, WARNING, "silent for %" PRId64 " s", g->silent_ms / SECOND);
    if (strcmp(g->status, "ready") != 0)
        add(rq, name, WARNING, "%s", g->status);
    if (labs(g->clock_ms) > SKEW_MS)
        add(rq, name, WARNING, "its clock is %" PRId64 " ms off", g->clock_ms);
    if (g->disk_free_bytes < DISK_BYTES)
        add(rq, name, WARNING, "%" PRId64 " MiB of disk left", g->disk_free_bytes >> 20);
    if (strcmp(g->version, process_version) != 0)
        add(rq, name, WARNING, "version %.40s, the API has %s", g->version, process_version);
    return json_array_size(((const struct checking *)rq->state)->checks) == before;
}

static void on_keys(struct request *rq, const struct rows *rows, const struct err *err)
{
    const struct key_ring *ring = rq->loop->config->key_ring;
    struct err e = {0};
    int unreadable = 0;
    if (err != NULL) {
        add(rq, "key ring", FAILED, "%s", err->msg);
        finish(rq);
        return;
    }
    for (int i = 0; i < rows_count(rows); i++) {
        CLEANUP(secret_freep) struct secret *plain = NULL;
        struct encrypted_value value;
        key_store_read(rows, i, &value);
        const struct env_place place = {value.project, value.owner, value.env_key};
        unreadable += env_cipher_decrypt(ring, &place, value.blob, value.blob_n, &plain, &e) < 0;
    }
    if (unreadable > 0)
        add(rq, "key ring", FAILED, "%d of %d values cannot be read: %.120s", unreadable,
            rows_count(rows), e.msg);
    else
        add(rq, "key ring", OK, "key %s is in use; %d values tried", key_ring_current_id(ring),
            rows_count(rows));
    finish(rq);
}

static void on_hypervisors(struct request *rq, const struct rows *rows, const struct err *err)
{
    int well = 0;
    int n = err == NULL ? rows_count(rows) : 0;
    for (int i = 0; i < n; i++) {
        struct hypervisor_gauge g;
        gauge_store_read_hypervisor(rows, i, &g);
        well += check_hypervisor(rq, &g);
    }
    if (err != NULL)
        add(rq, "hypervisors", FAILED, "%s", err->msg);
    else
        add(rq, "hypervisors", n == 0 ? FAILED : OK, "%d, of which %d are well", n, well);
    request_query_result(rq, &key_store_sample, NULL, on_keys);
}

static void on_queue(struct request *rq, const struct rows *rows, const struct err *err)
{
    int64_t waiting = 0;
    int64_t oldest_ms = 0;
    for (int i = 0; err == NULL && i < rows_count(rows); i++) {
        struct queue_gauge g;
        gauge_store_read_queue(rows, i, &g);
        waiting += g.runs;
        oldest_ms = g.oldest_ms > oldest_ms ? g.oldest_ms : oldest_ms;
    }
    if (err != NULL)
        add(rq, "queue", FAILED, "%s", err->msg);
    else
        add(rq, "queue", oldest_ms > QUEUE_OLD_MS ? WARNING : OK,
            "%" PRId64 " runs wait, the oldest for %" PRId64 " s", waiting, oldest_ms / SECOND);
    request_query_result(rq, &gauge_store_hypervisors, NULL, on_hypervisors);
}

static void on_whole(struct request *rq, const struct rows *rows, const struct err *err)
{
    struct whole_gauge g;
    if (err != NULL) {
        add(rq, "database", FAILED, "%s", err->msg);
        finish(rq);
        return;
    }
    gauge_store_read_whole(rows, &g);
    check_whole(rq, &g);
    request_query_result(rq, &gauge_store_queue, NULL, on_queue);
}

void installation_checks_get(struct request *rq)
{
    struct checking *checking = request_alloc(rq, sizeof(*checking));
    checking->checks = json_array();
    request_keep(rq, checking->checks);
    json_decref(checking->checks); /* the request's now */
    rq->state = checking;
    request_query_result(rq, &gauge_store_whole, NULL, on_whole);
}
