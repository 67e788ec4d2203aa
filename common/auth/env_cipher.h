/* SPDX-License-Identifier: Apache-2.0
 *
 * Env values at rest: XChaCha20-Poly1305 with a random nonce. The associated data ties a value to
 * its project, its owner and its name, so a row copied elsewhere does not decrypt.
 *
 *     blob = version u8 (1) | key id length u8 | key id | nonce 24 | ciphertext | tag 16
 *     associated data = "errand-env\0" | project id 16 | owner id 16 | env key
 */
#ifndef ERRAND_AUTH_ENV_CIPHER_H
#define ERRAND_AUTH_ENV_CIPHER_H

#include <stddef.h>

#include "auth/key_ring.h"
#include "auth/secret.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/id.h"

#define ENV_CIPHER_KEY_MAX 255                                  /* bytes of an env key */
#define ENV_CIPHER_OVERHEAD_MAX (2 + KEY_RING_ID_MAX + 24 + 16) /* blob bytes above the value's */

/* Where a value belongs. */
struct env_place {
    struct id project;
    struct id owner;     /* the runner, or the run for an override */
    const char *env_key; /* at most ENV_CIPHER_KEY_MAX bytes */
};

/* Append the blob of `n` value bytes to `ret_blob`, under the ring's current key.
 * Errors: ERR_INVALID the env key is too long; ERR_LIMIT the buffer's ceiling. */
int env_cipher_encrypt(const struct key_ring *ring, const struct env_place *place,
                       const void *value, size_t n, struct buf *ret_blob, struct err *e) MUST_USE;

/* Out:     ret_value      owned, free with secret_free
 * Errors:  ERR_INVALID    cut short or of a version we do not know
 *          ERR_NOT_FOUND  the ring lacks the blob's key
 *          ERR_DENIED     altered, or not from this place */
int env_cipher_decrypt(const struct key_ring *ring, const struct env_place *place,
                       const unsigned char *blob, size_t n, struct secret **ret_value,
                       struct err *e) MUST_USE;

#endif
