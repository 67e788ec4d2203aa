/* SPDX-License-Identifier: Apache-2.0
 *
 * A shim whose engine misbehaves: every run ends, in time, with a reason, and says nothing that is
 * not so.
 */
#include "agent/fake_engine.h"
#include "agent/shim_fixture.h"

#include "base/clock.h"
#include "shim/control.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define JSON(body) "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" body
#define CREATED "HTTP/1.1 201 Created\r\nContent-Length: 12\r\n\r\n{\"Id\":\"abc\"}"
#define STREAM "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n"
#define NO_CONTENT "HTTP/1.1 204 No Content\r\n\r\n"
#define EXITED(code)                                                                               \
    JSON("{\"State\":{\"Running\":false,\"OOMKilled\":false,\"ExitCode\":" code "}}")
#define HELLO "\1\0\0\0\0\0\0\6hello\n"
#define WITH_SIZE(bytes) .text = (bytes), .n = sizeof(bytes) - 1

#define CREATE "POST /containers/create"
#define ATTACH "/attach?"
#define START "/start "
#define WAIT "/wait "
#define INSPECT "/json "
#define REMOVE "DELETE /containers/"

static struct fake_engine *engine;

static void use(struct shim *shim, const struct fake_answer *answers)
{
    char path[SHIM_PATH_BYTES];
    assert_true(snprintf(path, sizeof(path), "%s/engine.sock", shim_root()) < SHIM_PATH_BYTES);
    engine = fake_engine_start(path, answers);
    shim->spec.driver = DRIVER_DOCKER;
    shim->spec.image = strdup("sha256:abc");
    shim->spec.engine_socket = strdup(path);
    freep(&shim->spec.cgroup);
    shim->spec.cgroup = NULL;
}

static int tear_down(void **state)
{
    if (engine != NULL)
        fake_engine_stop(engine);
    engine = NULL;
    return shim_teardown(state);
}

#define ENGINE_TEST(f) cmocka_unit_test_setup_teardown(f, shim_setup, tear_down)

static void assert_ends(struct shim *shim, const struct fake_answer *answers,
                        enum termination_reason reason, const char *words)
{
    use(shim, answers);
    shim_run(shim);
    assert_int_equal(shim->record.reason, reason);
    if (strstr(shim->record.message, words) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", shim->record.message, words);
    assert_int_equal(fake_engine_count(engine, REMOVE), 1);
}

static void test_engine__a_good_one_is_believed(void **state)
{
    static const struct fake_answer answers[] = {
        {.match = CREATE, .text = CREATED},
        {.match = ATTACH, WITH_SIZE(STREAM HELLO)},
        {.match = START, .text = NO_CONTENT},
        {.match = WAIT, .text = JSON("{\"StatusCode\":3}")},
        {.match = INSPECT, .text = EXITED("3")},
        {.match = REMOVE, .text = NO_CONTENT},
        {.match = NULL},
    };
    struct shim *shim = *state;
    assert_ends(shim, answers, TERMINATION_EXITED, "");
    assert_int_equal(shim->record.exit_code, 3);
    shim_assert_text(shim, LOG_STREAM_STDOUT, "hello\n");
}

static void test_engine__none_is_told(void **state)
{
    struct shim *shim = *state;
    static const struct fake_answer none[] = {{.match = NULL}};
    use(shim, none);
    fake_engine_stop(engine);
    engine = NULL;
    int64_t begun_us = clock_mono_us();
    shim_run(shim);
    assert_true(clock_mono_us() - begun_us < 3 * CLOCK_US_PER_S);
    assert_int_equal(shim->record.reason, TERMINATION_START_FAILED);
    assert_non_null(strstr(shim->record.message, "connect to the engine"));
}

static void test_engine__refusals_are_passed_on(void **state)
{
    static const struct fake_answer answers[] = {
        {.match = CREATE,
         .text = "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 27\r\n\r\n"
                 "{\"message\":\"no space left\"}"},
        {.match = NULL},
    };
    assert_ends(*state, answers, TERMINATION_START_FAILED, "no space left");
}

static void test_engine__refused_start_is_the_commands_fault_or_not(void **state)
{
    static const struct fake_answer answers[] = {
        {.match = CREATE, .text = CREATED},
        {.match = ATTACH, .text = STREAM, .stays = true},
        {.match = START,
         .text =
             "HTTP/1.1 400 Bad Request\r\n\r\n{\"message\":\"exec: \\\"x\\\": executable file not "
             "found in $PATH\"}"},
        {.match = NULL},
    };
    struct shim *shim = *state;
    assert_ends(shim, answers, TERMINATION_INVALID_COMMAND, "executable file not found");
    assert_int_equal(shim->record.exit_code, 127);
}

static void test_engine__nonsense_is_no_answer(void **state)
{
    static const struct fake_answer answers[] = {
        {.match = CREATE, .text = "SSH-2.0-OpenSSH_9.2p1\r\n"},
        {.match = NULL},
    };
    assert_ends(*state, answers, TERMINATION_START_FAILED, "no HTTP");
}

static void test_engine__stream_of_nonsense_ends_the_run(void **state)
{
    static const struct fake_answer answers[] = {
        {.match = CREATE, .text = CREATED},
        {.match = ATTACH, WITH_SIZE(STREAM HELLO "garbage that is no frame")},
        {.match = START, .text = NO_CONTENT},
        {.match = WAIT, .text = JSON("{\"StatusCode\":0}")},
        {.match = INSPECT, .text = EXITED("0")},
        {.match = NULL},
    };
    struct shim *shim = *state;
    assert_ends(shim, answers, TERMINATION_INTERNAL, "frame of no known kind");
    shim_assert_text(shim, LOG_STREAM_STDOUT, "hello\n");
}

static void test_engine__stream_cut_in_a_frame_is_no_success(void **state)
{
    static const struct fake_answer answers[] = {
        {.match = CREATE, .text = CREATED},
        {.match = ATTACH, WITH_SIZE(STREAM "\1\0\0\0\0\0\0\6hel")},
        {.match = START, .text = NO_CONTENT},
        {.match = WAIT, .text = JSON("{\"StatusCode\":0}")},
        {.match = INSPECT, .text = EXITED("0")},
        {.match = NULL},
    };
    assert_ends(*state, answers, TERMINATION_INTERNAL, "within a frame");
}

static void test_engine__lost_while_running_is_no_success(void **state)
{
    static const struct fake_answer answers[] = {
        {.match = CREATE, .text = CREATED},
        {.match = ATTACH, .text = STREAM, .stays = true},
        {.match = START, .text = NO_CONTENT},
        {.match = WAIT, .text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"},
        {.match = NULL},
    };
    assert_ends(*state, answers, TERMINATION_INTERNAL, "ended within the answer");
}

static void test_engine__unknown_end_is_no_success(void **state)
{
    static const struct fake_answer answers[] = {
        {.match = CREATE, .text = CREATED},
        {.match = ATTACH, .text = STREAM},
        {.match = START, .text = NO_CONTENT},
        {.match = WAIT, .text = JSON("{\"StatusCode\":0}")},
        {.match = INSPECT, .text = JSON("{\"State\":{}}")},
        {.match = NULL},
    };
    assert_ends(*state, answers, TERMINATION_INTERNAL, "inspect the container");
}

/* Ended is ended only when its last output is here. */
static void test_engine__output_after_the_end_is_waited_for(void **state)
{
    static const struct fake_answer answers[] = {
        {.match = CREATE, .text = CREATED},
        {.match = ATTACH, WITH_SIZE(STREAM HELLO), .stays = true},
        {.match = START, .text = NO_CONTENT},
        {.match = WAIT, .text = JSON("{\"StatusCode\":0}")},
        {.match = INSPECT, .text = EXITED("0")},
        {.match = NULL},
    };
    struct shim *shim = *state;
    use(shim, answers);
    shim_start(shim);
    while (fake_engine_count(engine, WAIT) == 0)
        (void)usleep(1000);
    (void)usleep(300000);
    assert_int_equal(fake_engine_count(engine, INSPECT), 0);
    fake_engine_let_go(engine);
    shim_finish(shim);
    assert_int_equal(shim->record.reason, TERMINATION_EXITED);
    shim_assert_text(shim, LOG_STREAM_STDOUT, "hello\n");
}

static const struct fake_answer silent[] = {
    {.match = CREATE, .text = "", .stays = true},
    {.match = NULL},
};

/* What is being made is waited for before it is removed. */
static void let_go_and_finish(struct shim *shim, enum termination_reason reason)
{
    (void)usleep(1500000);
    assert_int_equal(fake_engine_count(engine, REMOVE), 0);
    fake_engine_let_go(engine);
    int64_t begun_us = clock_mono_us();
    shim_finish(shim);
    assert_true(clock_mono_us() - begun_us < 3 * CLOCK_US_PER_S);
    assert_int_equal(shim->record.reason, reason);
    assert_int_equal(fake_engine_count(engine, REMOVE), 1);
}

static void test_engine__silence_is_bounded_by_the_start_timeout(void **state)
{
    struct shim *shim = *state;
    shim->spec.start_timeout_seconds = 1;
    use(shim, silent);
    shim_start(shim);
    let_go_and_finish(shim, TERMINATION_START_FAILED);
    assert_non_null(strstr(shim->record.message, "killed before it started"));
}

static void test_engine__silence_does_not_hold_up_a_stop(void **state)
{
    struct shim *shim = *state;
    struct err e;
    use(shim, silent);
    shim_start(shim);
    while (fake_engine_count(engine, CREATE) == 0)
        (void)usleep(1000);
    ASSERT_OK(control_send(shim->run_dir, "stop", &e), e);
    let_go_and_finish(shim, TERMINATION_CANCELED);
}

/* The engine goes on making what nobody waits for: it is looked for again and again. */
static void test_engine__reaper_waits_for_what_is_being_made(void **state)
{
    struct shim *shim = *state;
    use(shim, silent);
    shim_start(shim);
    while (fake_engine_count(engine, CREATE) == 0)
        (void)usleep(1000);
    assert_int_equal(kill(shim->pid, SIGKILL), 0);
    assert_int_equal(waitpid(shim->pid, NULL, 0), shim->pid);
    assert_int_equal(shim_reap(shim), 0);
    assert_true(fake_engine_count(engine, REMOVE) > 5);
}

SHIM_MAIN(ENGINE_TEST(test_engine__a_good_one_is_believed), ENGINE_TEST(test_engine__none_is_told),
          ENGINE_TEST(test_engine__refusals_are_passed_on),
          ENGINE_TEST(test_engine__refused_start_is_the_commands_fault_or_not),
          ENGINE_TEST(test_engine__nonsense_is_no_answer),
          ENGINE_TEST(test_engine__stream_of_nonsense_ends_the_run),
          ENGINE_TEST(test_engine__stream_cut_in_a_frame_is_no_success),
          ENGINE_TEST(test_engine__lost_while_running_is_no_success),
          ENGINE_TEST(test_engine__unknown_end_is_no_success),
          ENGINE_TEST(test_engine__output_after_the_end_is_waited_for),
          ENGINE_TEST(test_engine__reaper_waits_for_what_is_being_made),
          ENGINE_TEST(test_engine__silence_is_bounded_by_the_start_timeout),
          ENGINE_TEST(test_engine__silence_does_not_hold_up_a_stop))
