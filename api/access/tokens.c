/* SPDX-License-Identifier: Apache-2.0
 *
 * A token's text is shown once, in the answer to its making. With an Idempotency-Key the text is
 * made of our token key, that key and the request, so that a repeated request gets it again; it is
 * never stored.
 */
#include "access/tokens.h"

#include <string.h>

#include "auth/fingerprint.h"
#include "auth/secret.h"
#include "auth/token.h"
#include "base/clock.h"
#include "model/access.h"
#include "model/limits.h"
#include "store/token_store.h"

#include "access/auth.h"
#include "http/created.h"
#include "http/fields.h"
#include "http/idempotency.h"
#include "http/list.h"
#include "http/members.h"
#include "http/reply.h"
#include "http/text_rules.h"

#define MISSING "There is no such token"

/* Between the statements; in rq->state. */
struct making {
    struct token_info info;
    const char *scopes; /* JSON array of texts, or NULL */
    char text[TOKEN_TEXT_BYTES];
};

static json_t *scopes_json(unsigned scopes)
{
    json_t *list = json_array();
    for (size_t i = 0; i < SCOPE_COUNT; i++) {
        if ((scopes & 1u << i) != 0)
            (void)json_array_append_new(list, json_string(scope_name(i)));
    }
    return list;
}

static json_t *token_json(const struct token_info *info)
{
    bool joins = strcmp(info->kind, "join") == 0;
    json_t *object = json_object();
    member_id(object, "id", info->id);
    member_text(object, "kind", info->kind);
    member_text(object, "name", info->name);
    member_id(object, "project_id", info->project);
    member_id(object, "user_id", info->user);
    member_value(object, "scopes", joins ? json_array() : scopes_json(info->scopes));
    member_time(object, "created_at", info->created_at_us);
    member_time(object, "expires_at", info->expires_at_us);
    return object;
}

/* One's own, and the project's for who manages it. */
static struct token_owner owner_of(const struct request *rq)
{
    bool manages = (rq->principal.scopes & SCOPE_ADMIN) != 0;
    struct token_owner owner = {.user = rq->principal.user};
    if (manages)
        owner.project = rq->principal.project;
    return owner;
}

static void on_list(struct request *rq, const struct rows *rows)
{
    json_t *tokens = json_array();
    for (int i = 0; i < page_rows_count(rows); i++) {
        struct token_info info;
        token_store_read_info(rows, i, &info);
        (void)json_array_append_new(tokens, token_json(&info));
    }
    list_reply(rq, "tokens", tokens, page_rows_total(rows));
}

static void list(struct request *rq, struct token_owner owner)
{
    struct pagination pages;
    if (!list_read_pages(rq, &pages))
        return;
    struct params p;
    token_store_list_params(&p, owner, pagination_window(&pages));
    request_query(rq, &token_store_list, &p, on_list);
}

void tokens_list(struct request *rq)
{
    list(rq, owner_of(rq));
}

void join_tokens_list(struct request *rq)
{
    list(rq, (struct token_owner){.joins = true});
}

static void on_created(struct request *rq, const struct rows *rows)
{
    struct making *making = rq->state;
    struct token_info info;
    token_store_read_info(rows, 0, &info);
    json_t *object = token_json(&info);
    member_text(object, "token", making->text);
    secret_wipe(making->text, sizeof(making->text));
    bool joins = strcmp(info.kind, "join") == 0;
    created_reply(rq, joins ? "/v1/hypervisor_tokens" : "/v1/tokens", info.id, "token", object);
}

/* The same request with the same Idempotency-Key makes the same text. */
static void make_text(struct request *rq, enum token_kind kind, struct id id, char *text)
{
    const unsigned char *key = key_ring_token_key(rq->loop->config->key_ring);
    const char *idempotency_key = request_header(rq, "idempotency-key");
    if (idempotency_key == NULL) {
        token_make(kind, text);
        return;
    }
    const struct fingerprint_part parts[] = {
        {"token", 5},
        {id.bytes, sizeof(id.bytes)},
        {idempotency_key, strlen(idempotency_key)},
        {rq->req->entity.base, rq->req->entity.len},
    };
    unsigned char hash[FINGERPRINT_BYTES];
    fingerprint(parts, ARRAY_LEN(parts), hash);
    token_make_of(kind, key, hash, text);
}

static void create(struct request *rq, struct id id)
{
    struct making *making = rq->state;
    enum token_kind kind = TOKEN_KIND_USER;
    IGNORE(token_kind_from_name(making->info.kind, &kind, NULL));
    making->info.id = id;
    make_text(rq, kind, id, making->text);
    struct token_hash hash = token_hash(key_ring_token_key(rq->loop->config->key_ring),
                                        making->text, strlen(making->text));
    struct params p;
    token_store_create_params(&p, &making->info, hash.bytes);
    request_query(rq, &token_store_create, &p, on_created);
}

/* `most` is what the new token may have at most. */
static void read_scopes(struct fields *f, struct making *making, unsigned most)
{
    if (making->scopes == NULL) {
        making->info.scopes = most;
        return;
    }
    json_t *list = json_loads(making->scopes, 0, NULL);
    size_t i;
    json_t *item;
    unsigned scopes = 0;
    json_array_foreach(list, i, item)
    {
        unsigned scope = scope_from_name(json_string_value(item));
        if (scope == 0)
            problems_add(&f->problems, "scopes", "must be of read, run, write, env, admin");
        else if ((most & scope) == 0)
            problems_add(&f->problems, "scopes", "must be among those that you have");
        scopes |= scope;
    }
    if (scopes == 0 && !problems_has(&f->problems, "scopes"))
        problems_add(&f->problems, "scopes", "must not be empty");
    making->info.scopes = scopes;
    json_decref(list);
}

#define MAKING(member) .offset = offsetof(struct making, member)
#define NAME_AND_EXPIRY                                                                            \
    {"name",                                                                                       \
     FIELD_TEXT,                                                                                   \
     FIELD_REQUIRED,                                                                               \
     MAKING(info.name),                                                                            \
     .min = 1,                                                                                     \
     .max = LIMIT_USER_NAME_MAX,                                                                   \
     .check = text_rule_one_line},                                                                 \
    {                                                                                              \
        "expires_at", FIELD_TIME, FIELD_NULLABLE, MAKING(info.expires_at_us)                       \
    }

static bool read_body(struct request *rq, struct fields *f, const struct field *table, size_t n)
{
    json_t *body = request_json(rq, false);
    if (body == NULL)
        return false;
    struct making *making = rq->state;
    fields_read(f, "", body, table, n, making);
    if (making->info.expires_at_us != 0 && making->info.expires_at_us <= clock_now_us())
        problems_add(&f->problems, "expires_at", "must be in the future");
    request_keep(rq, f->kept);
    return true;
}

void tokens_create(struct request *rq)
{
    static const char *const kinds[] = {"user", "project", NULL};
    static const struct field table[] = {
        NAME_AND_EXPIRY,
        {"kind", FIELD_CHOICE, FIELD_REQUIRED, MAKING(info.kind), .choices = kinds},
        {"scopes", FIELD_ARGV, MAKING(scopes)},
    };
    struct making *making = request_alloc(rq, sizeof(*making));
    rq->state = making;
    CLEANUP(fields_done) struct fields f;
    fields_init(&f);
    if (!read_body(rq, &f, table, ARRAY_LEN(table)))
        return;
    const struct principal *who = &rq->principal;
    bool is_projects = making->info.kind != NULL && strcmp(making->info.kind, "project") == 0;
    read_scopes(&f, making, is_projects ? who->scopes : who->token_scopes);
    if (reply_if_problems(rq, &f.problems))
        return;
    if (is_projects ? (who->scopes & SCOPE_ADMIN) == 0 : id_is_nil(who->user)) {
        reply_error(rq, ERR_DENIED,
                    is_projects ? "Only who manages the project may do that"
                                : "A project token has no user");
        return;
    }
    making->info.project = who->project;
    if (!is_projects)
        making->info.user = who->user;
    idempotency_claim(rq, create);
}

void join_tokens_create(struct request *rq)
{
    static const struct field table[] = {NAME_AND_EXPIRY};
    struct making *making = request_alloc(rq, sizeof(*making));
    rq->state = making;
    CLEANUP(fields_done) struct fields f;
    fields_init(&f);
    if (!read_body(rq, &f, table, ARRAY_LEN(table)) || reply_if_problems(rq, &f.problems))
        return;
    making->info.kind = "join";
    idempotency_claim(rq, create);
}

static void on_deleted(struct request *rq, const struct rows *rows)
{
    auth_forget_all(rq->loop);
    deleted_reply(rq, rows, MISSING);
}

static void delete_token(struct request *rq, struct token_owner owner)
{
    struct params p;
    token_store_delete_params(&p, owner, rq->path_ids[0]);
    request_query(rq, &token_store_delete, &p, on_deleted);
}

void tokens_delete(struct request *rq)
{
    delete_token(rq, owner_of(rq));
}

void join_tokens_delete(struct request *rq)
{
    delete_token(rq, (struct token_owner){.joins = true});
}
