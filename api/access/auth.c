/* SPDX-License-Identifier: Apache-2.0 */
#include "access/auth.h"

#include <string.h>

#include "auth/token.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "model/access.h"
#include "store/token_store.h"

#include "bus.h"
#include "http/rate_limit.h"
#include "http/reply.h"

#define CACHE_SLOTS 512

struct cached_token {
    struct token_hash hash;
    struct id asked; /* the project that was asked for, or nil */
    struct principal principal;
    int64_t valid_until_us; /* monotonic; 0 = empty */
    unsigned epoch;         /* bus_access_epoch() before the database was asked */
};

struct token_cache {
    struct cached_token slots[CACHE_SLOTS];
};

/* What auth keeps while the database looks a token up. */
struct lookup {
    struct token_hash hash;
    struct id asked;
    unsigned epoch;
    bool is_cookie;
};

struct token_cache *token_cache_new(void)
{
    struct token_cache *cache = h2o_mem_alloc(sizeof(*cache));
    *cache = (struct token_cache){0};
    return cache;
}

void token_cache_free(struct token_cache *cache)
{
    free(cache);
}

void auth_forget_all(struct loop *loop)
{
    bus_forget_access(loop->bus);
}

static struct cached_token *slot_of(struct token_cache *cache, const struct lookup *lookup)
{
    uint32_t n;
    memcpy(&n, lookup->hash.bytes, sizeof(n));
    return &cache->slots[(n ^ lookup->asked.bytes[15]) % CACHE_SLOTS];
}

static bool is_member_kind(enum token_kind kind)
{
    return kind == TOKEN_KIND_USER || kind == TOKEN_KIND_SESSION || kind == TOKEN_KIND_PROJECT;
}

static unsigned scope_of(enum access access)
{
    switch (access) {
    case ACCESS_READ:
        return SCOPE_READ;
    case ACCESS_RUN:
        return SCOPE_RUN;
    case ACCESS_WRITE:
        return SCOPE_WRITE;
    case ACCESS_ENV:
        return SCOPE_ENV;
    case ACCESS_MANAGE:
        return SCOPE_ADMIN;
    default:
        return 0;
    }
}

/* Whether the token is of a kind and scope that ever could, in whatever project. */
static bool may_ever(enum access access, const struct principal *principal)
{
    unsigned scope = scope_of(access);
    switch (access) {
    case ACCESS_PUBLIC:
        return true;
    case ACCESS_HYPERVISOR:
        return principal->kind == TOKEN_KIND_HYPERVISOR;
    case ACCESS_JOIN:
        return principal->kind == TOKEN_KIND_JOIN;
    case ACCESS_METRICS:
        return principal->kind == TOKEN_KIND_METRICS;
    case ACCESS_ADMIN:
        return principal->is_admin;
    default:
        return is_member_kind(principal->kind) && (principal->token_scopes & scope) == scope;
    }
}

/* What a request says is looked at only once it is known who asks. Its body went with the client,
 * if that left meanwhile: then nothing is begun. */
static void handle(struct request *rq)
{
    if (rq->req != NULL && request_check_query(rq))
        rq->route->handler(rq);
}

static void deny(struct request *rq)
{
    reply_error(rq, ERR_DENIED, "This token may not do that");
}

/* A cookie comes along by itself, also with what another site makes a browser send. */
static bool is_forged(struct request *rq)
{
    h2o_iovec_t method = rq->req->input.method;
    if (h2o_memis(method.base, method.len, H2O_STRLIT("GET")) ||
        h2o_memis(method.base, method.len, H2O_STRLIT("HEAD")))
        return false;
    const char *origin = request_header(rq, "origin");
    const char *host = origin != NULL ? strstr(origin, "://") : NULL;
    h2o_iovec_t own = rq->req->authority;
    bool is_foreign = origin != NULL &&
                      (host == NULL || !h2o_memis(host + 3, strlen(host + 3), own.base, own.len));
    return is_foreign || request_header(rq, SESSION_HEADER) == NULL;
}

static void go_on(struct request *rq, const struct lookup *lookup,
                  const struct principal *principal)
{
    enum access access = rq->route->access;
    unsigned scope = scope_of(access);
    rq->principal = *principal;
    rq->principal.by_cookie = lookup->is_cookie;
    if (lookup->is_cookie && is_forged(rq))
        reply_error(rq, ERR_DENIED, "A request with the session's cookie needs X-Errand-Session");
    else if (is_member_kind(principal->kind) && !rate_limit_admits(rq))
        reply_error(rq, ERR_LIMIT, "Too many requests with this token");
    else if (!may_ever(access, principal))
        deny(rq);
    else if (id_is_nil(principal->project) && (scope != 0 || !id_is_nil(lookup->asked)) &&
             is_member_kind(principal->kind))
        reply_error(rq, ERR_NOT_FOUND, "There is no such project");
    else if ((principal->scopes & scope) != scope)
        deny(rq);
    else
        handle(rq);
}

static void refuse(struct request *rq, const char *message)
{
    reply_header(rq, "www-authenticate", "Bearer");
    reply_error(rq, ERR_UNAUTHENTICATED, message);
}

static bool principal_of_row(const struct rows *rows, struct principal *ret_principal)
{
    struct token_row row;
    token_store_read(rows, 0, &row);
    bool is_admin = row.is_admin && (row.scopes & SCOPE_ADMIN) != 0;
    bool is_users = !id_is_nil(row.user);
    struct principal principal = {
        .token_id = row.id,
        .user = row.user,
        .project = row.project,
        .hypervisor = row.hypervisor,
        .token_scopes = row.scopes,
        .scopes = is_users && !row.is_admin ? row.scopes & role_scopes(row.role) : row.scopes,
        .is_admin = is_admin,
    };
    if (token_kind_from_name(row.kind, &principal.kind, NULL) < 0)
        return false;
    size_t name_n = strlen(row.name);
    size_t fits = name_n < sizeof(principal.name) ? name_n : sizeof(principal.name) - 1;
    memcpy(principal.name, row.name, utf8_floor(row.name, fits, name_n));
    *ret_principal = principal;
    return true;
}

static void remember(struct token_cache *cache, const struct lookup *lookup,
                     const struct principal *principal)
{
    *slot_of(cache, lookup) = (struct cached_token){
        .hash = lookup->hash,
        .asked = lookup->asked,
        .principal = *principal,
        .valid_until_us = clock_mono_us() + AUTH_CACHE_SECONDS * CLOCK_US_PER_S,
        .epoch = lookup->epoch,
    };
}

static void on_token(struct request *rq, const struct rows *rows)
{
    const struct lookup *lookup = rq->step;
    struct principal principal;
    if (rq->req == NULL)
        return;
    if (rows_count(rows) == 0 || !principal_of_row(rows, &principal)) {
        refuse(rq, "The token is unknown, expired or revoked");
        return;
    }
    if (is_member_kind(principal.kind) || principal.kind == TOKEN_KIND_HYPERVISOR)
        remember(rq->loop->tokens, lookup, &principal);
    go_on(rq, lookup, &principal);
}

/* The token of "Authorization: Bearer <token>", in place. */
static bool bearer_of(h2o_iovec_t value, h2o_iovec_t *ret_token)
{
    static const char scheme[] = "Bearer ";
    size_t n = sizeof(scheme) - 1;
    if (value.len <= n || strncasecmp(value.base, scheme, n) != 0)
        return false;
    *ret_token = h2o_iovec_init(value.base + n, value.len - n);
    return true;
}

/* The value of our cookie in "a=b; errand_session=<token>", in place. */
static bool cookie_of(h2o_iovec_t value, h2o_iovec_t *ret_token)
{
    static const char name[] = SESSION_COOKIE "=";
    size_t name_n = sizeof(name) - 1;
    const char *at = value.base;
    const char *end = value.base + value.len;
    while (at < end) {
        const char *semicolon = memchr(at, ';', (size_t)(end - at));
        const char *stop = semicolon != NULL ? semicolon : end;
        if ((size_t)(stop - at) > name_n && memcmp(at, name, name_n) == 0) {
            *ret_token = h2o_iovec_init(at + name_n, (size_t)(stop - at) - name_n);
            return true;
        }
        at = stop + 1;
        while (at < end && *at == ' ')
            at++;
    }
    return false;
}

bool auth_token_of(h2o_req_t *req, h2o_iovec_t *ret_token, bool *ret_is_cookie)
{
    ssize_t i = h2o_find_header(&req->headers, H2O_TOKEN_AUTHORIZATION, -1);
    *ret_is_cookie = i < 0;
    if (i >= 0)
        return bearer_of(req->headers.entries[i].value, ret_token);
    i = -1;
    while ((i = h2o_find_header(&req->headers, H2O_TOKEN_COOKIE, i)) >= 0) {
        if (cookie_of(req->headers.entries[i].value, ret_token))
            return true;
    }
    return false;
}

/* A session is nothing but a cookie; agents and programs have none. */
static bool may_come_so(enum token_kind kind, bool is_cookie)
{
    return is_cookie ? is_member_kind(kind) : kind != TOKEN_KIND_SESSION;
}

/* Which project is asked for; false when that is none of ours. */
static bool asked_project(struct request *rq, struct id *ret_project)
{
    const char *text = request_header(rq, "x-errand-project");
    if (text == NULL)
        text = request_header(rq, "x-nodion-project");
    *ret_project = (struct id){0};
    return text == NULL ||
           (id_parse(text, strlen(text), ret_project, NULL) == 0 && !id_is_nil(*ret_project));
}

static void look_up(struct request *rq, struct lookup *lookup)
{
    const struct cached_token *cached = slot_of(rq->loop->tokens, lookup);
    if (cached->valid_until_us > clock_mono_us() && cached->epoch == lookup->epoch &&
        token_hash_equal(&cached->hash, &lookup->hash) && id_equal(cached->asked, lookup->asked)) {
        go_on(rq, lookup, &cached->principal);
        return;
    }
    struct params p;
    token_store_find_params(&p, lookup->hash.bytes, lookup->asked);
    request_query(rq, &token_store_find, &p, on_token);
}

/* No project has it, whatever the token says. */
static const struct id no_project = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                      0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

void auth_then_handle(struct request *rq)
{
    if (rq->route->access == ACCESS_PUBLIC) {
        rq->route->handler(rq); /* with any query: probes and caches add to it */
        return;
    }

    h2o_iovec_t token;
    enum token_kind kind;
    struct lookup *lookup = request_alloc(rq, sizeof(*lookup));
    if (!auth_token_of(rq->req, &token, &lookup->is_cookie)) {
        refuse(rq, "Send a token: Authorization: Bearer err_...");
        return;
    }
    if (token_parse(token.base, token.len, &kind, NULL) < 0 ||
        !may_come_so(kind, lookup->is_cookie)) {
        refuse(rq, "The token is not one of ours");
        return;
    }
    const unsigned char *key = key_ring_token_key(rq->loop->config->key_ring);
    lookup->hash = token_hash(key, token.base, token.len);
    lookup->epoch = bus_access_epoch(rq->loop->bus);
    if (kind == TOKEN_KIND_PROJECT)
        lookup->asked = (struct id){0};
    else if (!asked_project(rq, &lookup->asked))
        lookup->asked = no_project;
    rq->step = lookup;
    look_up(rq, lookup);
}
