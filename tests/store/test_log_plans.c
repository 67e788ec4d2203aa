/* SPDX-License-Identifier: Apache-2.0
 *
 * What reading a log costs PostgreSQL: the same number of pages wherever in a million lines, in one
 * partition, by index.
 */
#include <stdlib.h>
#include <string.h>

#include "store/log_store.h"

#include "fixture.h"

#define LINES 1000000
#define LINES_A_CHUNK "100"
#define SQL_BYTES 8192

static struct db *db;
static struct id run;

/* A log of a million lines among others, with chunks that are only as many as they would be. */
static int make_log(void **state)
{
    (void)state;
    db = test_database_migrated();
    run = fixture_run_in(db, "running", fixture_hypervisor(db));
    fixture_script(db,
                   "INSERT INTO log_chunks (run_id, attempt, first_id, last_id, raw_bytes, data)"
                   " SELECT '%s', 1, i, i + " LINES_A_CHUNK " - 1, 8400, '\\x00'"
                   " FROM generate_series(1, 1000000, " LINES_A_CHUNK ") i;"
                   "INSERT INTO log_chunks (run_id, attempt, first_id, last_id, raw_bytes, data)"
                   " SELECT overlay('%s' placing 'ffffffff' || lpad(to_hex(i), 4, '0')"
                   "   from 25 for 12)::uuid, 1,"
                   " 1, 100, 8400, '\\x00' FROM generate_series(1, 5000) i;"
                   "INSERT INTO log_heads (run_id, attempt, last_id) VALUES ('%s', 1, 1000000);",
                   ID_TEXT(run), ID_TEXT(run), ID_TEXT(run));
    fixture_script(db,
                   "ANALYZE log_chunks; ANALYZE log_heads; ANALYZE runs;"
                   "CREATE FUNCTION plan_of(query text) RETURNS text LANGUAGE plpgsql AS $f$"
                   " DECLARE line text; plan text := '';"
                   " BEGIN FOR line IN EXECUTE 'EXPLAIN (ANALYZE, BUFFERS, TIMING off) ' || query"
                   " LOOP plan := plan || line || E'\\n'; END LOOP; RETURN plan; END $f$");
    return 0;
}

static int close_db(void **state)
{
    (void)state;
    db_close(db);
    return 0;
}

/* The statement with its parameters written out; `values` are SQL. */
static void write_out(const char *sql, const char *const *values, char *text)
{
    size_t at = 0;
    for (const char *in = sql; *in != '\0'; in++) {
        if (*in != '$') {
            text[at++] = *in;
        } else {
            size_t number = (size_t)(*++in - '0');
            if (in[1] >= '0' && in[1] <= '9')
                number = number * 10 + (size_t)(*++in - '0');
            size_t n = strlen(values[number - 1]);
            memcpy(text + at, values[number - 1], n);
            at += n;
        }
        assert_true(at < SQL_BYTES - 128);
    }
    text[at] = '\0';
}

static char *plan_of(const char *sql, const char *const *values)
{
    static const struct statement ask = {"plan_of", "SELECT plan_of($1)", .repeatable = true};
    static char text[SQL_BYTES];
    write_out(sql, values, text);
    struct params p;
    params_init(&p, SQL_BYTES);
    params_add_text(&p, text);
    struct rows *rows = fixture_run(db, &ask, &p);
    char *plan = strdup(row_text(rows, 0, 0));
    rows_free(rows);
    return plan;
}

/* Pages that the whole plan touched. */
static long pages_of(const char *plan)
{
    const char *buffers = strstr(plan, "Buffers: shared");
    const char *hit = strstr(buffers, "hit=");
    const char *read = strstr(buffers, "read=");
    const char *end = strchr(buffers, '\n');
    long pages = hit != NULL && hit < end ? strtol(hit + 4, NULL, 10) : 0; /* lint: allow */
    if (read != NULL && read < end)
        pages += strtol(read + 5, NULL, 10); /* lint: allow */
    return pages;
}

static void assert_same_cost(const char *sql, int position, const char **values,
                             const char *const *places, size_t n)
{
    long least = 0;
    long most = 0;
    for (size_t i = 0; i < n; i++) {
        values[position] = places[i];
        free(plan_of(sql, values)); /* so that the pages are in memory */
        char *plan = plan_of(sql, values);
        if (strstr(plan, "Seq Scan on log_chunks") != NULL)
            fail_msg("a sequential scan:\n%s", plan);
        long pages = pages_of(plan);
        least = i == 0 || pages < least ? pages : least;
        most = pages > most ? pages : most;
        if (most > 40)
            fail_msg("%ld pages at %s, %ld elsewhere", pages, places[i], least);
        print_message("%s: %ld pages\n", places[i], pages);
        free(plan);
    }
}

static void test_follow__costs_the_same_wherever(void **state)
{
    (void)state;
    char id[64];
    (void)snprintf(id, sizeof(id), "'%s'::uuid", ID_TEXT(run));
    const char *values[] = {id, NULL, "131072", "600"};
    static const char *const places[] = {"0", "1234", "500050", "900000", "998000"};
    assert_same_cost(log_store_follow.sql, 1, values, places, ARRAY_LEN(places));
}

static void test_page__costs_the_same_wherever(void **state)
{
    (void)state;
    char id[64];
    (void)snprintf(id, sizeof(id), "'%s'::uuid", ID_TEXT(run));
    const char *values[] = {
        id,    "'" FIXTURE_PROJECT "'::uuid", "NULL", "0", "NULL", "NULL", "200", "131072", "600",
        "NULL"};
    static const char *const after[] = {"0", "1234", "500050", "998000"};
    assert_same_cost(log_store_page.sql, 3, values, after, ARRAY_LEN(after));
    values[3] = "0";
    static const char *const before[] = {"1000000", "500050", "1500"};
    assert_same_cost(log_store_page.sql, 4, values, before, ARRAY_LEN(before));
    values[4] = "NULL";
    static const char *const tail[] = {"10", "1000"};
    assert_same_cost(log_store_page.sql, 5, values, tail, ARRAY_LEN(tail));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_follow__costs_the_same_wherever),
        cmocka_unit_test(test_page__costs_the_same_wherever),
    };
    return cmocka_run_group_tests(tests, make_log, close_db);
}
