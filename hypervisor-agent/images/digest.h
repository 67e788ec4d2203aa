/* SPDX-License-Identifier: Apache-2.0
 *
 * Content digests in their text form, "sha256:" and 64 lower-case hex digits. No other algorithm.
 */
#ifndef ERRAND_IMAGES_DIGEST_H
#define ERRAND_IMAGES_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define DIGEST_HEX_BYTES 65  /* 64 digits and NUL */
#define DIGEST_TEXT_BYTES 72 /* "sha256:", 64 digits and NUL */

/* For `n` bytes that need not end in NUL. */
bool digest_is_valid(const char *text, size_t n);

/* The hex part of a valid digest; borrowed. */
const char *digest_hex(const char *digest);

/* Write the digest of `n` bytes to `text` (DIGEST_TEXT_BYTES). */
void digest_of(const void *bytes, size_t n, char *text);

/* From the 32 bytes of a SHA-256. */
void digest_format(const unsigned char *sha256, char *text);

/* ERR_CONFLICT when `bytes` have another digest than `expected`; `what` names them. */
int digest_check(const char *expected, const void *bytes, size_t n, const char *what,
                 struct err *e) MUST_USE;

#endif
