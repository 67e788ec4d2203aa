/* SPDX-License-Identifier: Apache-2.0
 *
 * Filling the caller's errand_error. `error` may be NULL in all of these.
 */
#ifndef ERRAND_SDK_FAILURE_H
#define ERRAND_SDK_FAILURE_H

#include <stddef.h>

#include <errand/error.h>

/* The message for when malloc fails. */
#define ERRAND_OUT_OF_MEMORY "out of memory"

#if defined(__GNUC__)
#define ERRAND_PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))
#else
#define ERRAND_PRINTF_LIKE(text, first)
#endif

/* Record a failure that has no HTTP answer behind it. Returns `code`. */
int errand_fail(errand_error *error, int code, const char *format, ...) ERRAND_PRINTF_LIKE(3, 4);

void errand_error_clear(errand_error *error);

/* The code behind a wire name such as "not_found", or ERRAND_OK when there is none. */
int errand_code_from_name(const char *name);

/* The code an HTTP status alone stands for; `changes` when the request was not a plain read. */
int errand_code_from_status(int http_status, int changes);

/* Copy the caller's options over the zeroed `to`: as much as both sides know of.
 * ERRAND_E_INVALID when struct_size was not set. */
int errand_options_copy(void *to, size_t n_to, const void *from, errand_error *error);

#endif
