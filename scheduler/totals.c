/* SPDX-License-Identifier: Apache-2.0 */
#include "totals.h"

#include "store/total_store.h"

/* After a time without a scheduler there is more than one step to make up; a few at once, so that
 * placing goes on. */
#define STEPS_MAX 10

int totals_tick(struct db *db, struct err *e)
{
    int64_t behind_s = 1;
    for (int i = 0; behind_s > 0 && i < STEPS_MAX; i++) {
        CLEANUP(rows_freep) struct rows *rows = NULL;
        int r = db_run(db, &total_store_add, NULL, &rows, e);
        if (r < 0)
            return r;
        behind_s = total_store_read_behind_s(rows);
    }
    return 0;
}
