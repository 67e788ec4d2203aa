/* SPDX-License-Identifier: Apache-2.0 */
#include "logs/log_chunk.h"
#include "model/log_id.h"
#include "store/log_lines.h"
#include "store/log_store.h"

#include "fixture.h"

#define WAIT_S 600

static struct db *db;

static int open_db(void **state)
{
    (void)state;
    db = test_database_migrated();
    return 0;
}

static int close_db(void **state)
{
    (void)state;
    db_close(db);
    return 0;
}

/* A chunk of lines whose payloads are their ids. */
static void put_chunk(struct buf *b, int64_t first_id, int64_t last_id)
{
    CLEANUP(log_chunk_writer_done) struct log_chunk_writer writer;
    struct err e;
    ASSERT_OK(log_chunk_writer_init(&writer, &e), e);
    log_chunk_begin(&writer, (uint64_t)first_id);
    for (int64_t id = first_id; id <= last_id; id++) {
        char text[32];
        int n = snprintf(text, sizeof(text), "%lld", (long long)id);
        struct log_record record = {
            .ts_us = id, .stream = LOG_STREAM_STDOUT, .payload = text, .n = (size_t)n};
        assert_true(log_chunk_add(&writer, &record));
    }
    log_chunk_seal(&writer, 1, b);
}

static struct log_append_result append(struct id hypervisor, struct id run, int64_t attempt,
                                       int64_t first_id, int64_t last_id)
{
    struct buf records;
    buf_init(&records, 1 << 20);
    put_chunk(&records, first_id, last_id);
    struct log_span span = {run, attempt, first_id, last_id};
    struct log_chunk chunk = {
        1, first_id, last_id, {records.data, records.len}, (int64_t)records.len};
    struct params p;
    log_store_append_params(&p, hypervisor, &span, 1, &chunk, 1);
    buf_done(&records);

    struct rows *rows = fixture_run(db, &log_store_append, &p);
    assert_int_equal(rows_count(rows), 1);
    struct log_append_result result;
    log_store_read_append(rows, 0, &result);
    rows_free(rows);
    return result;
}

static void assert_append(struct log_append_result result, enum log_verdict verdict,
                          int64_t last_id)
{
    assert_int_equal(result.verdict, verdict);
    assert_int_equal(result.last_id, last_id);
}

static struct rows *follow(struct id run, int64_t after_id, int64_t max_bytes)
{
    struct params p;
    log_store_follow_params(&p, run, after_id, max_bytes, WAIT_S);
    return fixture_run(db, &log_store_follow, &p);
}

/* Every line after `after_id` of these rows must be its id; answers the last one. */
static int64_t check_lines(const struct rows *rows, int64_t after_id)
{
    CLEANUP(log_lines_done) struct log_lines lines;
    struct log_line line;
    struct err e;
    int64_t last_id = after_id;
    int r;
    log_lines_init(&lines, rows, after_id);
    while ((r = log_lines_next(&lines, &line, &e)) == 1) {
        char text[32];
        int n = snprintf(text, sizeof(text), "%lld", (long long)line.id);
        assert_int_equal(line.id, last_id + 1);
        assert_int_equal(line.record.n, n);
        assert_memory_equal(line.record.payload, text, line.record.n);
        last_id = line.id;
    }
    ASSERT_OK(r, e);
    return last_id;
}

static void test_append__stores_only_what_comes_next(void **state)
{
    (void)state;
    struct id hypervisor = fixture_hypervisor(db);
    struct id run = fixture_run_in(db, "running", hypervisor);

    assert_append(append(hypervisor, run, 1, 2, 5), LOG_NOT_STORED, 0);
    assert_append(append(hypervisor, run, 1, 1, 10), LOG_STORED, 10);
    assert_append(append(hypervisor, run, 1, 1, 10), LOG_NOT_STORED, 10);
    assert_append(append(hypervisor, run, 1, 8, 12), LOG_NOT_STORED, 10);
    assert_append(append(hypervisor, run, 1, 12, 13), LOG_NOT_STORED, 10);
    assert_append(append(hypervisor, run, 1, 11, 13), LOG_STORED, 13);

    struct rows *rows = follow(run, 0, 1 << 20);
    assert_int_equal(check_lines(rows, 0), 13);
    rows_free(rows);
}

static void test_append__refuses_who_does_not_have_the_run(void **state)
{
    (void)state;
    struct id hypervisor = fixture_hypervisor(db);
    struct id run = fixture_run_in(db, "running", hypervisor);
    struct id pending = fixture_run_in(db, "pending", (struct id){0});

    assert_append(append(fixture_hypervisor(db), run, 1, 1, 1), LOG_REFUSED, 0);
    assert_append(append(hypervisor, run, 2, 1, 1), LOG_REFUSED, 0);
    assert_append(append(hypervisor, pending, 1, 1, 1), LOG_REFUSED, 0);
    assert_append(append(hypervisor, id_new(), 1, 1, 1), LOG_NO_RUN, 0);
    assert_string_equal(
        fixture_text(db, "SELECT count(*) FROM log_heads WHERE run_id = '%s'", ID_TEXT(run)), "0");
}

static void test_append__completes_a_finished_run_and_no_more(void **state)
{
    (void)state;
    struct id hypervisor = fixture_hypervisor(db);
    struct id run = fixture_run_in(db, "running", hypervisor);
    assert_append(append(hypervisor, run, 1, 1, 3), LOG_STORED, 3);
    fixture_script(db,
                   "UPDATE runs SET state = 'failed', termination_reason = 'timeout',"
                   " exit_code = 124, log_lines = 5 WHERE id = '%s'",
                   ID_TEXT(run));

    struct log_run seen;
    struct rows *rows = follow(run, 3, 1 << 20);
    assert_true(log_store_read_run(rows, &seen));
    assert_false(log_run_is_complete(&seen));
    rows_free(rows);

    assert_append(append(hypervisor, run, 1, 4, 6), LOG_REFUSED, 3);
    assert_append(append(hypervisor, run, 1, 4, 5), LOG_STORED, 5);

    rows = follow(run, 3, 1 << 20);
    assert_true(log_store_read_run(rows, &seen));
    assert_true(log_run_is_complete(&seen));
    assert_int_equal(seen.state, RUN_FAILED);
    assert_int_equal(seen.reason, TERMINATION_TIMEOUT);
    assert_true(seen.has_exit_code);
    assert_int_equal(seen.exit_code, 124);
    assert_string_equal(seen.hypervisor, ID_TEXT(hypervisor));
    assert_int_equal(check_lines(rows, 3), 5);
    rows_free(rows);
}

static void test_append__judges_each_span_of_a_batch_for_itself(void **state)
{
    (void)state;
    struct id hypervisor = fixture_hypervisor(db);
    struct id runs[3] = {fixture_run_in(db, "running", hypervisor),
                         fixture_run_in(db, "running", hypervisor), id_new()};
    struct buf records;
    buf_init(&records, 1 << 20);
    put_chunk(&records, 1, 2);
    size_t second = records.len;
    put_chunk(&records, 3, 4);

    struct log_span spans[] = {{runs[0], 1, 1, 4}, {runs[2], 1, 1, 2}, {runs[1], 1, 3, 4}};
    struct log_chunk chunks[] = {{1, 1, 2, {records.data, second}, 1},
                                 {1, 3, 4, {records.data + second, records.len - second}, 1},
                                 {2, 1, 2, {records.data, second}, 1},
                                 {3, 3, 4, {records.data + second, records.len - second}, 1}};
    struct params p;
    log_store_append_params(&p, hypervisor, spans, 3, chunks, 4);
    struct rows *rows = fixture_run(db, &log_store_append, &p);
    struct log_append_result results[3];
    assert_int_equal(rows_count(rows), 3);
    for (int i = 0; i < 3; i++)
        log_store_read_append(rows, i, &results[i]);
    rows_free(rows);
    buf_done(&records);

    assert_append(results[0], LOG_STORED, 4);
    assert_append(results[1], LOG_NO_RUN, 0);
    assert_append(results[2], LOG_NOT_STORED, 0);
    rows = follow(runs[0], 0, 1 << 20);
    assert_int_equal(check_lines(rows, 0), 4);
    rows_free(rows);
}

static void test_follow__reads_on_from_any_line_within_its_bytes(void **state)
{
    (void)state;
    struct id hypervisor = fixture_hypervisor(db);
    struct id run = fixture_run_in(db, "running", hypervisor);
    for (int64_t id = 1; id < 100; id += 10)
        assert_append(append(hypervisor, run, 1, id, id + 9), LOG_STORED, id + 9);

    for (int64_t after_id = 0; after_id <= 100; after_id++) {
        struct rows *rows = follow(run, after_id, 1);
        assert_int_equal(rows_count(rows), 1);
        int64_t chunk_end = after_id >= 100 ? 100 : (after_id / 10 + 1) * 10;
        assert_int_equal(check_lines(rows, after_id), chunk_end);
        rows_free(rows);
    }
    struct rows *rows = follow(run, 1000, 1 << 20);
    assert_int_equal(check_lines(rows, 1000), 1000);
    rows_free(rows);
}

static void test_follow__reads_the_present_attempt(void **state)
{
    (void)state;
    struct id hypervisor = fixture_hypervisor(db);
    struct id run = fixture_run_in(db, "running", hypervisor);
    assert_append(append(hypervisor, run, 1, 1, 5), LOG_STORED, 5);
    fixture_script(db, "UPDATE runs SET attempt = 2 WHERE id = '%s'", ID_TEXT(run));

    struct log_run seen;
    struct rows *rows = follow(run, 0, 1 << 20);
    assert_true(log_store_read_run(rows, &seen));
    assert_int_equal(seen.attempt, 2);
    assert_int_equal(seen.stored, log_id_base(2));
    assert_int_equal(log_store_after_id(rows), log_id_base(2));
    assert_int_equal(log_store_first_id(rows), 0);
    rows_free(rows);
}

static void test_follow__ids_grow_over_attempts(void **state)
{
    (void)state;
    struct id hypervisor = fixture_hypervisor(db);
    struct id run = fixture_run_in(db, "running", hypervisor);
    assert_append(append(hypervisor, run, 1, 1, 50), LOG_STORED, 50);
    fixture_script(db, "UPDATE runs SET attempt = 2 WHERE id = '%s'", ID_TEXT(run));
    assert_append(append(hypervisor, run, 2, 1, 7), LOG_STORED, 7);

    /* the last of the first attempt is before each of the second; of those, one is not the first */
    const int64_t positions[] = {0, 50, log_id_base(2), log_id_base(2) + 3};
    const int64_t firsts[] = {1, 1, 1, 4};
    for (size_t i = 0; i < ARRAY_LEN(positions); i++) {
        struct err e;
        struct log_line line;
        CLEANUP(log_lines_done) struct log_lines lines;
        struct rows *rows = follow(run, positions[i], 1 << 20);
        log_lines_init(&lines, rows, log_store_after_id(rows));
        int64_t id = log_id_base(2) + firsts[i];
        while (log_lines_next(&lines, &line, &e) == 1)
            assert_int_equal(line.id, id++);
        assert_int_equal(id, log_id_base(2) + 8);
        rows_free(rows);
    }
}

static void test_follow__tells_a_damaged_chunk(void **state)
{
    (void)state;
    struct id hypervisor = fixture_hypervisor(db);
    struct id run = fixture_run_in(db, "running", hypervisor);
    assert_append(append(hypervisor, run, 1, 1, 5), LOG_STORED, 5);
    fixture_script(db, "UPDATE log_chunks SET data = set_byte(data, 30, 255) WHERE run_id = '%s'",
                   ID_TEXT(run));

    CLEANUP(log_lines_done) struct log_lines lines;
    struct log_line line;
    struct err e;
    int r;
    struct rows *rows = follow(run, 0, 1 << 20);
    log_lines_init(&lines, rows, 0);
    while ((r = log_lines_next(&lines, &line, &e)) == 1)
        continue;
    assert_int_equal(r, ERR_INTERNAL);
    rows_free(rows);
}

static bool is_given_up(struct id run)
{
    struct log_run seen;
    struct rows *rows = follow(run, 0, 1 << 20);
    assert_true(log_store_read_run(rows, &seen));
    rows_free(rows);
    return seen.is_given_up;
}

/* Its hypervisor was away, or its clock is an hour slow. */
static void test_follow__a_log_has_the_whole_wait_however_late_the_end_is_told(void **state)
{
    (void)state;
    struct id run = fixture_run_in(db, "succeeded", fixture_hypervisor(db));
    fixture_script(db,
                   "UPDATE runs SET log_lines = 5, created_at = now() - interval '2 hours',"
                   " completed_at = now() - interval '1 hour', updated_at = now() WHERE id = '%s'",
                   ID_TEXT(run));
    assert_false(is_given_up(run));
    fixture_script(db, "UPDATE runs SET updated_at = now() - interval '1 hour' WHERE id = '%s'",
                   ID_TEXT(run));
    assert_true(is_given_up(run));
}

static void assert_page(struct id run, struct log_page page, int64_t after_id, int64_t first_read)
{
    struct params p;
    page.limit = page.limit > 0 ? page.limit : 10;
    page.max_bytes = 1 << 20;
    page.wait_s = WAIT_S;
    log_store_page_params(&p, fixture_project(), (struct id){0}, run, &page);
    struct rows *rows = fixture_run(db, &log_store_page, &p);
    assert_int_equal(log_store_after_id(rows), after_id);
    assert_int_equal(log_store_first_id(rows), first_read);
    rows_free(rows);
}

static void test_page__begins_where_it_was_asked_to(void **state)
{
    (void)state;
    struct id hypervisor = fixture_hypervisor(db);
    struct id run = fixture_run_in(db, "running", hypervisor);
    for (int64_t id = 1; id < 100; id += 10)
        assert_append(append(hypervisor, run, 1, id, id + 9), LOG_STORED, id + 9);

    assert_page(run, (struct log_page){0}, 0, 1);
    assert_page(run, (struct log_page){.after_id = 10}, 10, 11);
    assert_page(run, (struct log_page){.after_id = 15}, 15, 11);
    assert_page(run, (struct log_page){.after_id = 100}, 100, 0);
    assert_page(run, (struct log_page){.tail = 3}, 97, 91);
    assert_page(run, (struct log_page){.tail = 300}, 0, 1);
    assert_page(run, (struct log_page){.tail = 3, .after_id = 98}, 98, 91);
    assert_page(run, (struct log_page){.before_id = 51}, 40, 41);
    assert_page(run, (struct log_page){.before_id = 5}, 0, 1);
    assert_page(run, (struct log_page){.before_id = 1000}, 90, 91);
    assert_page(run, (struct log_page){.before_id = INT64_C(1) << 52}, 90, 91);
}

static void test_find__keeps_projects_apart(void **state)
{
    (void)state;
    struct id run = fixture_run_in(db, "pending", (struct id){0});
    struct {
        struct id project;
        struct id runner;
        int found;
    } cases[] = {
        {fixture_project(), {{0}}, 1}, {id_new(), {{0}}, 0}, {fixture_project(), id_new(), 0}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct params p;
        log_store_find_params(&p, cases[i].project, cases[i].runner, run);
        struct rows *rows = fixture_run(db, &log_store_find, &p);
        assert_int_equal(rows_count(rows), cases[i].found);
        rows_free(rows);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_append__stores_only_what_comes_next),
        cmocka_unit_test(test_append__refuses_who_does_not_have_the_run),
        cmocka_unit_test(test_append__completes_a_finished_run_and_no_more),
        cmocka_unit_test(test_append__judges_each_span_of_a_batch_for_itself),
        cmocka_unit_test(test_follow__reads_on_from_any_line_within_its_bytes),
        cmocka_unit_test(test_follow__reads_the_present_attempt),
        cmocka_unit_test(test_follow__ids_grow_over_attempts),
        cmocka_unit_test(test_follow__tells_a_damaged_chunk),
        cmocka_unit_test(test_follow__a_log_has_the_whole_wait_however_late_the_end_is_told),
        cmocka_unit_test(test_page__begins_where_it_was_asked_to),
        cmocka_unit_test(test_find__keeps_projects_apart),
    };
    return cmocka_run_group_tests(tests, open_db, close_db);
}
