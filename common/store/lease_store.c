/* SPDX-License-Identifier: Apache-2.0 */
#include "store/lease_store.h"

/* any number nobody else uses as an advisory lock in this database */
#define LEADER_LOCK "7162253894116"

static const char sql_prepare_session[] = "SET tcp_keepalives_idle = 5;"
                                          "SET tcp_keepalives_interval = 2;"
                                          "SET tcp_keepalives_count = 3;"
                                          "SET statement_timeout = '30s';"
                                          "SET lock_timeout = '5s'";

static const char sql_renew[] =
    "INSERT INTO leases (role, holder, renewed_at) VALUES ($1, $2, now())"
    " ON CONFLICT (role) DO UPDATE SET holder = excluded.holder,"
    " renewed_at = excluded.renewed_at";

const struct statement lease_store_try_lead = {
    "lease_try_lead", "SELECT pg_try_advisory_lock(" LEADER_LOCK ")", .repeatable = false};
const struct statement lease_store_renew = {"lease_renew", sql_renew, .repeatable = true};

int lease_store_prepare_session(struct db *db, struct err *e)
{
    return db_run_script(db, sql_prepare_session, e);
}

void lease_store_renew_params(struct params *p, const char *role, const char *holder)
{
    params_init(p, 1024);
    params_add_text(p, role);
    params_add_text(p, holder);
}
