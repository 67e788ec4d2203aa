/* SPDX-License-Identifier: Apache-2.0
 *
 * All forms of a run's secrets, ready to be looked for. Never changes once made, so all streams
 * share one.
 *
 * Every form has at least SECRET_MIN_BYTES = 6 bytes, so wherever one begins, one of its first four
 * places is a multiple of four, and the three bytes from there on are its own: only every fourth
 * place of the text is looked at, in a bitmap of such threes, and nothing there waits for anything.
 * What the bitmap lets through is compared.
 */
#ifndef ERRAND_SHIM_SECRET_SET_H
#define ERRAND_SHIM_SECRET_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct secret_set;

/* NULL when out of memory. */
struct secret_set *secret_set_new(void);

/* Wipes and frees. */
void secret_set_free(struct secret_set *set);

/* Add every form of this value; too short a value has none. */
int secret_set_add(struct secret_set *set, const char *value, size_t n, struct err *e) MUST_USE;

/* After the last value, once. */
int secret_set_prepare(struct secret_set *set, struct err *e) MUST_USE;

/* Nothing to look for. */
bool secret_set_is_empty(const struct secret_set *set);

/* Of the longest form. */
size_t secret_set_max_bytes(const struct secret_set *set);

/* A form stands at text[from, to). Calls come with `from` never going back. */
typedef void secret_found_fn(void *ctx, size_t from, size_t to);

/* Bytes after the text that secret_set_find() may read and does not use. */
#define SECRET_SET_SLACK 4

/* Find every form in `n` bytes of text, up to the first place where one may begin that the text is
 * too short to show. Returns that place, or `n`: search again from there when there is more. */
size_t secret_set_find(const struct secret_set *set, const char *text, size_t n,
                       secret_found_fn *found, void *ctx);

/* The first place from which to the end of the text at least half of a form stands, and no less
 * than SECRET_MIN_BYTES of it; `n` if there is none. */
size_t secret_set_find_half(const struct secret_set *set, const char *text, size_t n);

#endif
