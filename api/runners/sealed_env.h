/* SPDX-License-Identifier: Apache-2.0
 *
 * The environment of a run on its way from the database to the one hypervisor that may read it.
 */
#ifndef ERRAND_API_SEALED_ENV_H
#define ERRAND_API_SEALED_ENV_H

#include "auth/key_ring.h"
#include "base/buf.h"
#include "base/err.h"
#include "store/assignment_store.h"

/* Append, in base64, {KEY: VALUE} sealed to the hypervisor's key. Plaintext exists only inside and
 * is wiped. Errors name the variable, never its value. */
int sealed_env_put(struct buf *b, const struct key_ring *ring, const struct run_work *work,
                   struct err *e) MUST_USE;

#endif
