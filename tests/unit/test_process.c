/* SPDX-License-Identifier: Apache-2.0 */
#include "service/process.h"

#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

static void test_init__no_core_dump_no_sigpipe(void **state)
{
    (void)state;
    struct err e;
    ASSERT_OK(process_init(&e), e);

    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_CORE, &limit), 0);
    assert_int_equal(limit.rlim_cur, 0);
    assert_int_equal(limit.rlim_max, 0);

    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    (void)close(ends[0]);
    assert_int_equal(write(ends[1], "x", 1), -1);
    assert_int_equal(errno, EPIPE);
    (void)close(ends[1]);
}

static void test_init__standard_descriptors_are_never_free(void **state)
{
    (void)state;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct err e;
        (void)close(STDIN_FILENO);
        (void)close(STDOUT_FILENO);
        bool ok = process_init(&e) == 0 &&
                  open("/dev/null", O_RDONLY | O_CLOEXEC) > STDERR_FILENO &&
                  fcntl(STDOUT_FILENO, F_GETFD) == 0;
        _exit(ok ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void test_signals__arrive_on_the_descriptor(void **state)
{
    (void)state;
    struct err e;
    CLEANUP(fd_closep) int fd = -1;
    ASSERT_OK(process_signals_open(true, &fd, &e), e);
    assert_int_equal(process_signal_next(fd), 0);

    (void)raise(SIGTERM);
    (void)raise(SIGCHLD);
    struct pollfd poller = {.fd = fd, .events = POLLIN};
    assert_int_equal(poll(&poller, 1, 1000), 1);

    int first = process_signal_next(fd);
    int second = process_signal_next(fd);
    assert_true((first == SIGTERM && second == SIGCHLD) || (first == SIGCHLD && second == SIGTERM));
    assert_int_equal(process_signal_next(fd), 0);
}

static void test_signals_reset__child_starts_clean(void **state)
{
    (void)state;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        process_signals_reset();
        (void)raise(SIGPIPE);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE);
}

/* A socket bound to `name` ('@' = abstract), named in NOTIFY_SOCKET. */
static int open_supervisor(const char *name)
{
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_true(fd >= 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t n = strlen(name);
    memcpy(address.sun_path, name, n);
    if (name[0] == '@')
        address.sun_path[0] = '\0';
    socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
    (void)setenv("NOTIFY_SOCKET", name, 1);
    return fd;
}

static void assert_notified(const char *name)
{
    struct err e;
    CLEANUP(fd_closep) int fd = open_supervisor(name);
    ASSERT_OK(process_notify("READY=1", &e), e);
    char text[32] = "";
    assert_int_equal(recv(fd, text, sizeof(text) - 1, 0), 7);
    assert_string_equal(text, "READY=1");
}

static void test_notify__reaches_the_supervisor(void **state)
{
    (void)state;
    char name[64];
    (void)snprintf(name, sizeof(name), "@errand-test-process-%d", (int)getpid());
    assert_notified(name);
    (void)snprintf(name, sizeof(name), "/tmp/errand-test-process-%d", (int)getpid());
    assert_notified(name);
    (void)unlink(name);
}

static void test_notify__nobody_listens(void **state)
{
    (void)state;
    struct err e;
    (void)unsetenv("NOTIFY_SOCKET");
    ASSERT_OK(process_notify("READY=1", &e), e);
    (void)setenv("NOTIFY_SOCKET", "relative", 1);
    assert_int_equal(process_notify("READY=1", &e), ERR_INVALID);
    (void)setenv("NOTIFY_SOCKET", "/does/not/exist", 1);
    assert_true(process_notify("READY=1", &e) < 0);
}

TEST_MAIN(cmocka_unit_test(test_init__no_core_dump_no_sigpipe),
          cmocka_unit_test(test_init__standard_descriptors_are_never_free),
          cmocka_unit_test(test_signals__arrive_on_the_descriptor),
          cmocka_unit_test(test_signals_reset__child_starts_clean),
          cmocka_unit_test(test_notify__reaches_the_supervisor),
          cmocka_unit_test(test_notify__nobody_listens))
