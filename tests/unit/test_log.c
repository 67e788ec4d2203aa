/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test.h"

#include "base/log.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a line looks like on a stderr that is `fd`. */
static void line_on(int pipe_fds[2], const char *journal_stream, char *text, size_t size)
{
    int kept = dup(STDERR_FILENO);
    assert_int_equal(dup2(pipe_fds[1], STDERR_FILENO), STDERR_FILENO);
    (void)(journal_stream == NULL ? unsetenv("JOURNAL_STREAM")
                                  : setenv("JOURNAL_STREAM", journal_stream, 1));
    log_init("test", LOG_LEVEL_INFO);
    log_warn("thing.happened text=\"%s\"", "a\nb");
    log_debug("thing.hidden");
    assert_int_equal(dup2(kept, STDERR_FILENO), STDERR_FILENO);
    (void)close(kept);
    ssize_t n = read(pipe_fds[0], text, size - 1);
    assert_true(n > 0);
    text[n] = '\0';
}

static void test_write__one_line(void **state)
{
    (void)state;
    int fds[2];
    char text[256];
    assert_int_equal(pipe(fds), 0);
    line_on(fds, NULL, text, sizeof(text));
    assert_non_null(strstr(text, "Z warn test thing.happened text=\"a b\"\n"));
    assert_true(text[0] >= '0' && text[0] <= '9');
    (void)close(fds[0]);
    (void)close(fds[1]);
}

static void test_write__priority_for_the_journal_only(void **state)
{
    (void)state;
    int fds[2];
    char text[256];
    char stream[64];
    struct stat st;
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(fstat(fds[1], &st), 0);
    (void)snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
    line_on(fds, stream, text, sizeof(text));
    assert_memory_equal(text, "<4>2", 4);
    line_on(fds, "1:2", text, sizeof(text));
    assert_int_not_equal(text[0], '<');
    (void)close(fds[0]);
    (void)close(fds[1]);
}

TEST_MAIN(cmocka_unit_test(test_write__one_line),
          cmocka_unit_test(test_write__priority_for_the_journal_only))
