/* SPDX-License-Identifier: Apache-2.0 */
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "support/test_database.h"

#include "db/db_pipe.h"

/* the pipe under test, its loop, and what came back */
struct fixture {
    h2o_loop_t *loop;
    struct db_pipe *pipe;
};

struct answer {
    bool came;
    int64_t value;
    enum err_code code;
};

static const struct statement echo = {"pipe_echo", "SELECT $1::bigint", .repeatable = true};
static const struct statement divide = {"pipe_divide", "SELECT 1 / $1::bigint", .repeatable = true};
static const struct statement slow = {"pipe_slow", "SELECT 1::bigint FROM pg_sleep(60)",
                                      .repeatable = false};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct err e = {0};
    f->loop = h2o_evloop_create();
    ASSERT_OK(db_pipe_open(f->loop, test_database_url(), &f->pipe, &e), e);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    db_pipe_close(f->pipe);
    free(f);
    return 0;
}

static void keep_answer(void *user, const struct rows *rows, const struct err *err)
{
    struct answer *answer = user;
    assert_false(answer->came);
    answer->came = true;
    answer->code = err != NULL ? err->code : ERR_OK;
    if (rows != NULL)
        answer->value = row_i64(rows, 0, 0, -1);
}

static void ask(struct fixture *f, const struct statement *statement, int64_t value,
                struct answer *answer)
{
    struct params p;
    params_init(&p, 64);
    params_add_i64(&p, value);
    *answer = (struct answer){0};
    db_pipe_run(f->pipe, statement, &p, keep_answer, answer);
    assert_false(answer->came);
}

static void run_until(struct fixture *f, const bool *done)
{
    while (!*done)
        (void)h2o_evloop_run(f->loop, 1000);
}

static void test_db_pipe_run__answers_each_of_many(void **state)
{
    static struct answer answers[500];
    struct fixture *f = *state;
    for (int i = 0; i < 500; i++)
        ask(f, &echo, i, &answers[i]);
    run_until(f, &answers[499].came);
    for (int i = 0; i < 500; i++) {
        assert_true(answers[i].came);
        assert_int_equal(answers[i].value, i);
    }
    assert_int_equal(db_pipe_load(f->pipe), 0);
}

static void test_db_pipe_run__a_failure_touches_no_neighbour(void **state)
{
    struct fixture *f = *state;
    struct answer before;
    struct answer broken;
    struct answer after;
    ask(f, &divide, 1, &before);
    ask(f, &divide, 0, &broken);
    ask(f, &divide, -1, &after);
    run_until(f, &after.came);
    assert_int_equal(before.value, 1);
    assert_int_equal(broken.code, ERR_INTERNAL);
    assert_int_equal(after.value, -1);
}

static void test_db_pipe_run__a_statement_that_cannot_be_prepared_fails_alone(void **state)
{
    static const struct statement nonsense = {"pipe_nonsense", "SELECT $1::bigint FROM nowhere",
                                              .repeatable = true};
    struct fixture *f = *state;
    struct answer broken;
    struct answer fine;
    for (int i = 0; i < 2; i++) {
        ask(f, &nonsense, 1, &broken);
        run_until(f, &broken.came);
        assert_int_equal(broken.code, ERR_INTERNAL);
        ask(f, &echo, 7, &fine);
        run_until(f, &fine.came);
        assert_int_equal(fine.value, 7);
    }
}

/* Ends the pipe's session, and only that, once it runs the slow statement. */
static void kill_session(struct fixture *f)
{
    static const struct statement kill = {
        .name = "kill",
        .sql = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
               " WHERE datname = current_database() AND pid <> pg_backend_pid()"
               " AND state = 'active' AND query LIKE '%pg_sleep%'"};
    struct db *db = test_database_open();
    int64_t killed = 0;
    while (killed == 0) {
        struct rows *rows = NULL;
        struct err e = {0};
        (void)h2o_evloop_run(f->loop, 1);
        ASSERT_OK(db_run(db, &kill, NULL, &rows, &e), e);
        killed = row_i64(rows, 0, 0, 0);
        rows_free(rows);
    }
    db_close(db);
}

static void test_db_pipe__a_lost_session_repeats_what_it_may_and_no_more(void **state)
{
    struct fixture *f = *state;
    struct answer uncertain = {0};
    struct answer repeated;
    db_pipe_run(f->pipe, &slow, NULL, keep_answer, &uncertain);
    ask(f, &echo, 42, &repeated);
    kill_session(f);
    run_until(f, &repeated.came);
    assert_int_equal(repeated.value, 42);
    assert_true(uncertain.came);
    assert_true(uncertain.code == ERR_UNCERTAIN || uncertain.code == ERR_UNAVAILABLE);
}

static void test_db_pipe_run__parameters_over_their_ceiling_fail(void **state)
{
    struct fixture *f = *state;
    struct answer answer = {0};
    struct params p;
    params_init(&p, 4);
    params_add_text(&p, "five!");
    db_pipe_run(f->pipe, &echo, &p, keep_answer, &answer);
    run_until(f, &answer.came);
    assert_int_equal(answer.code, ERR_LIMIT);
}

struct heard {
    _Atomic int session;
    int gaps;
    int notices;
    bool last;
};

static void on_notice(void *user, const char *channel, const char *payload, int session)
{
    struct heard *heard = user;
    assert_int_equal(session, heard->session);
    assert_string_equal(channel, "errand_test");
    heard->notices++;
    heard->last = strcmp(payload, "last") == 0;
}

static void on_gap(void *user)
{
    struct heard *heard = user;
    heard->gaps++;
}

static void test_db_pipe_notify__is_heard_once_a_tick(void **state)
{
    static const char *const channels[] = {"errand_test"};
    struct fixture *f = *state;
    struct heard heard = {0};
    struct answer up;
    db_pipe_report_session(f->pipe, &heard.session);
    db_pipe_listen(f->pipe, channels, 1, on_notice, on_gap, &heard);
    ask(f, &echo, 1, &up);
    run_until(f, &up.came);
    assert_int_equal(heard.gaps, 1);

    for (int i = 0; i < 10; i++)
        db_pipe_notify(f->pipe, "errand_test", "same");
    db_pipe_notify(f->pipe, "errand_test", "last");
    run_until(f, &heard.last);
    assert_int_equal(heard.notices, 2);
}

static void test_db_pipe_close__answers_what_is_outstanding(void **state)
{
    (void)state;
    struct fixture *f;
    struct answer answer;
    assert_int_equal(set_up((void **)&f), 0);
    ask(f, &echo, 1, &answer);
    assert_int_equal(tear_down((void **)&f), 0);
    assert_true(answer.came);
    assert_int_equal(answer.code, ERR_UNAVAILABLE);
}

/* A server that takes connections and says nothing is left, and tried again. */
static void test_db_pipe__does_not_wait_for_ever_to_connect(void **state)
{
    (void)state;
    char dir[] = "/tmp/errand-pipe.XXXXXX";
    char conninfo[128];
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    assert_non_null(mkdtemp(dir));
    (void)snprintf(at.sun_path, sizeof(at.sun_path), "%s/.s.PGSQL.5432", dir);
    (void)snprintf(conninfo, sizeof(conninfo), "host=%s connect_timeout=1", dir);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(listener, 8), 0);

    struct db_pipe *pipe;
    struct err e = {0};
    h2o_loop_t *loop = h2o_evloop_create();
    ASSERT_OK(db_pipe_open(loop, conninfo, &pipe, &e), e);
    int accepted[2] = {-1, -1};
    for (int i = 0; i < 2; i++) {
        while ((accepted[i] = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) < 0)
            (void)h2o_evloop_run(loop, 20);
    }
    char byte[8];
    struct pollfd left = {.fd = accepted[0], .events = POLLIN};
    assert_int_equal(poll(&left, 1, 5000), 1);
    assert_true(recv(accepted[0], byte, sizeof(byte), MSG_DONTWAIT) >= 0);

    db_pipe_close(pipe);
    for (int i = 0; i < 2; i++)
        (void)close(accepted[i]);
    (void)close(listener);
    (void)unlink(at.sun_path);
    (void)rmdir(dir);
}

/* A standby that was promoted is found although the primary before it in the list says nothing. */
static void test_db_pipe__asks_the_next_host_when_one_is_silent(void **state)
{
    (void)state;
    char dir[] = "/tmp/errand-pipe.XXXXXX";
    char conninfo[512];
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    assert_non_null(mkdtemp(dir));
    (void)snprintf(at.sun_path, sizeof(at.sun_path), "%s/.s.PGSQL.5432", dir);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(listener, 8), 0);
    const char *good = test_database_url();
    assert_memory_equal(good, "host=", 5);
    (void)snprintf(conninfo, sizeof(conninfo), "host=%s,%s connect_timeout=1", dir, good + 5);

    struct fixture f = {.loop = h2o_evloop_create()};
    struct err e = {0};
    struct answer answer;
    ASSERT_OK(db_pipe_open(f.loop, conninfo, &f.pipe, &e), e);
    ask(&f, &echo, 7, &answer);
    run_until(&f, &answer.came);
    assert_int_equal(answer.code, ERR_OK);
    assert_int_equal(answer.value, 7);

    db_pipe_close(f.pipe);
    (void)close(listener);
    (void)unlink(at.sun_path);
    (void)rmdir(dir);
}

#define WITH_PIPE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

TEST_MAIN(WITH_PIPE(test_db_pipe_run__answers_each_of_many),
          WITH_PIPE(test_db_pipe_run__a_failure_touches_no_neighbour),
          WITH_PIPE(test_db_pipe_run__a_statement_that_cannot_be_prepared_fails_alone),
          WITH_PIPE(test_db_pipe__a_lost_session_repeats_what_it_may_and_no_more),
          WITH_PIPE(test_db_pipe_run__parameters_over_their_ceiling_fail),
          WITH_PIPE(test_db_pipe_notify__is_heard_once_a_tick),
          cmocka_unit_test(test_db_pipe__does_not_wait_for_ever_to_connect),
          cmocka_unit_test(test_db_pipe__asks_the_next_host_when_one_is_silent),
          cmocka_unit_test(test_db_pipe_close__answers_what_is_outstanding))
