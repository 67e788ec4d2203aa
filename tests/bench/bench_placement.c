/* SPDX-License-Identifier: Apache-2.0
 *
 * How long a decision takes with how many hypervisors, and how many placements a second the
 * scheduler's passes make durable. `bench_placement CONNINFO RUNS` prints JSON rows.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "placement/placement.h"
#include "store/migrate.h"

#include "fleet_sync.h"
#include "queue.h"

#define DECISIONS 200000
#define FLEET 10000

static int fail(const struct err *e)
{
    fprintf(stderr, "bench_placement: %s\n", e->msg);
    return 1;
}

static void row(const char *metric, double value, const char *unit, int64_t n)
{
    printf("{\"subject\":\"errand\",\"metric\":\"%s\",\"value\":%.3f,\"unit\":\"%s\",\"n\":%" PRId64
           ",\"spread\":0,\"ratio_to\":{}}\n",
           metric, value, unit, n);
}

static uint64_t draw(uint64_t *seed, uint64_t below)
{
    *seed ^= *seed >> 12;
    *seed ^= *seed << 25;
    *seed ^= *seed >> 27;
    return (*seed * UINT64_C(2685821657736338717) >> 33) % below;
}

static int fill(struct fleet *fleet, struct id region, size_t n, struct err *e)
{
    uint64_t seed = 42;
    bool has_more;
    int r = fleet_put_region(fleet, region, "local", e);
    for (size_t i = 0; r == 0 && i < n; i++) {
        int64_t total_mb = 4096 + 256 * (int64_t)draw(&seed, 64);
        struct fleet_entry entry = {.id = id_new(),
                                    .name = "h",
                                    .region = region,
                                    .cpu_milli = 16000,
                                    .memory_total_mb = total_mb,
                                    .memory_reported_mb = total_mb};
        r = fleet_put(fleet, &entry, &has_more, e);
    }
    return r;
}

/* A decision, its reservation and its release, so that the fleet stays as full as it is. */
static int measure_decisions(size_t n, struct err *e)
{
    CLEANUP(fleet_freep) struct fleet *fleet = fleet_new();
    struct id region = id_new();
    uint64_t seed = 7;
    int64_t choosing_us = 0;
    int r = fleet == NULL ? err_set(e, ERR_INTERNAL, "out of memory") : fill(fleet, region, n, e);
    if (r < 0)
        return r;
    int64_t begun_us = clock_mono_us();
    for (int i = 0; i < DECISIONS; i++) {
        struct placement_request request = {
            .region = region, .memory_mb = 256 << draw(&seed, 4), .cpu_milli = 500};
        struct placement_decision decision = placement_choose(fleet, &request);
        if (decision.hypervisor == NULL)
            return err_set(e, ERR_INTERNAL, "the fleet is full");
    }
    choosing_us = clock_mono_us() - begun_us;
    begun_us = clock_mono_us();
    for (int i = 0; i < DECISIONS; i++) {
        struct placement_request request = {
            .region = region, .memory_mb = 256 << draw(&seed, 4), .cpu_milli = 500};
        struct hypervisor *h = placement_choose(fleet, &request).hypervisor;
        fleet_reserve(fleet, h, request.memory_mb, request.cpu_milli);
        fleet_release(fleet, h, request.memory_mb, request.cpu_milli);
    }
    char metric[64];
    (void)snprintf(metric, sizeof(metric), "decision, %zu hypervisors", n);
    row(metric, (double)choosing_us / DECISIONS, "us", DECISIONS);
    (void)snprintf(metric, sizeof(metric), "decision, reservation, release, %zu hypervisors", n);
    row(metric, (double)(clock_mono_us() - begun_us) / DECISIONS, "us", DECISIONS);
    return 0;
}

/* A queue of `runs` runs of four sizes and a fleet that has room for them. */
static int make_queue(struct db *db, int64_t runs, struct err *e)
{
    static const char sql[] =
        "INSERT INTO hypervisors (id, name, region_id, cpu_milli, memory_total_mb, memory_free_mb,"
        " public_key) SELECT gen_random_uuid(), 'h' || i, r.id, 64000, 131072, 131072,"
        " decode(repeat('ab', 32), 'hex') FROM generate_series(1, %d) i, regions r;"
        "INSERT INTO runners (id, project_id, name, image_name, image_tag, timeout_seconds,"
        " stop_grace_seconds, stop_signal, pull_policy, pull_timeout_seconds, priority, pids_limit,"
        " shm_size_mb, network, read_only, log_limit_bytes, sandbox, region_id, instance_type_id)"
        " SELECT gen_random_uuid(), p.id, 'bench', 'box', 'latest', 60, 10, 'SIGTERM', 'missing',"
        " 600, 50, 1024, 64, 'none', false, 1048576, 'default', r.id, t.id FROM projects p, "
        "regions r,"
        " instance_types t WHERE t.slug = 'standard-s';"
        "INSERT INTO runs (id, project_id, runner_id, runner_version, priority, region_id,"
        " instance_type_id, memory_mb, cpu_milli, price_second_nano, image, timeout_seconds,"
        " stop_grace_seconds, stop_signal, pull_policy, pull_timeout_seconds, pids_limit,"
        " shm_size_mb, network, read_only, log_limit_bytes, sandbox, queue_at)"
        " SELECT lpad(to_hex(i), 32, '0')::uuid, project_id, id, 1, 50, region_id,"
        " instance_type_id, 256 << (i %% 4)::int, 500, 1000, 'box:latest', 60, 10, 'SIGTERM',"
        " 'missing', 600, 1024, 64, 'none', false, 1048576, 'default', now() + i * interval '1 "
        "microsecond'"
        " FROM runners, generate_series(1, %" PRId64 ") i;"
        "ANALYZE";
    char text[4096];
    (void)snprintf(text, sizeof(text), sql, FLEET, runs);
    return db_run_script(db, text, e);
}

static int measure_passes(struct db *db, int64_t runs, struct err *e)
{
    CLEANUP(fleet_freep) struct fleet *fleet = fleet_new();
    struct fleet_sync sync;
    struct queue queue;
    struct queue_outcome outcome;
    bool has_more;
    size_t placed = 0;
    const struct queue_options options = {.leases = {27, 135},
                                          .hold_after_us = 60 * CLOCK_US_PER_S};
    fleet_sync_init(&sync, db, fleet);
    int r = queue_init(&queue, db, fleet, &options, e);
    if (r == 0)
        r = fleet_sync_all(&sync, &has_more, e);
    int64_t begun_us = clock_mono_us();
    do {
        if (r == 0)
            r = queue_pass(&queue, QUEUE_PLACE, &outcome, e);
        placed += r == 0 ? outcome.placed : 0;
    } while (r == 0 && outcome.is_cut);
    int64_t took_us = clock_mono_us() - begun_us;
    queue_done(&queue);
    if (r == 0 && placed != (size_t)runs)
        r = err_set(e, ERR_INTERNAL, "placed %zu of %" PRId64, placed, runs);
    if (r < 0)
        return r;
    row("durable placements, 10000 hypervisors", (double)placed * 1e6 / (double)took_us, "1/s",
        runs);
    return 0;
}

static int64_t rss_kb(void)
{
    char line[256];
    int64_t kb = 0;
    FILE *file = fopen("/proc/self/status", "re");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL)
        if (strncmp(line, "VmHWM:", 6) == 0)
            kb = strtoll(line + 6, NULL, 10); /* lint: allow */
    if (file != NULL)
        (void)fclose(file);
    return kb;
}

int main(int argc, char **argv)
{
    struct err e;
    int applied;
    CLEANUP(db_closep) struct db *db = NULL;
    if (argc != 3) {
        fprintf(stderr, "usage: bench_placement CONNINFO RUNS\n");
        return 2;
    }
    int64_t runs = strtoll(argv[2], NULL, 10); /* lint: allow */
    for (size_t n = 10; n <= FLEET; n *= 10)
        if (measure_decisions(n, &e) < 0)
            return fail(&e);
    if (db_open(argv[1], "bench", &db, &e) < 0 || migrate_apply(db, &applied, &e) < 0 ||
        make_queue(db, runs, &e) < 0 || measure_passes(db, runs, &e) < 0)
        return fail(&e);
    row("memory of the scheduler's parts, highest", (double)rss_kb() / 1024, "MiB", 1);
    return 0;
}
