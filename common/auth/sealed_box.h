/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages only one hypervisor can open: anonymous sealed boxes (X25519, XSalsa20-Poly1305) to the
 * key pair the agent keeps in its data directory. The API knows the public half only.
 *
 * The file (0600) is the 32 bytes of the private key, nothing else.
 */
#ifndef ERRAND_AUTH_SEALED_BOX_H
#define ERRAND_AUTH_SEALED_BOX_H

#include <stddef.h>

#include "auth/secret.h"
#include "base/buf.h"
#include "base/err.h"

#define SEALED_BOX_KEY_BYTES 32
#define SEALED_BOX_OVERHEAD 48 /* sealed bytes above the message's */

struct sealed_box_keys;

/* Load the key pair, or make and write one (0600) when the file is missing.
 * Out:     ret_keys     free with sealed_box_keys_free
 * Errors:  ERR_DENIED   others may read the file; ERR_INVALID not 32 bytes */
int sealed_box_keys_open(const char *path, struct sealed_box_keys **ret_keys,
                         struct err *e) MUST_USE;

void sealed_box_keys_free(struct sealed_box_keys *keys);
void sealed_box_keys_freep(struct sealed_box_keys **keys);

/* SEALED_BOX_KEY_BYTES bytes, not secret. */
const unsigned char *sealed_box_public_key(const struct sealed_box_keys *keys);

/* Append the sealed form of `n` bytes to `ret_sealed`. Any thread.
 * Errors: ERR_INVALID `public_key` is no usable key; ERR_LIMIT the buffer's ceiling. */
int sealed_box_seal(const unsigned char *public_key, const void *message, size_t n,
                    struct buf *ret_sealed, struct err *e) MUST_USE;

/* Out:     ret_message  owned, free with secret_free
 * Errors:  ERR_DENIED   altered, cut short, or sealed to another key */
int sealed_box_open(const struct sealed_box_keys *keys, const unsigned char *sealed, size_t n,
                    struct secret **ret_message, struct err *e) MUST_USE;

#endif
