/* SPDX-License-Identifier: Apache-2.0 */
#include "access/actor.h"

#include <netdb.h>
#include <string.h>
#include <sys/socket.h>

#include "http/members.h"
#include "http/route.h"

#define FORWARDED_MAX 256

/* The address the connection comes from. */
static void add_remote(struct request *rq, json_t *object)
{
    struct sockaddr_storage address;
    char host[NI_MAXHOST];
    socklen_t n = rq->req->conn->callbacks->get_peername(rq->req->conn, (void *)&address);
    bool known = n > 0 && getnameinfo((const struct sockaddr *)&address, n, host, sizeof(host),
                                      NULL, 0, NI_NUMERICHOST) == 0;
    member_text(object, "remote", known ? host : NULL);
}

/* What a proxy, or anybody, says that the address was. */
static void add_forwarded(struct request *rq, json_t *object)
{
    const char *text = request_header(rq, "x-forwarded-for");
    json_t *value = text != NULL ? json_stringn(text, strnlen(text, FORWARDED_MAX)) : NULL;
    if (value != NULL)
        member_value(object, "forwarded_for", value);
}

const char *actor_text(struct request *rq)
{
    const struct principal *who = &rq->principal;
    bool is_known = !id_is_nil(who->token_id);
    json_t *object = json_object();
    member_text(object, "kind", is_known ? token_kind_name(who->kind) : "anonymous");
    member_text(object, "name", who->name);
    member_id(object, "token_id", who->token_id);
    member_id(object, "user_id", who->user);
    member_id(object, "project_id", who->project);
    if (rq->req != NULL) {
        add_remote(rq, object);
        add_forwarded(rq, object);
    }
    member_text(object, "request_id", rq->id);
    char *text = json_dumps(object, JSON_COMPACT);
    const char *kept = request_strdup(rq, text);
    free(text);
    json_decref(object);
    return kept;
}

const char *actor_of_change(struct request *rq)
{
    bool reads = strcmp(rq->route->method, "GET") == 0;
    if (reads || rq->principal.kind == TOKEN_KIND_HYPERVISOR)
        return NULL;
    bool is_known = !id_is_nil(rq->principal.token_id);
    if (!is_known && rq->route->access != ACCESS_PUBLIC)
        return NULL; /* the question is still who asks */
    if (!is_known)
        return actor_text(rq);
    if (rq->actor == NULL)
        rq->actor = actor_text(rq);
    return rq->actor;
}
