/* SPDX-License-Identifier: Apache-2.0 */
#include "store/run_columns.h"
#include "store/run_trigger_store.h"

#include "fixture.h"

#include <pthread.h>
#include <sched.h>
#include <string.h>

static struct db *db;
static struct rows *rows; /* of the latest statement */

static int open_database(void **state)
{
    (void)state;
    db = test_database_migrated();
    return 0;
}

static int close_database(void **state)
{
    (void)state;
    rows_free(rows);
    rows = NULL;
    db_close(db);
    return 0;
}

static int run(const struct statement *statement, struct params *p)
{
    rows_free(rows);
    rows = fixture_run(db, statement, p);
    return rows_count(rows);
}

/* A runner made by SQL, so that this file tests runs alone. */
static struct id make_runner(void)
{
    struct id made = fixture_run_in(db, "succeeded", (struct id){0});
    struct id runner;
    const char *text =
        fixture_text(db, "SELECT runner_id FROM runs WHERE id = '%s'", ID_TEXT(made));
    assert_int_equal(id_parse(text, strlen(text), &runner, NULL), 0);
    fixture_script(db, "DELETE FROM runs WHERE id = '%s'", ID_TEXT(made));
    return runner;
}

static void set_runner(struct id runner, const char *assignments)
{
    fixture_script(db, "UPDATE runners SET %s WHERE id = '%s'", assignments, ID_TEXT(runner));
}

static struct run_request request_of(struct id runner)
{
    return (struct run_request){
        .id = id_new(),
        .project = fixture_project(),
        .runner = runner,
        .priority = RUN_UNKNOWN,
        .trigger_kind = "api",
        .trigger_by = "tester",
    };
}

static int trigger(const struct run_request *request)
{
    struct params p;
    run_trigger_store_make_params(&p, request, 1);
    return run(&run_trigger_store_make, &p) == 1 && run_trigger_store_is_made(rows, 0, request->id);
}

static struct run read_row(int row)
{
    struct run found;
    run_store_read(rows, row, &found);
    return found;
}

static struct run trigger_ok(const struct run_request *request)
{
    assert_int_equal(trigger(request), 1);
    return read_row(0);
}

static struct run_place place_of(struct id id)
{
    return (struct run_place){.project = fixture_project(), .run = id};
}

static int get(struct run_place place)
{
    struct params p;
    run_store_get_params(&p, &place, 1);
    return run(&run_store_get, &p);
}

static struct run stop_ok(struct id id)
{
    struct params p;
    run_store_place_params(&p, place_of(id));
    assert_int_equal(run(&run_store_stop, &p), 1);
    return read_row(0);
}

static struct run get_ok(struct id id)
{
    assert_int_equal(get(place_of(id)), 1);
    return read_row(0);
}

static void test_get__says_why_it_waits_as_of_now(void **state)
{
    (void)state;
    struct id runner = make_runner();
    set_runner(runner, "hypervisor_labels = '{\"zone\":\"b\",\"gpu\":\"a\"}'");
    struct run_request request = request_of(runner);
    (void)trigger_ok(&request);
    assert_string_equal(get_ok(request.id).pending_reason, "scheduler_down");
    assert_string_equal(get_ok(request.id).pending_message,
                        "no scheduler has been heard of for 10 s");

    fixture_script(db, "INSERT INTO leases VALUES ('scheduler', 'x', now())");
    assert_string_equal(get_ok(request.id).pending_reason, "queued");
    assert_null(get_ok(request.id).pending_message);
    fixture_script(db, "INSERT INTO queue_notes SELECT id, 256, 500, E'gpu=a\\nzone=b',"
                       " 'insufficient_memory', 'need 256' FROM regions WHERE slug = 'local'");
    assert_string_equal(get_ok(request.id).pending_reason, "insufficient_memory");
    assert_string_equal(get_ok(request.id).pending_message, "need 256");

    set_runner(runner, "max_concurrency = 1");
    struct run_request second = request_of(runner);
    struct run_request third = request_of(runner);
    (void)trigger_ok(&second); /* the first counts although it came before the limit */
    (void)trigger_ok(&third);
    assert_string_equal(get_ok(third.id).pending_reason, "concurrency_limit");
    assert_string_equal(get_ok(third.id).pending_message, "at most 1 at once, 1 before it");
    fixture_script(db, "DELETE FROM leases; DELETE FROM queue_notes");
}

static void test_trigger__copies_the_runner(void **state)
{
    (void)state;
    struct id runner = make_runner();
    set_runner(runner, "version = 7, argv = '{a,\"b c\",\"\"}',"
                       " labels = '{\"k\":\"v\"}', entrypoint = '/e', priority = 9");
    struct run_request request = request_of(runner);
    struct run made = trigger_ok(&request);

    assert_true(id_equal(made.id, request.id));
    assert_true(id_equal(made.runner, runner));
    assert_int_equal(made.state, RUN_PENDING);
    assert_int_equal(made.runner_version, 7);
    assert_int_equal(made.priority, 9);
    assert_string_equal(made.image, "box:latest");
    assert_null(made.command);
    assert_string_equal(made.argv, "[\"a\", \"b c\", \"\"]");
    assert_string_equal(made.entrypoint, "/e");
    assert_string_equal(made.labels, "{\"k\": \"v\"}");
    assert_string_equal(made.env_keys, "[]");
    assert_string_equal(made.pending_reason, "scheduler_down");
    assert_string_equal(made.trigger_by, "tester");
    assert_string_equal(made.instance_type.slug, "standard-s");
    assert_string_equal(made.region.slug, "local");
    assert_int_equal(made.price_second_nano, 1000);
    assert_int_equal(made.exit_code, RUN_UNKNOWN);
    assert_int_equal(made.attempt, 0);
    assert_true(id_is_nil(made.hypervisor));
    assert_string_equal(fixture_text(db,
                                     "SELECT memory_mb || ' ' || log_limit_bytes FROM runs"
                                     " WHERE id = '%s'",
                                     ID_TEXT(request.id)),
                        "256 1048576");
}

/* A trigger answers what the run is to be, without reading it. */
static void test_trigger__says_what_a_read_says(void **state)
{
    (void)state;
    struct id runner = make_runner();
    set_runner(runner,
               "labels = '{\"b\":\"1\",\"a\":\"2\"}', argv = '{x,y}', image_digest = 'sha256:0',"
               " retry = '{\"max_attempts\":2}', max_concurrency = 3, entrypoint = '/e'");
    struct run_request request = request_of(runner);
    (void)trigger_ok(&request);
    CLEANUP(rows_freep) struct rows *said = TAKE_PTR(rows);
    fixture_script(db, "UPDATE runs SET slot = NULL, hold = 'concurrency_limit' WHERE id = '%s'",
                   ID_TEXT(request.id));
    assert_int_equal(get(place_of(request.id)), 1);
    for (int column = COLUMN_ID; column < COLUMN_TYPE + CATALOG_TYPE_COLUMN_COUNT; column++) {
        size_t said_n;
        size_t n;
        const void *was_said = row_bytes(said, 0, column, &said_n);
        const void *is_read = row_bytes(rows, 0, column, &n);
        if (column == COLUMN_PENDING_MESSAGE)
            continue; /* of a held run: it is read again */
        assert_int_equal(row_is_null(said, 0, column), row_is_null(rows, 0, column));
        assert_int_equal(said_n, n);
        assert_memory_equal(was_said, is_read, n);
    }
}

static void test_trigger__request_wins(void **state)
{
    (void)state;
    struct id runner = make_runner();
    set_runner(runner, "run_command = 'old', labels = '{\"a\":\"1\",\"b\":\"1\"}'");
    struct run_request request = request_of(runner);
    request.replaces_command = true;
    request.argv = "[\"x y\",\"\"]";
    request.entrypoint = "/new";
    request.timeout_seconds = 3;
    request.priority = 0;
    request.instance_type = "standard-m";
    request.labels = "{\"b\":\"2\",\"c\":\"2\"}";
    struct run made = trigger_ok(&request);

    assert_null(made.command);
    assert_string_equal(made.argv, "[\"x y\", \"\"]");
    assert_string_equal(made.entrypoint, "/new");
    assert_int_equal(made.timeout_seconds, 3);
    assert_int_equal(made.priority, 0);
    assert_string_equal(made.instance_type.slug, "standard-m");
    assert_int_equal(made.price_second_nano, 4000);
    assert_string_equal(made.labels, "{\"a\": \"1\", \"b\": \"2\", \"c\": \"2\"}");
}

static void test_trigger__freezes_the_environment(void **state)
{
    (void)state;
    struct id runner = make_runner();
    fixture_script(db,
                   "INSERT INTO runner_env (id, runner_id, env_key, value, secret) VALUES"
                   " ('%s', '%s', 'b', 'runner b', true), ('%s', '%s', 'A', 'runner A', true)",
                   ID_TEXT(id_new()), ID_TEXT(runner), ID_TEXT(id_new()), ID_TEXT(runner));
    const struct run_env env[] = {{"b", "run b", 5}, {"C", "run C", 5}};
    struct run_request request = request_of(runner);
    request.env = env;
    request.env_n = ARRAY_LEN(env);
    struct run made = trigger_ok(&request);

    assert_string_equal(made.env_keys, "[\"A\", \"C\", \"b\"]");
    fixture_script(db, "DELETE FROM runner_env WHERE runner_id = '%s'", ID_TEXT(runner));
    char expected[256];
    (void)snprintf(expected, sizeof(expected), "A=runner A@%s C=run C@%s b=run b@%s",
                   ID_TEXT(runner), ID_TEXT(request.id), ID_TEXT(request.id));
    assert_string_equal(
        fixture_text(db,
                     "SELECT string_agg(env_key || '=' || convert_from(value, 'UTF8') || '@' ||"
                     " owner_id, ' ' ORDER BY env_key COLLATE \"C\") FROM run_env"
                     " WHERE run_id = '%s'",
                     ID_TEXT(request.id)),
        expected);
}

static void test_trigger__twice_is_once(void **state)
{
    (void)state;
    const struct run_env env = {"K", "v", 1};
    struct run_request request = request_of(make_runner());
    request.env = &env;
    request.env_n = 1;
    (void)trigger_ok(&request);
    assert_int_equal(trigger(&request), 0);
    assert_string_equal(
        fixture_text(db, "SELECT count(*) FROM run_env WHERE run_id = '%s'", ID_TEXT(request.id)),
        "1");
}

/* Each that was made, as its kind's row says. */
static size_t count_made(const struct run_request *requests, size_t n)
{
    size_t made = 0;
    for (int row = 0; row < rows_count(rows); row++) {
        struct run first = read_row(row);
        size_t of = 0;
        while (!id_equal(first.id, requests[of].id))
            assert_true(++of < n);
        assert_true(id_equal(first.runner, requests[of].runner));
        if (requests[of].timeout_seconds != 0)
            assert_int_equal(first.timeout_seconds, requests[of].timeout_seconds);
        for (size_t i = 0; i < n; i++)
            made += run_kinds_are_alike(&requests[i], &requests[of]) &&
                    run_trigger_store_is_made(rows, row, requests[i].id);
    }
    return made;
}

static size_t make(const struct run_request *requests, size_t n)
{
    struct params p;
    run_trigger_store_make_params(&p, requests, n);
    (void)run(&run_trigger_store_make, &p);
    return count_made(requests, n);
}

static const char *count_runs(struct id runner)
{
    return fixture_text(db, "SELECT count(*) FROM runs WHERE runner_id = '%s'", ID_TEXT(runner));
}

static void test_trigger__many_at_once_are_each_their_own(void **state)
{
    (void)state;
    const struct run_env env[] = {{"A", "a", 1}, {"B", "bb", 2}};
    const struct id runners[] = {make_runner(), make_runner()};
    struct run_request requests[RUN_TRIGGER_MAX];
    for (size_t i = 0; i < RUN_TRIGGER_MAX; i++) {
        requests[i] = request_of(runners[i % 2]);
        requests[i].timeout_seconds = 1 + (int64_t)i;
        requests[i].env = env;
        requests[i].env_n = i % 3;
    }
    requests[5].runner = id_new();
    requests[6].instance_type = "nothing";
    requests[8].project = id_new();

    assert_int_equal(make(requests, RUN_TRIGGER_MAX), RUN_TRIGGER_MAX - 3);
    assert_string_equal(
        fixture_text(db,
                     "SELECT string_agg(env_key || encode(value, 'escape'), ' ' ORDER BY env_key)"
                     " FROM run_env WHERE run_id = '%s'",
                     ID_TEXT(requests[2].id)),
        "Aa Bbb");
    assert_string_equal(
        fixture_text(db, "SELECT env_keys FROM runs WHERE id = '%s'", ID_TEXT(requests[2].id)),
        "{A,B}");
    assert_string_equal(
        fixture_text(db, "SELECT env_keys FROM runs WHERE id = '%s'", ID_TEXT(requests[1].id)),
        "{A}");

    assert_string_equal(fixture_text(db,
                                     "SELECT count(DISTINCT timeout_seconds) FROM runs"
                                     " WHERE runner_id IN ('%s', '%s')",
                                     ID_TEXT(runners[0]), ID_TEXT(runners[1])),
                        "125");

    /* as after a lost connection: nothing is made twice */
    assert_int_equal(make(requests, RUN_TRIGGER_MAX), 0);
    assert_string_equal(count_runs(runners[0]), "62");
    assert_string_equal(count_runs(runners[1]), "63");
}

/* Two that differ in nothing but the id are one row, and two runs with their own values. */
static void test_trigger__alike_is_one_row(void **state)
{
    (void)state;
    const struct id runner = make_runner();
    const struct run_env env[] = {{"A", "one", 3}, {"A", "two", 3}};
    struct run_request requests[] = {request_of(runner), request_of(runner), request_of(runner)};
    requests[0].env = &env[0];
    requests[2].env = &env[1];
    requests[0].env_n = requests[2].env_n = 1;
    fixture_script(db,
                   "INSERT INTO runner_env (id, runner_id, env_key, value, secret) SELECT"
                   " gen_random_uuid(), '%s', k, 'runner', true FROM unnest('{A,Z}'::text[]) k",
                   ID_TEXT(runner));
    assert_int_equal(make(requests, ARRAY_LEN(requests)), 3);
    assert_int_equal(rows_count(rows), 2);
    for (size_t i = 0; i < ARRAY_LEN(requests); i++)
        assert_string_equal(
            fixture_text(db,
                         "SELECT string_agg(env_key || encode(value, 'escape'), ' ' ORDER BY"
                         " env_key) FROM run_env WHERE run_id = '%s'",
                         ID_TEXT(requests[i].id)),
            i == 0   ? "Aone Zrunner"
            : i == 1 ? "Arunner Zrunner"
                     : "Atwo Zrunner");

    /* two are there already, and keep what they have */
    fixture_script(db,
                   "UPDATE runner_env SET env_key = 'Y' WHERE runner_id = '%s' AND env_key = 'Z'",
                   ID_TEXT(runner));
    requests[2].id = id_new();
    assert_int_equal(make(requests, ARRAY_LEN(requests)), 1);
    assert_string_equal(count_runs(runner), "4");
    assert_string_equal(fixture_text(db,
                                     "SELECT string_agg(env_key, '' ORDER BY env_key) FROM run_env"
                                     " WHERE run_id = '%s'",
                                     ID_TEXT(requests[0].id)),
                        "AZ");
}

static size_t make_once(const struct run_request *requests, size_t n)
{
    struct params p;
    run_trigger_store_make_once_params(&p, requests, n);
    (void)run(&run_trigger_store_make_once, &p);
    return count_made(requests, n);
}

/* A key is claimed with the run, for what is made and for nothing else. */
static void test_trigger__a_key_makes_one(void **state)
{
    (void)state;
    const struct id runner = make_runner();
    struct run_request requests[] = {request_of(runner), request_of(runner), request_of(id_new())};
    const char *const keys[] = {"key-b", "key-a", "key-c"};
    for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
        requests[i].key = keys[i];
        memset(requests[i].key_hash, (int)i, sizeof(requests[i].key_hash));
    }
    requests[1].timeout_seconds = 7;
    assert_int_equal(make_once(requests, ARRAY_LEN(requests)), 2);
    assert_string_equal(
        fixture_text(db,
                     "SELECT string_agg(key || get_byte(hash, 31) || object_id, ' ' ORDER BY"
                     " key) = 'key-a1%s key-b0%s' FROM idempotency_keys",
                     ID_TEXT(requests[1].id), ID_TEXT(requests[0].id)),
        "true");

    /* sent again by somebody who knows nothing of the first time, and with a key of its own */
    requests[0].id = id_new();
    requests[1].id = id_new();
    requests[1].key = "key-d";
    assert_int_equal(make_once(requests, 2), 1);
    assert_string_equal(count_runs(runner), "3");

    /* a day later it is forgotten */
    fixture_script(db, "UPDATE idempotency_keys SET created_at = now() - interval '25 hours'"
                       " WHERE key = 'key-b'");
    assert_int_equal(make_once(requests, 1), 1);
    assert_int_equal(make_once(requests, 1), 0);
    assert_string_equal(count_runs(runner), "4");
}

static void set_quota(const char *text)
{
    fixture_script(db, "UPDATE projects SET max_open_runs = %s WHERE id = '%s'", text,
                   ID_TEXT(fixture_project()));
}

static void test_trigger__under_a_quota_kind_by_kind(void **state)
{
    (void)state;
    struct id runner = make_runner();
    struct run_request requests[] = {request_of(runner), request_of(runner)};
    requests[1].timeout_seconds = requests[0].timeout_seconds + 1;
    set_quota("1000000");
    assert_int_equal(make(requests, 2), 0);

    requests[1].timeout_seconds = requests[0].timeout_seconds;
    set_quota("(SELECT 1 + count(*) FROM runs WHERE state IN ('pending', 'assigned', 'running'))");
    assert_int_equal(make(requests, 2), 0); /* not for both */
    set_quota("max_open_runs + 1");
    assert_int_equal(make(requests, 2), 2);
    requests[0].id = id_new();
    assert_int_equal(trigger(&requests[0]), 0);
    set_quota("max_open_runs + 1");
    assert_int_equal(trigger(&requests[0]), 1);
    assert_string_equal(count_runs(runner), "3");
    set_quota("NULL");
}

static void test_get__many_at_once(void **state)
{
    (void)state;
    struct run_request request = request_of(make_runner());
    struct id run_id = trigger_ok(&request).id;
    const struct run_place places[] = {{fixture_project(), {{0}}, id_new()},
                                       {fixture_project(), {{0}}, run_id},
                                       {id_new(), {{0}}, run_id},
                                       {fixture_project(), request.runner, run_id},
                                       {fixture_project(), id_new(), run_id}};
    struct params p;
    run_store_get_params(&p, places, ARRAY_LEN(places));
    assert_int_equal(run(&run_store_get, &p), 2);
    assert_int_equal(run_store_number(rows, 0) + run_store_number(rows, 1), 1 + 3);
    assert_true(id_equal(read_row(0).id, run_id));
}

static unsigned refusal(const struct run_request *request)
{
    struct params p;
    run_trigger_store_refusal_params(&p, request);
    assert_int_equal(run(&run_trigger_store_refusal, &p), 1);
    return run_trigger_store_refusal_read(rows);
}

static void test_trigger__refusals_are_told_apart(void **state)
{
    (void)state;
    struct id runner = make_runner();
    set_runner(runner, "labels = (SELECT jsonb_object_agg('a' || i, '') FROM"
                       " generate_series(1, 31) i)");
    struct run_request fits = request_of(runner);
    fits.labels = "{\"b\":\"\",\"a1\":\"\"}";
    assert_int_equal(trigger(&fits), 1);

    struct run_request request = request_of(runner);
    request.labels = "{\"b\":\"\",\"c\":\"\"}";
    request.instance_type = "nothing";
    assert_int_equal(trigger(&request), 0);
    assert_int_equal(refusal(&request), RUN_REFUSAL_INSTANCE_TYPE | RUN_REFUSAL_LABELS);

    request.instance_type = NULL;
    assert_int_equal(trigger(&request), 0);
    assert_int_equal(refusal(&request), RUN_REFUSAL_LABELS);

    request.labels = NULL;
    request.project = id_new();
    assert_int_equal(trigger(&request), 0);
    assert_int_equal(refusal(&request), RUN_REFUSAL_RUNNER);

    request.project = fixture_project();
    set_runner(runner, "status = 'archived'");
    assert_int_equal(trigger(&request), 0);
    assert_int_equal(refusal(&request), RUN_REFUSAL_RUNNER);
}

static void test_get__belongs_to_project_and_runner(void **state)
{
    (void)state;
    struct id id = fixture_run_in(db, "pending", (struct id){0});
    assert_int_equal(get(place_of(id)), 1);
    struct id runner = read_row(0).runner;

    struct run_place place = place_of(id);
    place.runner = runner;
    assert_int_equal(get(place), 1);
    place.runner = id_new();
    assert_int_equal(get(place), 0);
    place = place_of(id);
    place.project = id_new();
    assert_int_equal(get(place), 0);
    set_runner(runner, "status = 'archived'");
    assert_int_equal(get(place_of(id)), 1);
}

static void test_get__counts_the_lines_of_this_attempt(void **state)
{
    (void)state;
    struct id id = fixture_run_in(db, "running", fixture_hypervisor(db));
    fixture_script(db, "INSERT INTO log_heads VALUES ('%s', 0, 9), ('%s', 1, 4)", ID_TEXT(id),
                   ID_TEXT(id));
    assert_int_equal(get(place_of(id)), 1);
    assert_int_equal(read_row(0).log_lines, 4);
    assert_non_null(read_row(0).hypervisor_name);
}

static void test_stop__pending_is_canceled_at_once(void **state)
{
    (void)state;
    struct id id = fixture_run_in(db, "pending", (struct id){0});
    struct run stopped = stop_ok(id);
    assert_int_equal(stopped.state, RUN_CANCELED);
    assert_string_equal(stopped.termination_reason, "canceled");
    assert_true(stopped.completed_at_us > 0);
    assert_int_equal(stopped.exit_code, RUN_UNKNOWN);

    int64_t completed_at_us = stopped.completed_at_us;
    int64_t updated_at_us = stopped.updated_at_us;
    struct run again = stop_ok(id);
    assert_true(again.completed_at_us == completed_at_us);
    assert_true(again.updated_at_us == updated_at_us);
}

/* One that was asked to stop, then given back because its hypervisor was lost. */
static void test_stop__pending_again_is_canceled(void **state)
{
    (void)state;
    struct id id = fixture_run_in(db, "pending", (struct id){0});
    fixture_script(db, "UPDATE runs SET stop_requested = true WHERE id = '%s'", ID_TEXT(id));
    assert_int_equal(stop_ok(id).state, RUN_CANCELED);
}

static void test_stop__one_on_a_hypervisor_is_asked(void **state)
{
    (void)state;
    static const char *const states[] = {"assigned", "running"};
    for (size_t i = 0; i < ARRAY_LEN(states); i++) {
        struct id hypervisor = fixture_hypervisor(db);
        struct id id = fixture_run_in(db, states[i], hypervisor);
        int64_t asked_at_us = 0;
        for (int times = 0; times < 2; times++) {
            struct run stopped = stop_ok(id);
            assert_true(times == 0 || stopped.updated_at_us == asked_at_us);
            asked_at_us = stopped.updated_at_us;
            assert_string_equal(run_state_name(stopped.state), states[i]);
            assert_true(stopped.stop_requested);
            assert_null(stopped.termination_reason);
            assert_true(stopped.completed_at_us == 0);
            assert_true(id_equal(stopped.hypervisor, hypervisor));
        }
    }
}

static void test_stop__final_stays_as_it_is(void **state)
{
    (void)state;
    static const char *const states[] = {"succeeded", "failed", "canceled"};
    for (size_t i = 0; i < ARRAY_LEN(states); i++) {
        struct id id = fixture_run_in(db, states[i], fixture_hypervisor(db));
        struct run stopped = stop_ok(id);
        assert_string_equal(run_state_name(stopped.state), states[i]);
        assert_false(stopped.stop_requested);
    }
}

static void *stop_in_thread(void *id)
{
    struct db *own = test_database_migrated();
    struct params p;
    run_store_place_params(&p, place_of(*(struct id *)id));
    struct rows *answer = fixture_run(own, &run_store_stop, &p);
    db_close(own);
    return answer;
}

/* Another session ends the run while the stop waits for its lock. */
static void test_stop__sees_an_end_that_came_first(void **state)
{
    (void)state;
    struct id id = fixture_run_in(db, "running", fixture_hypervisor(db));
    fixture_script(db, "BEGIN; UPDATE runs SET state = 'succeeded', exit_code = 0 WHERE id = '%s'",
                   ID_TEXT(id));
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, stop_in_thread, &id), 0);
    while (strcmp(fixture_text(db, "SELECT count(*) FROM pg_locks WHERE NOT granted"), "0") == 0)
        (void)sched_yield();
    fixture_script(db, "COMMIT");

    void *answer = NULL;
    assert_int_equal(pthread_join(thread, &answer), 0);
    rows = answer;
    assert_int_equal(rows_count(rows), 1);
    struct run stopped = read_row(0);
    assert_int_equal(stopped.state, RUN_SUCCEEDED);
    assert_int_equal(stopped.exit_code, 0);
    assert_false(stopped.stop_requested);
}

static int list(const struct statement *statement, const struct run_filter *filter)
{
    struct params p;
    run_store_list_params(&p, filter);
    return run(statement, &p);
}

static void test_list__newest_first_in_pages(void **state)
{
    (void)state;
    struct id runner = make_runner();
    struct id ids[5];
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        struct run_request request = request_of(runner);
        ids[i] = request.id;
        (void)trigger_ok(&request);
    }
    struct run_filter filter = {
        .project = fixture_project(), .runner = runner, .window = {.limit = 3}};
    assert_int_equal(list(&run_store_list_of_runner, &filter), 3);
    assert_int_equal(page_rows_total(rows), 5);
    assert_int_equal(page_rows_count(rows), 3);
    for (int i = 0; i < 3; i++)
        assert_true(id_equal(read_row(i).id, ids[4 - i]));

    filter.window.offset = 3;
    (void)list(&run_store_list_of_runner, &filter);
    assert_int_equal(page_rows_count(rows), 2);
    assert_true(id_equal(read_row(1).id, ids[0]));

    filter.window.offset = 6;
    (void)list(&run_store_list_of_runner, &filter);
    assert_int_equal(page_rows_count(rows), 0);
    assert_int_equal(page_rows_total(rows), 5);

    filter.window.offset = 0;
    (void)list(&run_store_list, &filter);
    assert_int_equal(page_rows_count(rows), 3);
    assert_true(page_rows_total(rows) >= 5);
    assert_true(id_equal(read_row(0).id, ids[4]));
}

static void test_list__of_no_runner_is_no_row(void **state)
{
    (void)state;
    struct run_filter filter = {
        .project = fixture_project(), .runner = id_new(), .window = {.limit = 3}};
    assert_int_equal(list(&run_store_list_of_runner, &filter), 0);
    filter.runner = make_runner();
    (void)list(&run_store_list_of_runner, &filter);
    assert_int_equal(page_rows_count(rows), 0);
    assert_int_equal(page_rows_total(rows), 0);
    filter.project = id_new();
    assert_int_equal(list(&run_store_list_of_runner, &filter), 0);
}

/* How many of the project's runs of `runner` the filter lets through. */
static int64_t matches(struct run_filter filter, struct id runner)
{
    filter.project = fixture_project();
    filter.runner = runner;
    filter.window.limit = 10;
    (void)list(&run_store_list_of_runner, &filter);
    assert_int_equal(page_rows_total(rows), page_rows_count(rows));
    return page_rows_total(rows);
}

static void test_list__filters(void **state)
{
    (void)state;
    struct id runner = make_runner();
    struct run_request one = request_of(runner);
    one.labels = "{\"team\":\"a\",\"x\":\"y\"}";
    struct run_request two = request_of(runner);
    two.trigger_kind = "schedule";
    (void)trigger_ok(&one);
    (void)trigger_ok(&two);
    fixture_script(db, "UPDATE runs SET state = 'assigned' WHERE id = '%s'", ID_TEXT(one.id));
    fixture_script(db, "UPDATE runs SET state = 'failed' WHERE id = '%s'", ID_TEXT(two.id));
    (void)get(place_of(two.id));
    int64_t made_at_us = read_row(0).created_at_us;

    assert_int_equal(matches((struct run_filter){0}, runner), 2);
    assert_int_equal(matches((struct run_filter){.status = "pending"}, runner), 1);
    assert_int_equal(matches((struct run_filter){.status = "failed"}, runner), 1);
    assert_int_equal(matches((struct run_filter){.status = "running"}, runner), 0);
    assert_int_equal(matches((struct run_filter){.labels = "{\"team\":\"a\"}"}, runner), 1);
    assert_int_equal(matches((struct run_filter){.labels = "{\"team\":\"b\"}"}, runner), 0);
    assert_int_equal(matches((struct run_filter){.trigger = "schedule"}, runner), 1);
    assert_int_equal(matches((struct run_filter){.since_us = made_at_us}, runner), 1);
    assert_int_equal(matches((struct run_filter){.until_us = made_at_us}, runner), 1);
    assert_int_equal(matches((struct run_filter){.since_us = made_at_us + 1}, runner), 0);
    assert_int_equal(matches((struct run_filter){.until_us = made_at_us + 1}, runner), 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_database, close_database)
TEST_MAIN(TEST(test_get__says_why_it_waits_as_of_now), TEST(test_trigger__copies_the_runner),
          TEST(test_trigger__says_what_a_read_says), TEST(test_trigger__request_wins),
          TEST(test_trigger__freezes_the_environment), TEST(test_trigger__twice_is_once),
          TEST(test_trigger__many_at_once_are_each_their_own), TEST(test_trigger__alike_is_one_row),
          TEST(test_trigger__a_key_makes_one), TEST(test_trigger__under_a_quota_kind_by_kind),
          TEST(test_get__many_at_once), TEST(test_trigger__refusals_are_told_apart),
          TEST(test_get__belongs_to_project_and_runner),
          TEST(test_get__counts_the_lines_of_this_attempt),
          TEST(test_stop__pending_is_canceled_at_once), TEST(test_stop__pending_again_is_canceled),
          TEST(test_stop__one_on_a_hypervisor_is_asked), TEST(test_stop__final_stays_as_it_is),
          TEST(test_stop__sees_an_end_that_came_first), TEST(test_list__newest_first_in_pages),
          TEST(test_list__of_no_runner_is_no_row), TEST(test_list__filters))
