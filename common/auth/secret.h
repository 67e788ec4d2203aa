/* SPDX-License-Identifier: Apache-2.0
 *
 * Bytes that must not leak: in guarded, locked memory, zeroed when freed, never NUL-terminated so
 * that no %s can print them.
 */
#ifndef ERRAND_AUTH_SECRET_H
#define ERRAND_AUTH_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct secret;

/* Once per process before anything else of auth/; more calls do nothing.
 * Errors: ERR_INTERNAL, no randomness to be had. */
int secret_init(struct err *e) MUST_USE;

/* `n` zero bytes to be filled through secret_bytes_mut(); NULL out of memory or of the limit on
 * locked memory. 0 bytes is allowed. */
struct secret *secret_new(size_t n);

/* A copy of `bytes`; zero the source yourself (secret_wipe). NULL as above. */
struct secret *secret_copy(const void *bytes, size_t n);

/* `n` random bytes. */
struct secret *secret_random(size_t n);

void secret_free(struct secret *s);
void secret_freep(struct secret **s);

size_t secret_len(const struct secret *s);
const unsigned char *secret_bytes(const struct secret *s);
unsigned char *secret_bytes_mut(struct secret *s);

/* In time that depends on the lengths only. */
bool secret_equal(const struct secret *a, const struct secret *b);

/* Zero memory in a way no compiler removes. */
void secret_wipe(void *bytes, size_t n);

#endif
