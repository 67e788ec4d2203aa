/* SPDX-License-Identifier: Apache-2.0
 *
 * The metrics of this process.
 */
#ifndef ERRAND_API_PROCESS_SERIES_H
#define ERRAND_API_PROCESS_SERIES_H

#include "base/buf.h"

struct loop;

void process_series_put(struct buf *b, const struct loop *loop);

#endif
