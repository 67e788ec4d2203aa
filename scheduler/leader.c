/* SPDX-License-Identifier: Apache-2.0 */
#include "leader.h"

#include "store/lease_store.h"

#include <limits.h>

int leader_try(struct db *db, bool *ret_leads, struct err *e)
{
    CLEANUP(rows_freep) struct rows *rows = NULL;
    int r = db_run(db, &lease_store_try_lead, NULL, &rows, e);
    if (r == 0)
        *ret_leads = row_bool(rows, 0, 0);
    return r;
}

int leader_renew(struct db *db, struct err *e)
{
    char host[HOST_NAME_MAX + 1] = "";
    (void)gethostname(host, sizeof(host) - 1);
    char holder[HOST_NAME_MAX + 32];
    (void)snprintf(holder, sizeof(holder), "%s:%d", host, (int)getpid());

    CLEANUP(params_done) struct params p;
    lease_store_renew_params(&p, "scheduler", holder);
    return db_run(db, &lease_store_renew, &p, NULL, e);
}
