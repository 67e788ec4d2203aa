/* SPDX-License-Identifier: Apache-2.0
 *
 * Runners. A deleted one is kept as `archived`, because its runs refer to it; nothing here but
 * run_store.h sees it again.
 */
#ifndef ERRAND_STORE_RUNNER_STORE_H
#define ERRAND_STORE_RUNNER_STORE_H

#include "model/runner.h"
#include "store/db.h"
#include "store/page_rows.h"

/* The runner of a row of list, get, insert or update; texts are borrowed from the rows. */
void runner_store_read(const struct rows *rows, int row, struct runner *ret_runner);

/* A page (page_rows.h) of the project's runners, newest first. */
extern const struct statement runner_store_list;
void runner_store_list_params(struct params *p, struct id project, struct page_window window);

/* One row, or none. */
extern const struct statement runner_store_get;
void runner_store_get_params(struct params *p, struct id project, struct id runner);

/* One row: the runner as made. Needs id, project, all that may be written, and the ids of region
 * and instance type. */
extern const struct statement runner_store_insert;
void runner_store_insert_params(struct params *p, const struct runner *runner);

/* Write all of `runner` over the version it was read as. One row: the runner as it is then, its
 * version counted up if anything differs. No row: it is not there in this version any more. */
extern const struct statement runner_store_update;
void runner_store_update_params(struct params *p, const struct runner *runner);

/* Archive it and erase its environment, unless a run of it is not final. One row. */
extern const struct statement runner_store_delete;
void runner_store_delete_params(struct params *p, struct id project, struct id runner);

enum runner_deletion {
    RUNNER_DELETED,
    RUNNER_IN_USE,
    RUNNER_MISSING,
};
enum runner_deletion runner_store_delete_read(const struct rows *rows);

#endif
