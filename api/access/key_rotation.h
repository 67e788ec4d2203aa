/* SPDX-License-Identifier: Apache-2.0
 *
 * `errand-api keys rotate`: a new key for everything that is encrypted at rest, while all goes on.
 *
 *     add key ─► APIs read it ─► use it ─► APIs use it ─► encrypt anew ─► nothing is left ─► forget
 *
 * What was reached stands in the key ring and in the rows, so a rotation that was cut short goes on
 * when it is called again. An API reads the key ring again within a second of its change.
 */
#ifndef ERRAND_API_KEY_ROTATION_H
#define ERRAND_API_KEY_ROTATION_H

#include "base/err.h"
#include "store/db.h"

/* Blocks. `settle_seconds` is how long every API needs to have read a changed key ring. */
int key_rotation_run(struct db *db, const char *key_ring, int64_t settle_seconds,
                     struct err *e) MUST_USE;

#endif
