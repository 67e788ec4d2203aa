/* SPDX-License-Identifier: Apache-2.0
 *
 * What runners have been doing lately.
 */
#ifndef ERRAND_STORE_ACTIVITY_STORE_H
#define ERRAND_STORE_ACTIVITY_STORE_H

#include "base/id.h"
#include "model/run.h"
#include "store/db.h"
#include "store/page_rows.h"

#define ACTIVITY_RUNS 20 /* of each runner */

/* A page (page_rows.h) of runners, in the order of runner_store_list, each with its newest runs,
 * newest first: a row a run. */
extern const struct statement activity_store_list;
void activity_store_list_params(struct params *p, struct id project, struct page_window window);

/* Fills `runner`, and of its run the id, state and times; false when the runner has none. */
bool activity_store_read(const struct rows *rows, int row, struct run *ret_run);

#endif
