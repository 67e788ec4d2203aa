/* SPDX-License-Identifier: Apache-2.0
 *
 * What an assignment stream says of a hypervisor's pins: all of them in one line.
 */
#ifndef ERRAND_API_WARM_LINE_H
#define ERRAND_API_WARM_LINE_H

#include <stdint.h>

#include "auth/key_ring.h"
#include "base/buf.h"
#include "store/warm_store.h"

/* Another one when the line would say something else; never 0. */
uint64_t warm_line_fingerprint(const struct rows *rows);

/* Append the line for the rows of warm_store_pins. A pin whose login cannot be opened is left out
 * and logged. */
void warm_line_put(struct buf *b, const struct rows *rows, const struct key_ring *ring);

#endif
