/* SPDX-License-Identifier: Apache-2.0 */
#include "http/created.h"

#include "http/reply.h"

void created_reply(struct request *rq, const char *collection, struct id id, const char *name,
                   json_t *object)
{
    char location[128];
    (void)snprintf(location, sizeof(location), "%s/%s", collection, ID_TEXT(id));
    reply_header(rq, "location", location);
    reply_json(rq, 200, json_pack("{s:o}", name, object));
}

void deleted_reply(struct request *rq, const struct rows *rows, const char *missing)
{
    if (rows_count(rows) == 0)
        reply_error(rq, ERR_NOT_FOUND, missing);
    else
        reply_json(rq, 200, json_pack("{s:b}", "deleted", 1));
}
