/* SPDX-License-Identifier: Apache-2.0
 *
 * One request on its way through handlers and database answers.
 *
 * It outlives the client: when the client goes away `req` becomes NULL, replies turn into nothing,
 * and callbacks still run, so that what was begun is finished (a NOTIFY after a commit, say). It is
 * freed when neither the client nor a statement holds it.
 */
#ifndef ERRAND_API_REQUEST_H
#define ERRAND_API_REQUEST_H

#include <jansson.h>

#include "auth/token.h"
#include "base/err.h"
#include "base/id.h"
#include "store/db.h"

#include <h2o.h>

#include "loop.h"
#include "metrics/figures.h"

#define REQUEST_PATH_IDS 3

/* Who asks. For a project token `project` is fixed; for a user it is X-Errand-Project, or the
 * token's default, or the first that it is a member of. */
struct principal {
    enum token_kind kind;
    struct id token_id;    /* nil: nobody */
    struct id user;        /* nil but for user tokens and sessions */
    struct id project;     /* nil: none; always for hypervisor and join tokens */
    struct id hypervisor;  /* nil but for hypervisor tokens */
    unsigned token_scopes; /* enum scope, of the token alone */
    unsigned scopes;       /* in the project: of the token and of the user's role */
    bool is_admin;         /* of the installation */
    bool by_cookie;        /* how the token came */
    char name[64];
};

struct route;

struct request {
    h2o_req_t *req; /* NULL once the client is gone or has its answer */
    struct loop *loop;
    const struct route *route;
    struct id path_ids[REQUEST_PATH_IDS]; /* the ":id" segments, in order */
    struct principal principal;
    char id[ID_TEXT_BYTES]; /* X-Request-Id */
    int64_t begun_us;       /* monotonic; 0: how long it takes says nothing of us */
    enum timing timing;     /* that it counts for, too; TIMING_COUNT: none */
    void *state;            /* the handler's own between its callbacks; from request_alloc() */
    struct connection *connection; /* entered until the request is freed */
    /* private to request.c but for `step` */
    json_t *body;
    json_t *kept; /* an array */
    void *memory;
    void *step;        /* of what comes before the handler goes to work: auth.c, idempotency.c */
    const char *actor; /* of actor.c, once it was needed */
    struct request_account *account; /* NULL: h2o is done with it, or it was let go */
    int refs;
};

/* One route's work. Must lead to exactly one reply, now or from a callback. */
typedef void request_handler(struct request *rq);

/* Only on success; on failure the request has been answered with the error already. */
typedef void request_rows_callback(struct request *rq, const struct rows *rows);

/* Also on failure: `err` is NULL on success. For handlers that read more into an error. */
typedef void request_result_callback(struct request *rq, const struct rows *rows,
                                     const struct err *err);

/* Run a statement for this request; `p` is moved. The callback is asynchronous. */
void request_query(struct request *rq, const struct statement *statement, struct params *p,
                   request_rows_callback *on_rows);
void request_query_result(struct request *rq, const struct statement *statement, struct params *p,
                          request_result_callback *on_result);

/* Zeroed memory that lives as long as the request; the program aborts when there is none left. */
void *request_alloc(struct request *rq, size_t n);
char *request_strdup(struct request *rq, const char *text);

/* Hold a reference to `value` as long as the request lives. NULL is allowed. */
void request_keep(struct request *rq, json_t *value);

/* The JSON object in the body, borrowed. Answers 400, 413 or 415 itself and returns NULL when there
 * is none; an empty body reads as {} when `may_be_empty`. Duplicate keys, depth over
 * LIMIT_JSON_DEPTH and bytes that are not UTF-8 are refused; texts may hold NUL. */
json_t *request_json(struct request *rq, bool may_be_empty);

/* The raw body, borrowed. */
h2o_iovec_t request_body(const struct request *rq);

/* Percent-decoded value of a query parameter, from request memory; NULL when absent. A value with
 * NUL or bad UTF-8 reads as absent. */
const char *request_query_param(struct request *rq, const char *name);

/* An integer query parameter in min..max, `fallback` when absent. Answers 400 itself and returns
 * false when it is something else. */
bool request_query_int(struct request *rq, const char *name, int64_t min, int64_t max,
                       int64_t fallback, int64_t *ret_value);

/* False, and answered, when there is a query parameter that the route does not have. */
bool request_check_query(struct request *rq);

/* Value of a request header (lower-case name), from request memory; NULL when absent. */
const char *request_header(struct request *rq, const char *name);

/* Keep the request alive across something that is no statement (a timer, a subscription). */
struct request *request_ref(struct request *rq);
void request_unref(struct request *rq);

/* Its answer goes on for long (stream.h) and needs nothing of it: do not keep it until then. For a
 * handler that was called back by request_query() or the like, which has it for the rest of the
 * call. Connection and loop count the answer on. */
void request_let_go(struct request *rq);

#endif
