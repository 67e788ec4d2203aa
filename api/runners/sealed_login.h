/* SPDX-License-Identifier: Apache-2.0
 *
 * A container registry's login as a hypervisor gets it: decrypted and at once sealed again, to its
 * key.
 */
#ifndef ERRAND_API_SEALED_LOGIN_H
#define ERRAND_API_SEALED_LOGIN_H

#include "auth/key_ring.h"
#include "base/buf.h"
#include "base/err.h"
#include "model/container_registry.h"

/* Append, in base64, {"host","username","password","ca_pem","insecure"} sealed to `public_key`.
 * Plaintext exists only inside and is wiped. */
int sealed_login_put(struct buf *b, const struct key_ring *ring,
                     const struct container_registry *registry, const unsigned char *public_key,
                     struct err *e) MUST_USE;

#endif
