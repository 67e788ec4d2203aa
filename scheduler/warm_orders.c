/* SPDX-License-Identifier: Apache-2.0 */
#include "warm_orders.h"

#include "base/log.h"
#include "store/queue_store.h"
#include "store/warm_store.h"

#include <errno.h>

int warm_orders_place(struct db *db, struct err *e)
{
    CLEANUP(params_done) struct params p;
    CLEANUP(params_done) struct params notify;
    CLEANUP(rows_freep) struct rows *rows = NULL;
    params_init(&p, 16);
    params_init(&notify, 16);
    int r = db_run(db, &warm_store_place, &p, &rows, e);
    size_t n = r == 0 ? (size_t)rows_count(rows) : 0;
    if (n == 0)
        return r;

    CLEANUP(freep) struct id *hypervisors = calloc(n, sizeof(*hypervisors));
    if (hypervisors == NULL)
        return err_errno(e, ENOMEM, "pins");
    for (size_t i = 0; i < n; i++) {
        hypervisors[i] = warm_store_read_placed(rows, (int)i);
        log_debug("pins.changed hypervisor=%s", ID_TEXT(hypervisors[i]));
    }
    queue_store_notify_params(&notify, "errand_warm", hypervisors, n);
    return db_run(db, &queue_store_notify, &notify, NULL, e);
}
