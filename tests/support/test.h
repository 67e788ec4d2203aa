/* SPDX-License-Identifier: Apache-2.0
 *
 * The one header of every C test: cmocka with the headers it needs before it, and a few lines that
 * keep a test file short.
 */
#ifndef ERRAND_TESTS_SUPPORT_TEST_H
#define ERRAND_TESTS_SUPPORT_TEST_H

/* cmocka.h wants the four others first. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

/* Every test file ends with `TEST_MAIN(cmocka_unit_test(test_a__x), ...)`. */
#define TEST_MAIN(...)                                                                             \
    int main(void)                                                                                 \
    {                                                                                              \
        const struct CMUnitTest tests[] = {__VA_ARGS__};                                           \
        return cmocka_run_group_tests(tests, NULL, NULL);                                          \
    }

/* A call that must succeed; on failure the test stops with the error's message. */
#define ASSERT_OK(call, err)                                                                       \
    do {                                                                                           \
        if ((call) < 0)                                                                            \
            fail_msg("%s: %s", #call, (err).msg);                                                  \
    } while (0)

#endif
