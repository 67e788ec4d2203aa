/* SPDX-License-Identifier: Apache-2.0 */
#include "db/db_connect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/defer.h"
#include "base/parse.h"

#define CONNECT_S 10
#define LIST_BYTES 4096

/* "a,b,c" with the item `by` first: "b,c,a". Owned; NULL for NULL. */
static char *rotate(const char *list, unsigned by)
{
    size_t items = 1;
    for (const char *c = list; c != NULL && *c != '\0'; c++)
        items += *c == ',';
    const char *from = list;
    for (size_t i = by % items; i > 0; i--)
        from = strchr(from, ',') + 1;
    if (from == list)
        return list != NULL ? strdup(list) : NULL;

    CLEANUP(buf_done) struct buf b;
    buf_init(&b, LIST_BYTES);
    buf_add_text(&b, from);
    buf_add_char(&b, ',');
    buf_add(&b, list, (size_t)(from - list) - 1);
    return buf_take(&b);
}

/* What overrides the conninfo's own; NULL leaves it as it is. */
struct hosts {
    char *host; /* all owned */
    char *hostaddr;
    char *port;
};

static void hosts_done(struct hosts *hosts)
{
    free(hosts->host);
    free(hosts->hostaddr);
    free(hosts->port);
}

static void hosts_from(struct hosts *hosts, const char *conninfo, unsigned first)
{
    PQconninfoOption *options = first > 0 ? PQconninfoParse(conninfo, NULL) : NULL;
    for (PQconninfoOption *o = options; o != NULL && o->keyword != NULL; o++) {
        if (strcmp(o->keyword, "host") == 0)
            hosts->host = rotate(o->val, first);
        else if (strcmp(o->keyword, "hostaddr") == 0)
            hosts->hostaddr = rotate(o->val, first);
        else if (strcmp(o->keyword, "port") == 0)
            hosts->port = rotate(o->val, first);
    }
    PQconninfoFree(options);
}

PGconn *db_connect_start(const char *conninfo, unsigned first)
{
    CLEANUP(hosts_done) struct hosts hosts = {0};
    hosts_from(&hosts, conninfo, first);
    /* What stands before the conninfo is what it may override: a server that has gone without a
     * word is noticed within half a minute. */
    static const char *const keywords[] = {"keepalives_idle",
                                           "keepalives_interval",
                                           "keepalives_count",
                                           "tcp_user_timeout",
                                           "dbname",
                                           "fallback_application_name",
                                           "options",
                                           "host",
                                           "hostaddr",
                                           "port",
                                           NULL};
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
        hosts.host,
        hosts.hostaddr,
        hosts.port,
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
