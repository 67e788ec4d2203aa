/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test.h"

#include "shim/wake.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* More than any queue of datagrams holds. */
#define FLOOD 4096

struct agent {
    char dir[32];
    char path[64];
    int fd;
    struct run_spec spec;
    struct wake wake;
};

static int set_up(void **state)
{
    static struct agent agent;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    agent = (struct agent){.dir = "/tmp/errand-wake-XXXXXX"};
    assert_non_null(mkdtemp(agent.dir));
    (void)snprintf(agent.path, sizeof(agent.path), "%s/agent.sock", agent.dir);
    memcpy(address.sun_path, agent.path, strlen(agent.path) + 1);
    agent.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(agent.fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    run_spec_init(&agent.spec);
    agent.spec.run = id_new();
    agent.spec.attempt = 3;
    agent.spec.wake_socket = strdup(agent.path);
    wake_init(&agent.wake, &agent.spec);
    *state = &agent;
    return 0;
}

static int tear_down(void **state)
{
    struct agent *agent = *state;
    wake_done(&agent->wake);
    run_spec_done(&agent->spec);
    (void)close(agent->fd);
    (void)unlink(agent->path);
    return rmdir(agent->dir);
}

/* The next datagram's event, or "". */
static const char *receive(const struct agent *agent)
{
    static char text[128];
    ssize_t got = recv(agent->fd, text, sizeof(text) - 1, 0);
    text[got < 0 ? 0 : got] = '\0';
    text[strcspn(text, " ")] = '\0';
    return text;
}

static void test_wake__logs_are_told_once_an_interval(void **state)
{
    struct agent *agent = *state;
    wake_log(&agent->wake, 1000000);
    assert_string_equal(receive(agent), "log");
    wake_log(&agent->wake, 1000001);
    assert_string_equal(receive(agent), "");
    int64_t due_us = wake_log_pending(&agent->wake, 1000002);
    assert_int_equal(due_us, 1000000 + RUN_WAKE_INTERVAL_MS * 1000);
    assert_int_equal(wake_log_pending(&agent->wake, due_us), INT64_MAX);
    assert_string_equal(receive(agent), "log");
}

static void test_wake__what_a_full_queue_refuses_comes_later(void **state)
{
    struct agent *agent = *state;
    int n = 0;
    while (n < FLOOD && wake_send(&agent->wake, "flood"))
        n++;
    assert_in_range(n, 1, FLOOD - 1);
    wake_tell(&agent->wake, "started");
    wake_log(&agent->wake, 1000000);
    int64_t due_us = wake_log_pending(&agent->wake, 1000000);
    assert_true(due_us < INT64_MAX);

    while (n-- > 0)
        assert_string_equal(receive(agent), "flood");
    assert_string_equal(receive(agent), "");
    assert_int_equal(wake_log_pending(&agent->wake, due_us), INT64_MAX);
    assert_string_equal(receive(agent), "started");
    assert_string_equal(receive(agent), "log");
}

static void test_wake__an_agent_that_is_gone_is_not_waited_for(void **state)
{
    struct agent *agent = *state;
    (void)unlink(agent->path);
    wake_tell(&agent->wake, "started");
    wake_log(&agent->wake, 1000000);
    assert_int_equal(wake_log_pending(&agent->wake, 2000000), INT64_MAX);
}

#define WAKE_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

TEST_MAIN(WAKE_TEST(test_wake__logs_are_told_once_an_interval),
          WAKE_TEST(test_wake__what_a_full_queue_refuses_comes_later),
          WAKE_TEST(test_wake__an_agent_that_is_gone_is_not_waited_for))
