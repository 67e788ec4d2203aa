/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test.h"

#include "base/clock.h"
#include "service/watchdog.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void watch(const char *limit_us, const char *pid)
{
    (void)(limit_us == NULL ? unsetenv("WATCHDOG_USEC") : setenv("WATCHDOG_USEC", limit_us, 1));
    (void)(pid == NULL ? unsetenv("WATCHDOG_PID") : setenv("WATCHDOG_PID", pid, 1));
}

static uint64_t every_ms(void)
{
    struct watchdog watchdog;
    watchdog_init(&watchdog);
    return watchdog.every_ms;
}

static void test_init__a_third_of_what_is_allowed(void **state)
{
    (void)state;
    char self[16];
    (void)snprintf(self, sizeof(self), "%d", (int)getpid());
    watch("30000000", NULL);
    assert_int_equal(every_ms(), 10000);
    watch("30000000", self);
    assert_int_equal(every_ms(), 10000);
    watch("1", self);
    assert_int_equal(every_ms(), 1);
}

static void test_init__nobody_watches(void **state)
{
    (void)state;
    watch(NULL, NULL);
    assert_int_equal(every_ms(), 0);
    watch("30000000", "1");
    assert_int_equal(every_ms(), 0);
    watch("soon", NULL);
    assert_int_equal(every_ms(), 0);

    struct watchdog watchdog;
    watchdog_init(&watchdog);
    assert_false(watchdog_is_due(&watchdog));
}

static void test_feed__once_when_it_is_time(void **state)
{
    (void)state;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int n = snprintf(address.sun_path, sizeof(address.sun_path), "@errand-test-watchdog-%d",
                     (int)getpid());
    (void)setenv("NOTIFY_SOCKET", address.sun_path, 1);
    address.sun_path[0] = '\0';
    CLEANUP(fd_closep) int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)n);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);

    struct watchdog watchdog;
    watch("3600000000", NULL);
    watchdog_init(&watchdog);
    watchdog_feed(&watchdog);
    assert_false(watchdog_is_due(&watchdog));
    watchdog_feed(&watchdog);

    char text[32] = "";
    assert_int_equal(recv(fd, text, sizeof(text) - 1, 0), 10);
    assert_string_equal(text, "WATCHDOG=1");
    assert_int_equal(recv(fd, text, sizeof(text) - 1, 0), -1);
    assert_true(watchdog.next_us - clock_mono_us() <= 1200 * CLOCK_US_PER_S);
}

TEST_MAIN(cmocka_unit_test(test_init__a_third_of_what_is_allowed),
          cmocka_unit_test(test_init__nobody_watches),
          cmocka_unit_test(test_feed__once_when_it_is_time))
