/* SPDX-License-Identifier: Apache-2.0
 *
 * Which runs a list is asked for: status, label, trigger, since, until.
 */
#ifndef ERRAND_API_RUN_FILTER_H
#define ERRAND_API_RUN_FILTER_H

#include "store/run_store.h"

#include "http/fields.h"
#include "http/request.h"

/* Read the query over `filter`; texts live as long as `f`. False when it was answered. */
bool run_filter_read(struct request *rq, struct fields *f, struct run_filter *filter);

#endif
