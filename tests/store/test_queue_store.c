/* SPDX-License-Identifier: Apache-2.0 */
#include "store/queue_store.h"

#include "store/agent_store.h"

#include "queue_fixture.h"

#include <stdlib.h>
#include <string.h>

static struct db *db;

static int start(void **state)
{
    (void)state;
    db = test_database_migrated();
    return 0;
}

static int stop(void **state)
{
    (void)state;
    db_closep(&db);
    return 0;
}

static int reset(void **state)
{
    (void)state;
    queue_fixture_reset(db);
    return 0;
}

static const char *run_field(struct id run, const char *field)
{
    return fixture_text(db, "SELECT %s FROM runs WHERE id = '%s'", field, ID_TEXT(run));
}

/* --- lanes --- */

/* Texts of the answer's rows, "memory/cpu/labels" each, joined. */
static const char *lanes_after(const struct queue_lane *after, int64_t limit)
{
    static char text[1024];
    struct params p;
    size_t n = 0;
    queue_store_lanes_params(&p, queue_fixture_region(db), after, limit);
    CLEANUP(rows_freep) struct rows *rows = fixture_run(db, &queue_store_lanes, &p);
    text[0] = '\0';
    for (int row = 0; row < rows_count(rows); row++) {
        struct queue_lane lane;
        queue_store_read_lane(rows, row, &lane);
        n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%d/%d/%s", row > 0 ? " " : "",
                              (int)lane.size.memory_mb, (int)lane.size.cpu_milli, lane.size.labels);
    }
    return text;
}

static void set(struct id run, const char *assignment)
{
    fixture_script(db, "UPDATE runs SET %s WHERE id = '%s'", assignment, ID_TEXT(run));
}

static void test_lanes__one_for_each_size_with_a_run_that_may_be_placed(void **state)
{
    (void)state;
    (void)queue_fixture_run(db, 512, 50);
    (void)queue_fixture_run(db, 256, 50);
    (void)queue_fixture_run(db, 256, 70);
    set(queue_fixture_run(db, 256, 50), "cpu_milli = 4000");
    set(queue_fixture_run(db, 256, 50), "placement_labels = 'gpu=a'");
    set(queue_fixture_run(db, 1024, 50), "hold = 'waiting_retry'");
    set(queue_fixture_run(db, 2048, 50), "state = 'assigned'");

    assert_string_equal(lanes_after(NULL, 100), "256/500/ 256/500/gpu=a 256/4000/ 512/500/");
    assert_string_equal(lanes_after(NULL, 2), "256/500/ 256/500/gpu=a");
    struct queue_lane second = {fixture_project(), {256, 500, "gpu=a"}};
    assert_string_equal(lanes_after(&second, 100), "256/4000/ 512/500/");
    assert_string_equal(lanes_after(&second, 1), "256/4000/");
}

static void assert_read(const struct queue_reading *readings, size_t n, const struct id *runs,
                        int runs_n)
{
    struct params p;
    queue_store_read_lanes_params(&p, queue_fixture_region(db), readings, n);
    CLEANUP(rows_freep) struct rows *rows = fixture_run(db, &queue_store_read_lanes, &p);
    assert_int_equal(rows_count(rows), runs_n);
    for (int i = 0; i < runs_n; i++) {
        struct queued_run run;
        queue_store_read_run(rows, i, &run);
        assert_true(id_equal(run.place.run, runs[i]));
    }
}

static void test_read_lanes__priority_and_age_from_any_place(void **state)
{
    (void)state;
    struct id runs[5];
    runs[1] = queue_fixture_run(db, 256, 50);
    runs[0] = queue_fixture_run(db, 256, 90);
    runs[2] = queue_fixture_run(db, 256, 50);
    runs[3] = queue_fixture_run(db, 256, 0);
    runs[4] = queue_fixture_run(db, 512, 99);
    struct queue_reading readings[] = {
        {.lane = {fixture_project(), {256, 500, ""}}, .limit = 10},
        {.lane = {fixture_project(), {512, 500, ""}}, .limit = 10},
    };
    assert_read(readings, 2, runs, 5);
    assert_read(readings + 1, 1, runs + 4, 1);

    struct params p;
    queue_store_read_lanes_params(&p, queue_fixture_region(db), readings, 1);
    CLEANUP(rows_freep) struct rows *rows = fixture_run(db, &queue_store_read_lanes, &p);
    struct queued_run run;
    queue_store_read_run(rows, 1, &run);
    readings[0].after = run.place;
    readings[0].limit = 1;
    assert_read(readings, 1, runs + 2, 1);
    set(runs[3],
        "queue_at = created_at - interval '51 minutes'"); /* it has waited so much longer */
    assert_read(readings, 1, runs + 2, 1);
    readings[0].after = (struct queue_place){0};
    struct id aged[] = {runs[0], runs[3], runs[1]};
    readings[0].limit = 3;
    assert_read(readings, 1, aged, 3);
}

static void test_usage__is_what_runs_of_each_project_hold(void **state)
{
    (void)state;
    struct id hypervisor = queue_fixture_hypervisor(db, 4096);
    (void)fixture_run_in(db, "assigned", hypervisor);
    (void)fixture_run_in(db, "running", hypervisor);
    (void)fixture_run_in(db, "pending", (struct id){0});
    struct params p;
    params_init(&p, 64);
    params_add_id(&p, queue_fixture_region(db));
    CLEANUP(rows_freep) struct rows *rows = fixture_run(db, &queue_store_usage, &p);
    assert_int_equal(rows_count(rows), 1);
    assert_int_equal(row_i64(rows, 0, 1, 0), 512);
}

/* --- assign --- */

static const struct queue_leases leases = {.start_s = 27, .run_s = 135};

static int64_t assign(const struct queue_assignment *items, size_t n)
{
    struct params p;
    queue_store_assign_params(&p, items, n, &leases);
    CLEANUP(rows_freep) struct rows *rows = fixture_run(db, &queue_store_assign, &p);
    return rows_count(rows);
}

static int64_t assign_one(struct id run, struct id hypervisor)
{
    return assign(&(struct queue_assignment){run, hypervisor}, 1);
}

static void test_assign__moves_the_run_and_counts_the_attempt(void **state)
{
    (void)state;
    struct id hypervisor = queue_fixture_hypervisor(db, 4096);
    struct id run = queue_fixture_run(db, 256, 50);
    fixture_script(db, "UPDATE runs SET attempt = 3, pending_reason = 'queued',"
                       " pending_message = 'x'");
    assert_int_equal(assign_one(run, hypervisor), 1);
    assert_string_equal(run_field(run, "state"), "assigned");
    assert_string_equal(run_field(run, "attempt"), "4");
    assert_string_equal(run_field(run, "hypervisor_id"), ID_TEXT(hypervisor));
    assert_string_equal(run_field(run, "assigned_at IS NOT NULL"), "true");
    assert_string_equal(run_field(run, "coalesce(pending_reason, pending_message)"), "");
    assert_int_equal(assign_one(run, hypervisor), 0);
    assert_string_equal(run_field(run, "attempt"), "4");
}

static void test_assign__only_to_a_ready_hypervisor(void **state)
{
    (void)state;
    static const char *const statuses[] = {"draining", "cordoned", "lost"};
    struct id hypervisor = queue_fixture_hypervisor(db, 4096);
    struct id run = queue_fixture_run(db, 256, 50);
    for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
        fixture_script(db, "UPDATE hypervisors SET status = '%s'", statuses[i]);
        assert_int_equal(assign_one(run, hypervisor), 0);
    }
    assert_int_equal(assign_one(run, id_new()), 0);
    assert_string_equal(run_field(run, "attempt"), "0");
}

static void test_assign__not_what_is_stopped_or_over(void **state)
{
    (void)state;
    struct id hypervisor = queue_fixture_hypervisor(db, 4096);
    struct id run = queue_fixture_run(db, 256, 50);
    static const char *const states[] = {"assigned", "running", "succeeded", "failed", "canceled"};
    for (size_t i = 0; i < ARRAY_LEN(states); i++) {
        fixture_script(db, "UPDATE runs SET state = '%s'", states[i]);
        assert_int_equal(assign_one(run, hypervisor), 0);
    }
    fixture_script(db, "UPDATE runs SET state = 'pending', stop_requested = true");
    assert_int_equal(assign_one(run, hypervisor), 0);
    assert_int_equal(assign_one(id_new(), hypervisor), 0);
}

static void test_assign__takes_the_good_of_a_batch(void **state)
{
    (void)state;
    struct id ready = queue_fixture_hypervisor(db, 4096);
    struct id lost = queue_fixture_hypervisor(db, 4096);
    fixture_script(db, "UPDATE hypervisors SET status = 'lost' WHERE id = '%s'", ID_TEXT(lost));
    struct id a = queue_fixture_run(db, 256, 50);
    struct id b = queue_fixture_run(db, 256, 50);
    struct id c = queue_fixture_run(db, 256, 50);
    const struct queue_assignment items[] = {{a, ready}, {b, lost}, {id_new(), ready}, {c, ready}};
    assert_int_equal(assign(items, ARRAY_LEN(items)), 2);
    assert_string_equal(run_field(a, "state"), "assigned");
    assert_string_equal(run_field(b, "state"), "pending");
    assert_string_equal(run_field(c, "state"), "assigned");
}

static void test_assign__passes_over_a_locked_run_without_waiting(void **state)
{
    (void)state;
    struct id hypervisor = queue_fixture_hypervisor(db, 4096);
    struct id locked = queue_fixture_run(db, 256, 50);
    struct id other = queue_fixture_run(db, 256, 50);
    CLEANUP(db_closep) struct db *user = test_database_open();
    fixture_script(user, "BEGIN; UPDATE runs SET priority = 1 WHERE id = '%s'", ID_TEXT(locked));
    fixture_script(db, "SET lock_timeout = '1s'");
    const struct queue_assignment items[] = {{locked, hypervisor}, {other, hypervisor}};
    assert_int_equal(assign(items, 2), 1);
    fixture_script(user, "ROLLBACK");
    assert_int_equal(assign(items, 2), 1);
}

static void test_assign__waits_for_a_cordon_and_obeys_it(void **state)
{
    (void)state;
    struct err e;
    struct id hypervisor = queue_fixture_hypervisor(db, 4096);
    struct id run = queue_fixture_run(db, 256, 50);
    CLEANUP(db_closep) struct db *admin = test_database_open();
    fixture_script(admin, "BEGIN; UPDATE hypervisors SET status = 'cordoned'");

    fixture_script(db, "SET lock_timeout = '50ms'");
    CLEANUP(params_done) struct params p;
    queue_store_assign_params(&p, &(struct queue_assignment){run, hypervisor}, 1, &leases);
    assert_true(db_run(db, &queue_store_assign, &p, NULL, &e) < 0);
    fixture_script(admin, "COMMIT");
    assert_int_equal(assign_one(run, hypervisor), 0);
}

static void test_assign__leases_what_another_could_take_the_place_of(void **state)
{
    (void)state;
    struct id hypervisor = queue_fixture_hypervisor(db, 4096);
    struct id plain = queue_fixture_run(db, 256, 50);
    struct id slotted = queue_fixture_run(db, 256, 50);
    struct id retried = queue_fixture_run(db, 256, 50);
    struct id not_when_lost = queue_fixture_run(db, 256, 50);
    set(slotted, "slot = 1");
    set(retried, "retry = '{\"on\": [\"hypervisor_lost\"]}'");
    set(not_when_lost, "retry = '{\"on\": [\"failed\"]}'");
    const struct queue_assignment items[] = {{plain, hypervisor},
                                             {slotted, hypervisor},
                                             {retried, hypervisor},
                                             {not_when_lost, hypervisor}};
    assert_int_equal(assign(items, 4), 4);
    assert_string_equal(run_field(plain, "start_lease_seconds || ',' || run_lease_seconds"), "");
    assert_string_equal(run_field(plain, "start_lease_seconds"), "27");
    assert_string_equal(run_field(slotted, "run_lease_seconds"), "135");
    assert_string_equal(run_field(retried, "run_lease_seconds"), "135");
    assert_string_equal(run_field(not_when_lost, "run_lease_seconds"), "");
}

/* --- reasons --- */

static void put_notes(const struct queue_note *notes, size_t n)
{
    struct params p;
    queue_store_put_notes_params(&p, queue_fixture_region(db), notes, n);
    rows_free(fixture_run(db, &queue_store_put_notes, &p));
}

static const char *notes_text(void)
{
    return fixture_text(db, "SELECT string_agg(memory_mb || ':' || message, ' ' ORDER BY memory_mb)"
                            " FROM queue_notes");
}

static void test_put_notes__makes_them_the_only_ones(void **state)
{
    (void)state;
    const struct queue_note first[] = {{{256, 500, ""}, "insufficient_memory", "a"},
                                       {{512, 500, ""}, "insufficient_memory", "b"}};
    const struct queue_note second[] = {{{512, 500, ""}, "insufficient_cpu", "c"},
                                        {{1024, 500, "x=y"}, "queued", "d"}};
    put_notes(first, 2);
    assert_string_equal(notes_text(), "256:a 512:b");
    put_notes(second, 2);
    assert_string_equal(notes_text(), "512:c 1024:d");
    put_notes(first, 0);
    assert_string_equal(notes_text(), "");
}

/* --- silence --- */

static struct id silent_hypervisor(int seconds)
{
    struct id id = queue_fixture_hypervisor(db, 4096);
    fixture_script(db,
                   "UPDATE hypervisors SET name = 'node-%d',"
                   " last_seen_at = now() - interval '%d seconds' WHERE id = '%s'",
                   seconds, seconds, ID_TEXT(id));
    return id;
}

static struct rows *take_silent(const struct statement *statement, int64_t observed_s)
{
    struct params p;
    hypervisor_store_silence_params(&p, &(struct hypervisor_silence){observed_s, 30});
    return fixture_run(db, statement, &p);
}

static bool started(struct id run, int64_t attempt, struct id hypervisor)
{
    struct params p;
    struct agent_fence fence = {run, attempt, hypervisor};
    struct agent_start start_report = {.at_us = 1};
    agent_store_started_params(&p, &fence, &start_report);
    CLEANUP(rows_freep) struct rows *rows = fixture_run(db, &agent_store_started, &p);
    return agent_store_accepted(rows);
}

static void test_requeue_silent__gives_back_what_was_not_started(void **state)
{
    (void)state;
    struct id silent = silent_hypervisor(40);
    struct id alive = silent_hypervisor(5);
    struct id assigned = fixture_run_in(db, "assigned", silent);
    struct id stopping = fixture_run_in(db, "assigned", silent);
    struct id running = fixture_run_in(db, "running", silent);
    struct id safe = fixture_run_in(db, "assigned", alive);
    fixture_script(db, "UPDATE runs SET stop_requested = true WHERE id = '%s'", ID_TEXT(stopping));

    CLEANUP(rows_freep) struct rows *rows = take_silent(&queue_store_requeue_silent, 1000);
    assert_int_equal(rows_count(rows), 2);
    for (int row = 0; row < 2; row++) {
        struct queue_lost_run lost;
        queue_store_read_lost(rows, row, &lost);
        assert_true(id_equal(lost.hypervisor, silent));
        assert_string_equal(lost.state, id_equal(lost.run, assigned) ? "pending" : "canceled");
    }
    assert_string_equal(run_field(assigned, "state"), "pending");
    assert_string_equal(run_field(assigned, "hypervisor_id"), "");
    assert_string_equal(run_field(assigned, "attempt"), "1");
    assert_string_equal(run_field(assigned, "pending_reason"), "queued");
    assert_string_equal(run_field(assigned, "pending_message"),
                        "attempt 1 ended: hypervisor node-40 was lost");
    assert_string_equal(run_field(stopping, "state"), "canceled");
    assert_string_equal(run_field(stopping, "termination_reason"), "canceled");
    assert_string_equal(run_field(stopping, "completed_at IS NOT NULL"), "true");
    assert_string_equal(run_field(running, "state"), "running");
    assert_string_equal(run_field(safe, "state"), "assigned");
}

static void test_requeue_silent__fences_the_old_attempt(void **state)
{
    (void)state;
    struct id silent = silent_hypervisor(40);
    struct id run = fixture_run_in(db, "assigned", silent);
    rows_free(take_silent(&queue_store_requeue_silent, 1000));
    assert_false(started(run, 1, silent));

    struct id next = queue_fixture_hypervisor(db, 4096);
    assert_int_equal(assign_one(run, next), 1);
    assert_false(started(run, 1, silent));
    assert_false(started(run, 1, next));
    assert_false(started(run, 2, silent));
    assert_true(started(run, 2, next));
}

static void test_fail_silent__ends_what_ran(void **state)
{
    (void)state;
    struct id silent = silent_hypervisor(40);
    struct id alive = silent_hypervisor(5);
    struct id running = fixture_run_in(db, "running", silent);
    struct id stopping = fixture_run_in(db, "running", silent);
    struct id assigned = fixture_run_in(db, "assigned", silent);
    struct id safe = fixture_run_in(db, "running", alive);
    fixture_script(db, "UPDATE runs SET stop_requested = true WHERE id = '%s'", ID_TEXT(stopping));

    CLEANUP(rows_freep) struct rows *rows = take_silent(&queue_store_fail_silent, 1000);
    assert_int_equal(rows_count(rows), 2);
    assert_string_equal(run_field(running, "state"), "failed");
    assert_string_equal(run_field(running, "termination_reason"), "hypervisor_lost");
    assert_non_null(strstr(run_field(running, "termination_message"),
                           "hypervisor node-40 has not been heard of since 20"));
    assert_string_equal(run_field(running, "completed_at IS NOT NULL"), "true");
    assert_string_equal(run_field(running, "exit_code"), "");
    assert_string_equal(run_field(stopping, "state"), "canceled");
    assert_string_equal(run_field(stopping, "termination_reason"), "canceled");
    assert_string_equal(run_field(assigned, "state"), "assigned");
    assert_string_equal(run_field(safe, "state"), "running");
}

static void test_silence__not_observed_is_not_held_against_anybody(void **state)
{
    (void)state;
    struct id silent = silent_hypervisor(86400);
    (void)fixture_run_in(db, "assigned", silent);
    (void)fixture_run_in(db, "running", silent);
    CLEANUP(rows_freep) struct rows *requeued = take_silent(&queue_store_requeue_silent, 29);
    CLEANUP(rows_freep) struct rows *failed = take_silent(&queue_store_fail_silent, 29);
    assert_int_equal(rows_count(requeued), 0);
    assert_int_equal(rows_count(failed), 0);
}

/* --- plans --- */

static void assert_plan(const char *text, const char *index)
{
    char sql[2048];
    /* a plan cannot be selected from, so it goes through a loop */
    (void)snprintf(sql, sizeof(sql),
                   "DROP TABLE IF EXISTS plan_lines; CREATE TEMP TABLE plan_lines (line text);"
                   "DO $do$ DECLARE l text; BEGIN FOR l IN EXPLAIN %s LOOP"
                   " INSERT INTO plan_lines VALUES (l); END LOOP; END $do$",
                   text);
    struct err e;
    ASSERT_OK(db_run_script(db, sql, &e), e);
    assert_int_not_equal(
        queue_fixture_number(db, "SELECT count(*) FROM plan_lines WHERE line LIKE '%%%s%%'", index),
        0);
    assert_int_equal(
        queue_fixture_number(
            db, "SELECT count(*) FROM plan_lines WHERE line LIKE '%%Seq Scan on runs%%'"),
        0);
}

/* PLAN_RUNS=1000000 for the large one. */
static void test_plans__use_indexes_however_long_the_queue(void **state)
{
    (void)state;
    const char *runs = getenv("PLAN_RUNS");
    struct id region = queue_fixture_region(db);
    queue_fixture_runs(db, runs == NULL ? 20000 : strtol(runs, NULL, 10), /* lint: allow */
                       "{256,512,1024,2048}");
    fixture_script(db, "UPDATE runs SET state = 'succeeded' WHERE random() < 0.5;"
                       "UPDATE runs SET hold = 'concurrency_limit' WHERE random() < 0.3;"
                       "UPDATE runs SET hold = 'waiting_retry', due_at = now() + interval '1 h'"
                       " WHERE random() < 0.1; ANALYZE runs");
    char sql[1024];
    (void)snprintf(sql, sizeof(sql),
                   "SELECT project_id FROM runs WHERE region_id = '%s' AND state = 'pending'"
                   " AND hold IS NULL AND (project_id, memory_mb, cpu_milli, placement_labels) >"
                   " ('" FIXTURE_PROJECT "', 256, 500, '') ORDER BY project_id, memory_mb,"
                   " cpu_milli, placement_labels LIMIT 1",
                   ID_TEXT(region));
    assert_plan(sql, "runs_queue");
    (void)snprintf(sql, sizeof(sql),
                   "SELECT id FROM runs WHERE region_id = '%s' AND state = 'pending' AND hold IS"
                   " NULL AND project_id = '" FIXTURE_PROJECT "' AND memory_mb = 256 AND cpu_milli"
                   " = 500 AND placement_labels = '' ORDER BY queue_at, id LIMIT 1024",
                   ID_TEXT(region));
    assert_plan(sql, "runs_queue");
    assert_plan("SELECT id FROM runs WHERE state = 'pending' AND hold = 'waiting_retry' AND due_at"
                " <= now() ORDER BY due_at LIMIT 1000",
                "runs_due");
    assert_plan("SELECT id FROM runs WHERE state = 'pending' AND pending_until IS NOT NULL AND"
                " pending_until <= now() ORDER BY pending_until LIMIT 1000",
                "runs_pending_until");
    assert_plan("SELECT runner_id FROM runs WHERE state = 'pending' AND hold = 'concurrency_limit'"
                " AND runner_id > '00000000-0000-0000-0000-000000000000' ORDER BY runner_id"
                " LIMIT 1",
                "runs_held");
}

/* --- notify and rights --- */

static void count_notice(void *user, const char *channel, const char *payload)
{
    (void)payload;
    if (strcmp(channel, "errand_hypervisor") == 0)
        (*(int *)user)++;
}

static void test_notify__wakes_once_for_each_id(void **state)
{
    (void)state;
    struct err e;
    CLEANUP(db_closep) struct db *listener = test_database_open();
    ASSERT_OK(db_listen(listener, "errand_hypervisor", &e), e);
    struct id a = id_new();
    const struct id ids[] = {a, id_new(), a};
    struct params p;
    queue_store_notify_params(&p, "errand_hypervisor", ids, 3);
    rows_free(fixture_run(db, &queue_store_notify, &p));

    int heard = 0;
    fixture_script(listener, "SELECT 1"); /* notifications come before the answer */
    ASSERT_OK(db_take_notices(listener, count_notice, &heard, &e), e);
    assert_int_equal(heard, 2);
}

static void test_role__may_schedule_but_read_neither_env_nor_logs(void **state)
{
    (void)state;
    struct id hypervisor = queue_fixture_hypervisor(db, 4096);
    struct id run = queue_fixture_run(db, 256, 50);
    struct id ids[] = {run};
    struct params p;
    struct id region = queue_fixture_region(db);
    fixture_script(db, "SET ROLE errand_scheduler");
    queue_store_lanes_params(&p, region, NULL, 10);
    rows_free(fixture_run(db, &queue_store_lanes, &p));
    queue_store_admit_after_params(&p, ids, 1);
    rows_free(fixture_run(db, &queue_store_admit_after, &p));
    queue_store_admit_all_params(&p, (struct id){0}, 10);
    rows_free(fixture_run(db, &queue_store_admit_all, &p));
    assert_int_equal(assign_one(run, hypervisor), 1);
    rows_free(take_silent(&queue_store_requeue_silent, 1));
    rows_free(take_silent(&queue_store_fail_silent, 1));

    static const char *const closed[] = {"run_env", "runner_env", "log_chunks", "log_heads",
                                         "tokens"};
    for (size_t i = 0; i < ARRAY_LEN(closed); i++) {
        struct err e;
        char sql[64];
        (void)snprintf(sql, sizeof(sql), "SELECT FROM %s", closed[i]);
        assert_true(db_run_script(db, sql, &e) < 0);
    }
    fixture_script(db, "RESET ROLE");
}

#define CASE(name) cmocka_unit_test_setup(name, reset)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_lanes__one_for_each_size_with_a_run_that_may_be_placed),
        CASE(test_read_lanes__priority_and_age_from_any_place),
        CASE(test_usage__is_what_runs_of_each_project_hold),
        CASE(test_assign__moves_the_run_and_counts_the_attempt),
        CASE(test_assign__only_to_a_ready_hypervisor),
        CASE(test_assign__not_what_is_stopped_or_over),
        CASE(test_assign__takes_the_good_of_a_batch),
        CASE(test_assign__passes_over_a_locked_run_without_waiting),
        CASE(test_assign__waits_for_a_cordon_and_obeys_it),
        CASE(test_assign__leases_what_another_could_take_the_place_of),
        CASE(test_put_notes__makes_them_the_only_ones),
        CASE(test_requeue_silent__gives_back_what_was_not_started),
        CASE(test_requeue_silent__fences_the_old_attempt),
        CASE(test_fail_silent__ends_what_ran),
        CASE(test_silence__not_observed_is_not_held_against_anybody),
        CASE(test_plans__use_indexes_however_long_the_queue),
        CASE(test_notify__wakes_once_for_each_id),
        CASE(test_role__may_schedule_but_read_neither_env_nor_logs),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
