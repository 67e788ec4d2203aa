/* SPDX-License-Identifier: Apache-2.0
 *
 * Which hypervisors keep which runners warm. The rule is one statement; see docs/scheduling.md.
 */
#ifndef ERRAND_SCHEDULER_WARM_ORDERS_H
#define ERRAND_SCHEDULER_WARM_ORDERS_H

#include "store/db.h"

/* Bring the targets in line with what was asked for and wake the hypervisors concerned. */
int warm_orders_place(struct db *db, struct err *e) MUST_USE;

#endif
