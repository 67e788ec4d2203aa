/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/fingerprint.h"

#include <sodium.h>

#include <stdint.h>

void fingerprint(const struct fingerprint_part *parts, size_t parts_n, unsigned char *ret_hash)
{
    crypto_generichash_state state;
    (void)crypto_generichash_init(&state, NULL, 0, FINGERPRINT_BYTES);
    for (size_t i = 0; i < parts_n; i++) {
        uint64_t n = parts[i].n;
        (void)crypto_generichash_update(&state, (const unsigned char *)&n, sizeof(n));
        (void)crypto_generichash_update(&state, parts[i].bytes, parts[i].n);
    }
    (void)crypto_generichash_final(&state, ret_hash, FINGERPRINT_BYTES);
}
