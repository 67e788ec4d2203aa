/* SPDX-License-Identifier: Apache-2.0 */
#include "db/db_connect.h"

#include <stdio.h>
#include <string.h>

#include "base/defer.h"
#include "base/parse.h"

#define CONNECT_S 10

PGconn *db_connect_start(const char *conninfo)
{
    /* What stands before the conninfo is what it may override: a server that has gone without a
     * word is noticed within half a minute. */
    static const char *const keywords[] = {
        "keepalives_idle", "keepalives_interval",       "keepalives_count", "tcp_user_timeout",
        "dbname",          "fallback_application_name", "options",          NULL};
    const char *values[] = {
        "15",
        "5",
        "3",
        "30000",
        conninfo,
        "errand-api",
        "-c timezone=UTC -c client_min_messages=warning -c statement_timeout=30s"
        /* statements are short and their plans do not depend on values: planning the trigger anew
         * each time costs more than running it. A plan is kept for long, so it must not be one that
         * was good while a table was small: every statement has its indexes. */
        " -c plan_cache_mode=force_generic_plan -c jit=off"
        " -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off",
        NULL};
    return PQconnectStartParams(keywords, values, 1);
}

unsigned db_connect_ms(const char *conninfo)
{
    int64_t seconds = CONNECT_S;
    PQconninfoOption *options = PQconninfoParse(conninfo, NULL);
    for (PQconninfoOption *o = options; o != NULL && o->keyword != NULL; o++) {
        if (strcmp(o->keyword, "connect_timeout") == 0 && o->val != NULL)
            IGNORE(parse_i64(o->val, 1, 3600, "connect_timeout", &seconds, NULL));
    }
    PQconninfoFree(options);
    return (unsigned)seconds * 1000;
}

/* Not through the prepared path: channels are ours, and it comes first. */
bool db_connect_listen(PGconn *conn, const char *const *channels, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char sql[64];
        if (snprintf(sql, sizeof(sql), "LISTEN %s", channels[i]) < 0)
            return false;
        PGresult *result = PQexec(conn, sql);
        bool heard = PQresultStatus(result) == PGRES_COMMAND_OK;
        PQclear(result);
        if (!heard)
            return false;
    }
    return true;
}
