/* SPDX-License-Identifier: Apache-2.0
 *
 * BLAKE2b-256 of a sequence of parts, for telling whether two things are the same. Each part counts
 * with its length: ("ab", "c") is another sequence than ("a", "bc").
 */
#ifndef ERRAND_AUTH_FINGERPRINT_H
#define ERRAND_AUTH_FINGERPRINT_H

#include <stddef.h>

#define FINGERPRINT_BYTES 32

struct fingerprint_part {
    const void *bytes;
    size_t n;
};

/* `ret_hash` has FINGERPRINT_BYTES. */
void fingerprint(const struct fingerprint_part *parts, size_t parts_n, unsigned char *ret_hash);

#endif
