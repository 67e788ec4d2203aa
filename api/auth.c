/* SPDX-License-Identifier: Apache-2.0 */
#include "auth.h"

#include <string.h>

#include "auth/token.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "store/project_store.h"
#include "store/token_store.h"

#include "reply.h"

#define CACHE_SLOTS 512

struct cached_token {
    struct token_hash hash;
    struct principal principal;
    int64_t valid_until_us; /* monotonic; 0 = empty */
};

struct token_cache {
    struct cached_token slots[CACHE_SLOTS];
};

/* What auth keeps while the database looks a token up. */
struct lookup {
    struct token_hash hash;
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

static struct cached_token *slot_of(struct token_cache *cache, const struct token_hash *hash)
{
    uint32_t n;
    memcpy(&n, hash->bytes, sizeof(n));
    return &cache->slots[n % CACHE_SLOTS];
}

static bool may_use(enum access access, enum token_kind kind)
{
    switch (access) {
    case ACCESS_PUBLIC:
        return true;
    case ACCESS_PROJECT:
        return kind == TOKEN_KIND_USER || kind == TOKEN_KIND_PROJECT;
    case ACCESS_ADMIN:
        return kind == TOKEN_KIND_USER;
    case ACCESS_HYPERVISOR:
        return kind == TOKEN_KIND_HYPERVISOR;
    case ACCESS_JOIN:
        return kind == TOKEN_KIND_JOIN;
    }
    return false;
}

/* What a request says is looked at only once it is known who asks. Its body went with the client,
 * if that left meanwhile: then nothing is begun. */
static void handle(struct request *rq)
{
    if (rq->req != NULL && request_check_query(rq))
        rq->route->handler(rq);
}

static void on_project(struct request *rq, const struct rows *rows)
{
    if (rows_count(rows) == 0)
        reply_error(rq, ERR_NOT_FOUND, "There is no such project");
    else
        handle(rq);
}

/* A user token may name another project than its default. */
static void choose_project(struct request *rq)
{
    const char *text = request_header(rq, "x-errand-project");
    if (text == NULL)
        text = request_header(rq, "x-nodion-project");
    if (rq->principal.kind != TOKEN_KIND_USER || text == NULL) {
        handle(rq);
        return;
    }
    if (id_parse(text, strlen(text), &rq->principal.project, NULL) < 0) {
        reply_error(rq, ERR_NOT_FOUND, "There is no such project");
        return;
    }
    struct params p;
    project_store_find_params(&p, rq->principal.project);
    request_query(rq, &project_store_find, &p, on_project);
}

static void go_on(struct request *rq, const struct principal *principal)
{
    rq->principal = *principal;
    if (may_use(rq->route->access, principal->kind))
        choose_project(rq);
    else
        reply_error(rq, ERR_DENIED, "This token may not do that");
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
    struct principal principal = {
        .token_id = row.id,
        .project = row.project,
        .hypervisor = row.hypervisor,
    };
    if (token_kind_from_name(row.kind, &principal.kind, NULL) < 0)
        return false;
    size_t name_n = strlen(row.name);
    size_t fits = name_n < sizeof(principal.name) ? name_n : sizeof(principal.name) - 1;
    memcpy(principal.name, row.name, utf8_floor(row.name, fits, name_n));
    *ret_principal = principal;
    return true;
}

/* Not agents' tokens: registering again kills the old credential at once. */
static void remember(struct token_cache *cache, const struct token_hash *hash,
                     const struct principal *principal)
{
    *slot_of(cache, hash) = (struct cached_token){
        .hash = *hash,
        .principal = *principal,
        .valid_until_us = clock_mono_us() + AUTH_CACHE_SECONDS * CLOCK_US_PER_S,
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
    if (may_use(ACCESS_PROJECT, principal.kind))
        remember(rq->loop->tokens, &lookup->hash, &principal);
    go_on(rq, &principal);
}

/* The token of "Authorization: Bearer <token>", in place. */
static bool bearer_of(h2o_req_t *req, h2o_iovec_t *ret_token)
{
    static const char scheme[] = "Bearer ";
    size_t n = sizeof(scheme) - 1;
    ssize_t i = h2o_find_header(&req->headers, H2O_TOKEN_AUTHORIZATION, -1);
    if (i < 0)
        return false;
    h2o_iovec_t value = req->headers.entries[i].value;
    if (value.len <= n || strncasecmp(value.base, scheme, n) != 0)
        return false;
    *ret_token = h2o_iovec_init(value.base + n, value.len - n);
    return true;
}

void auth_then_handle(struct request *rq)
{
    if (rq->route->access == ACCESS_PUBLIC) {
        rq->route->handler(rq); /* with any query: probes and caches add to it */
        return;
    }

    h2o_iovec_t token;
    enum token_kind kind;
    if (!bearer_of(rq->req, &token)) {
        refuse(rq, "Send a token: Authorization: Bearer err_...");
        return;
    }
    if (token_parse(token.base, token.len, &kind, NULL) < 0) {
        refuse(rq, "The token is not one of ours");
        return;
    }

    const unsigned char *key = key_ring_token_key(rq->loop->config->key_ring);
    struct lookup *lookup = request_alloc(rq, sizeof(*lookup));
    lookup->hash = token_hash(key, token.base, token.len);
    rq->step = lookup;

    const struct cached_token *cached = slot_of(rq->loop->tokens, &lookup->hash);
    if (cached->valid_until_us > clock_mono_us() &&
        token_hash_equal(&cached->hash, &lookup->hash)) {
        go_on(rq, &cached->principal);
        return;
    }

    struct params p;
    token_store_find_params(&p, lookup->hash.bytes);
    request_query(rq, &token_store_find, &p, on_token);
}
