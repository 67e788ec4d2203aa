/* SPDX-License-Identifier: Apache-2.0
 *
 * Saying what went wrong, on standard error.
 */
#ifndef ERRAND_CLI_COMPLAIN_H
#define ERRAND_CLI_COMPLAIN_H

#include <errand/error.h>

/* "errand: <text>\n". Returns EXIT_OURS. */
int complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "errand: <text>: <the error's message>", and a hint where one helps. Returns EXIT_OURS. */
int complain_error(const errand_error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The same for errno: "errand: open /x: No such file or directory". Returns EXIT_OURS. */
int complain_errno(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
