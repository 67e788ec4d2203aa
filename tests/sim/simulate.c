/* SPDX-License-Identifier: Apache-2.0
 *
 * The real scheduler's code on a real PostgreSQL, with simulated hypervisors, runs, failures and
 * time. Everything comes from one seed; time is a schema whose now() stands before the server's.
 *
 *   SIM_HYPERVISORS, SIM_RUNS, SIM_SEED   how large, and which world
 *
 * After each second of the simulated time: no memory is given out twice, no run is alive in two
 * places, no limited runner has too many. At the end every run is over.
 */
#include "store/agent_store.h"
#include "store/run_trigger_store.h"

#include "fleet_sync.h"
#include "queue.h"
#include "reaper.h"
#include "timers.h"

#include "../store/queue_fixture.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define RUNNERS 12
#define LOST_AFTER_S 30
#define LOST_GRACE_S 120
#define SECONDS_MAX 200000
#define EPOCH_S INT64_C(1800000000)

struct machine {
    struct id id;
    bool is_cut;       /* nothing gets through */
    int64_t back_s;    /* when it is heard of again */
    int64_t contact_s; /* its last heartbeat that was answered */
};

/* A container that exists, whatever anybody knows of it. */
struct container {
    struct id run;
    int64_t number; /* of its run, from 0 */
    int64_t attempt;
    size_t machine;
    int64_t runner;
    int64_t memory_mb;
    int64_t ends_s;
    int64_t start_lease_s;
    int64_t run_lease_s; /* 0: none */
    bool is_start_known;
    bool is_over; /* the process; its end may not be told yet */
    bool is_lost; /* its lease ended it */
};

struct sim {
    struct db *admin; /* users and agents */
    struct db *db;    /* the scheduler's session */
    struct db *api;   /* only its name matters */
    struct fleet *fleet;
    struct fleet_sync sync;
    struct queue queue;
    struct reaper reaper;
    struct timers timers;
    uint64_t seed;
    int64_t now_s;
    struct machine *machines;
    size_t machines_n;
    struct container *containers;
    size_t containers_n;
    size_t containers_cap;
    unsigned char *alive; /* by number of the run: containers that are not over */
    unsigned char *taken; /* the attempt that a machine has taken up last */
    struct id runners[RUNNERS];
    int64_t limits[RUNNERS];
    int64_t runs_n; /* to be posted in all */
    int64_t posted;
    int64_t lost;
    int64_t retried;
};

static uint64_t draw(struct sim *s, uint64_t below)
{
    s->seed ^= s->seed >> 12;
    s->seed ^= s->seed << 25;
    s->seed ^= s->seed >> 27;
    return (s->seed * UINT64_C(2685821657736338717) >> 33) % below;
}

static int64_t setting(const char *name, int64_t fallback)
{
    const char *text = getenv(name);
    return text == NULL ? fallback : strtoll(text, NULL, 10); /* lint: allow */
}

/* --- time --- */

static void set_time(struct sim *s)
{
    struct db *const sessions[] = {s->admin, s->db};
    for (size_t i = 0; i < ARRAY_LEN(sessions); i++)
        fixture_script(sessions[i], "SET sim.now = '%" PRId64 "'", EPOCH_S + s->now_s);
    /* the reaper's clock is the real one: everything could be heard all the time */
    s->reaper.observed_since_us = clock_mono_us() - INT64_C(1000000) * CLOCK_US_PER_S;
    s->reaper.last_tick_us = clock_mono_us();
}

static void own_time(struct sim *s)
{
    fixture_script(s->admin, "CREATE SCHEMA sim; GRANT USAGE ON SCHEMA sim TO PUBLIC;"
                             "CREATE FUNCTION sim.now() RETURNS timestamptz LANGUAGE sql STABLE AS"
                             " $$ SELECT to_timestamp(current_setting('sim.now')::float8) $$");
    struct db *const sessions[] = {s->admin, s->db};
    for (size_t i = 0; i < ARRAY_LEN(sessions); i++)
        fixture_script(sessions[i], "SET search_path = sim, pg_catalog, public;"
                                    "SET synchronous_commit = off; SET jit = off");
}

/* --- the world --- */

static void make_runners(struct sim *s)
{
    static const char retry[] = "{\"max_attempts\":4,\"delay_seconds\":2,\"factor\":2,"
                                "\"max_delay_seconds\":30,\"jitter\":0.2,"
                                "\"on\":[\"failed\",\"hypervisor_lost\"]}";
    static const char *const types[] = {"standard-s", "standard-s", "standard-m", "standard-l"};
    for (size_t i = 0; i < RUNNERS; i++) {
        struct id run = fixture_run_in(s->admin, "succeeded", (struct id){0});
        struct err e;
        const char *text = fixture_text(
            s->admin, "SELECT runner_id FROM public.runs WHERE id = '%s'", ID_TEXT(run));
        ASSERT_OK(id_parse(text, strlen(text), &s->runners[i], &e), e);
        fixture_script(s->admin, "DELETE FROM public.runs WHERE id = '%s'", ID_TEXT(run));
        s->limits[i] = i % 3 == 2 ? (int64_t)(1 + i) : 0;
        fixture_script(s->admin,
                       "UPDATE public.runners SET retry = %s%s%s, max_concurrency = nullif(%" PRId64
                       ", 0), priority = %d, on_overlap = '%s', instance_type_id ="
                       " (SELECT id FROM instance_types WHERE slug = '%s') WHERE id = '%s'",
                       i % 2 == 0 ? "'" : "", i % 2 == 0 ? retry : "NULL", i % 2 == 0 ? "'" : "",
                       s->limits[i], (int)(i * 9 % 100), i == 8 ? "skip" : "queue",
                       types[i % ARRAY_LEN(types)], ID_TEXT(s->runners[i]));
    }
}

static void make_machines(struct sim *s)
{
    s->machines = calloc(s->machines_n, sizeof(*s->machines));
    assert_non_null(s->machines);
    for (size_t i = 0; i < s->machines_n; i++)
        s->machines[i].id = queue_fixture_hypervisor(s->admin, 4096 << draw(s, 2));
}

static void start(struct sim *s)
{
    struct err e;
    s->admin = test_database_migrated();
    queue_fixture_reset(s->admin);
    s->db = test_database_open();
    ASSERT_OK(db_open(test_database_url(), "errand-api", &s->api, &e), e);
    own_time(s);
    s->fleet = fleet_new();
    const struct queue_options options = {.leases = {.start_s = 27, .run_s = 135},
                                          .hold_after_us = 60 * CLOCK_US_PER_S};
    fleet_sync_init(&s->sync, s->db, s->fleet);
    ASSERT_OK(queue_init(&s->queue, s->db, s->fleet, &options, &e), e);
    timers_init(&s->timers, s->db);
    reaper_init(&s->reaper, s->db, LOST_AFTER_S, LOST_GRACE_S);
    set_time(s);
    make_runners(s);
    make_machines(s);
    s->alive = calloc((size_t)s->runs_n, 1);
    s->taken = calloc((size_t)s->runs_n, 1);
    assert_non_null(s->alive);
    assert_non_null(s->taken);
}

/* --- users --- */

static void post(struct sim *s)
{
    char labels[64];
    struct params p;
    size_t runner = draw(s, RUNNERS);
    (void)snprintf(labels, sizeof(labels), "{\"n\":\"%" PRId64 "\",\"r\":\"%zu\"}", s->posted,
                   runner);
    struct run_request request = {
        .id = id_new(),
        .project = fixture_project(),
        .runner = s->runners[runner],
        .priority = draw(s, 4) == 0 ? (int64_t)draw(s, 101) : RUN_UNKNOWN,
        .labels = labels,
        .trigger_kind = "api",
        .trigger_by = "sim",
    };
    run_trigger_store_make_params(&p, &request, 1);
    rows_free(fixture_run(s->admin, &run_trigger_store_make, &p));
    s->posted++;
}

/* --- agents --- */

static void remove_container(struct sim *s, size_t i)
{
    if (!s->containers[i].is_over)
        s->alive[s->containers[i].number]--;
    s->containers[i] = s->containers[--s->containers_n];
}

static void end_process(struct sim *s, struct container *c)
{
    c->is_over = true;
    s->alive[c->number]--;
}

/* They are made in the order of their ids. */
static size_t find_machine(const struct sim *s, struct id id)
{
    size_t low = 0;
    size_t high = s->machines_n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (memcmp(s->machines[middle].id.bytes, id.bytes, sizeof(id.bytes)) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    assert_true(low < s->machines_n && id_equal(s->machines[low].id, id));
    return low;
}

/* Take the assignments of machines that hear of them. */
static void take_assignments(struct sim *s)
{
    static const struct statement read = {
        "sim_assigned",
        "SELECT id, attempt, hypervisor_id, (labels->>'n')::bigint, (labels->>'r')::bigint,"
        " memory_mb, start_lease_seconds, coalesce(run_lease_seconds, 0) FROM runs"
        " WHERE state = 'assigned' ORDER BY id",
        .repeatable = true};
    struct params p;
    params_init(&p, 16);
    CLEANUP(rows_freep) struct rows *rows = fixture_run(s->admin, &read, &p);
    for (int row = 0; row < rows_count(rows); row++) {
        size_t at = find_machine(s, row_id(rows, row, 2));
        struct container c = {.run = row_id(rows, row, 0),
                              .attempt = row_i64(rows, row, 1, 0),
                              .machine = at,
                              .number = row_i64(rows, row, 3, 0),
                              .runner = row_i64(rows, row, 4, 0),
                              .memory_mb = row_i64(rows, row, 5, 0),
                              .start_lease_s = row_i64(rows, row, 6, 0),
                              .run_lease_s = row_i64(rows, row, 7, 0)};
        bool is_here = s->taken[c.number] == c.attempt;
        if (is_here || s->machines[at].is_cut || draw(s, 5) == 0)
            continue;
        s->taken[c.number] = (unsigned char)c.attempt;
        if (s->containers_n == s->containers_cap) {
            s->containers_cap = s->containers_cap * 2 + 64;
            s->containers = reallocarray(s->containers, s->containers_cap, sizeof(*s->containers));
            assert_non_null(s->containers);
        }
        c.ends_s = s->now_s + 1 + (int64_t)draw(s, draw(s, 4) == 0 ? 400 : 20);
        s->containers[s->containers_n++] = c;
        s->alive[c.number]++;
    }
}

/* False when the API says that the attempt is not this machine's. */
static bool tell(struct sim *s, struct container *c)
{
    struct params p;
    struct agent_fence fence = {c->run, c->attempt, s->machines[c->machine].id};
    if (!c->is_start_known) {
        agent_store_started_params(&p, &fence, &(struct agent_start){.at_us = 1});
        CLEANUP(rows_freep) struct rows *rows = fixture_run(s->admin, &agent_store_started, &p);
        if (!agent_store_accepted(rows))
            return false;
        c->is_start_known = true;
    }
    if (!c->is_over)
        return true;
    int code = c->is_lost ? 137 : (int)(draw(s, 4) == 0);
    struct agent_finish end = {.at_us = 1,
                               .has_exit_code = true,
                               .exit_code = code,
                               .reason =
                                   c->is_lost ? TERMINATION_HYPERVISOR_LOST : TERMINATION_EXITED};
    agent_store_finished_params(&p, &fence, &end);
    rows_free(fixture_run(s->admin, &agent_store_finished, &p));
    return false; /* it is over here, whatever the answer */
}

static void run_containers(struct sim *s)
{
    for (size_t i = s->containers_n; i > 0; i--) {
        struct container *c = &s->containers[i - 1];
        const struct machine *m = &s->machines[c->machine];
        int64_t lease_s = c->is_start_known ? c->run_lease_s : c->start_lease_s;
        if (!c->is_over && s->now_s >= c->ends_s)
            end_process(s, c);
        if (!c->is_over && lease_s > 0 && s->now_s >= m->contact_s + lease_s) {
            end_process(s, c);
            c->is_lost = true;
        }
        if (!m->is_cut && !tell(s, c))
            remove_container(s, i - 1);
    }
}

/* A machine that starts anew has none of its runs. */
static void lose_all(struct sim *s, size_t machine)
{
    for (size_t i = s->containers_n; i > 0; i--)
        if (s->containers[i - 1].machine == machine) {
            s->taken[s->containers[i - 1].number] = 0;
            remove_container(s, i - 1);
        }
}

static void report_missing(struct sim *s, size_t machine)
{
    fixture_script(s->admin,
                   "UPDATE runs SET state = 'failed', termination_reason = 'internal',"
                   " completed_at = now() WHERE hypervisor_id = '%s' AND state = 'running'",
                   ID_TEXT(s->machines[machine].id));
}

static void fail_machines(struct sim *s, bool may_fail)
{
    for (size_t i = 0; i < s->machines_n; i++) {
        struct machine *m = &s->machines[i];
        if (m->is_cut && (s->now_s >= m->back_s || !may_fail)) {
            m->is_cut = false;
            if (draw(s, 2) == 0) { /* it was down, not only cut off */
                lose_all(s, i);
                report_missing(s, i);
            }
        } else if (!m->is_cut && may_fail && draw(s, 120) == 0) {
            m->is_cut = true;
            m->back_s = s->now_s + 1 + (int64_t)draw(s, 300);
            s->lost++;
        }
        if (!m->is_cut)
            m->contact_s = s->now_s;
    }
    if (may_fail && draw(s, 20) == 0)
        fixture_script(s->admin, "UPDATE hypervisors SET status = '%s' WHERE id = '%s'",
                       draw(s, 2) == 0 ? "draining" : "ready",
                       ID_TEXT(s->machines[draw(s, s->machines_n)].id));
    if (!may_fail)
        fixture_script(s->admin, "UPDATE hypervisors SET status = 'ready'"
                                 " WHERE status <> 'ready'");
}

static void beat(struct sim *s)
{
    static const struct statement beats = {
        "sim_beat",
        "UPDATE hypervisors SET last_seen_at = now(),"
        " status = CASE status WHEN 'lost' THEN 'ready' ELSE status END WHERE id = ANY ($1)",
        .repeatable = true};
    CLEANUP(freep) struct id *ids = calloc(s->machines_n, sizeof(*ids));
    size_t n = 0;
    for (size_t i = 0; i < s->machines_n; i++)
        if (!s->machines[i].is_cut)
            ids[n++] = s->machines[i].id;
    struct params p;
    params_init(&p, 64 + 32 * n);
    params_add_id_column(&p, ids, n, sizeof(*ids));
    rows_free(fixture_run(s->admin, &beats, &p));
}

/* --- the scheduler's second --- */

static void schedule(struct sim *s)
{
    struct err e;
    bool changed = false;
    bool added = false;
    struct queue_outcome outcome;
    ASSERT_OK(reaper_tick(&s->reaper, &changed, &e), e);
    ASSERT_OK(timers_tick(&s->timers, &added, &e), e);
    ASSERT_OK(timers_sweep(&s->timers, &added, &e), e);
    ASSERT_OK(fleet_sync_all(&s->sync, &changed, &e), e);
    do {
        ASSERT_OK(queue_pass(&s->queue, QUEUE_EXPLAIN, &outcome, &e), e);
    } while (outcome.is_cut);
}

/* --- what must hold --- */

static void check(struct sim *s)
{
    assert_int_equal(
        queue_fixture_number(s->admin,
                             "SELECT count(*) FROM (SELECT hypervisor_id, sum(memory_mb) AS used"
                             " FROM runs WHERE state IN ('assigned', 'running') GROUP BY 1) u"
                             " JOIN hypervisors h ON h.id = u.hypervisor_id"
                             " WHERE u.used > h.memory_total_mb"),
        0);
    int64_t at_once[RUNNERS] = {0};
    for (size_t i = 0; i < s->containers_n; i++) {
        const struct container *c = &s->containers[i];
        if (c->is_over)
            continue;
        if (s->alive[c->number] != 1)
            fail_msg("second %" PRId64 ": run %s lives %d times", s->now_s, ID_TEXT(c->run),
                     s->alive[c->number]);
        at_once[c->runner]++;
    }
    for (size_t i = 0; i < RUNNERS; i++)
        if (s->limits[i] > 0 && at_once[i] > s->limits[i])
            fail_msg("second %" PRId64 ": runner %zu has %" PRId64 " at once of %" PRId64, s->now_s,
                     i, at_once[i], s->limits[i]);
}

static int64_t open_runs(struct sim *s)
{
    return queue_fixture_number(
        s->admin, "SELECT count(*) FROM runs WHERE state IN ('pending', 'assigned', 'running')");
}

static void test_world__keeps_its_promises(void **state)
{
    (void)state;
    struct sim s = {.machines_n = (size_t)setting("SIM_HYPERVISORS", 12),
                    .runs_n = setting("SIM_RUNS", 400),
                    .seed = (uint64_t)setting("SIM_SEED", 1) * 7919 + 1};
    int64_t per_second = s.runs_n / 60 + 1;
    int64_t begun_us = clock_mono_us();
    start(&s);
    for (; s.now_s < SECONDS_MAX; s.now_s++) {
        set_time(&s);
        for (int64_t i = 0; i < per_second && s.posted < s.runs_n; i++)
            post(&s);
        bool all_posted = s.posted == s.runs_n;
        fail_machines(&s, s.now_s < 400);
        run_containers(&s);
        beat(&s);
        schedule(&s);
        take_assignments(&s);
        check(&s);
        if (all_posted && s.now_s > 60 && s.now_s % 10 == 0 && open_runs(&s) == 0)
            break;
    }
    assert_int_equal(open_runs(&s), 0);
    assert_true(s.lost > 0);
    print_message("%" PRId64 " runs on %zu hypervisors, %" PRId64 " failures, %s attempts kept,"
                  " %" PRId64 " simulated s in %" PRId64 " s\n",
                  s.runs_n, s.machines_n, s.lost,
                  fixture_text(s.admin, "SELECT count(*) FROM run_attempts"), s.now_s,
                  (clock_mono_us() - begun_us) / CLOCK_US_PER_S);
    queue_done(&s.queue);
    fleet_free(s.fleet);
    db_close(s.api);
    db_close(s.db);
    db_close(s.admin);
    free(s.machines);
    free(s.containers);
    free(s.alive);
    free(s.taken);
}

TEST_MAIN(cmocka_unit_test(test_world__keeps_its_promises))
