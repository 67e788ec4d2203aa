/* SPDX-License-Identifier: Apache-2.0
 *
 * What a dead shim left of its spool.
 */
#ifndef ERRAND_SHIM_SPOOL_RECOVERY_H
#define ERRAND_SHIM_SPOOL_RECOVERY_H

#include <stdint.h>

#include "base/err.h"

/* Cut the spool in the working directory behind its last whole record, and say how many records it
 * has had, with how much payload. No spool counts as empty. */
int spool_recover(uint64_t *ret_records, uint64_t *ret_payload_bytes, struct err *e) MUST_USE;

#endif
