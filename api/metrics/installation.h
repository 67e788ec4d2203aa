/* SPDX-License-Identifier: Apache-2.0
 *
 * The metrics of the installation, out of the rows that say them: the same at every replica.
 */
#ifndef ERRAND_API_INSTALLATION_H
#define ERRAND_API_INSTALLATION_H

#include "base/buf.h"
#include "store/counter_store.h"
#include "store/gauge_store.h"

void installation_put_queue(struct buf *b, const struct rows *rows);       /* gauge_store_queue */
void installation_put_hypervisors(struct buf *b, const struct rows *rows); /* gauge_store_... */
void installation_put_whole(struct buf *b, const struct rows *rows);       /* gauge_store_whole */
void installation_put_counters(struct buf *b, const struct rows *rows);    /* counter_store_list */

#endif
