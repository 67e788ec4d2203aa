/* SPDX-License-Identifier: Apache-2.0
 *
 * A session is a token of a kind of its own that only comes as a cookie; see auth.c for what keeps
 * other sites from using it. A wrong email and a wrong password cost and say the same.
 */
#include "access/session.h"

#include <string.h>

#include "auth/fingerprint.h"
#include "auth/secret.h"
#include "auth/token.h"
#include "base/clock.h"
#include "model/access.h"
#include "model/limits.h"
#include "store/audit_store.h"
#include "store/token_store.h"

#include "access/auth.h"
#include "access/passwords.h"
#include "access/user_json.h"
#include "http/created.h"
#include "http/fields.h"
#include "http/members.h"
#include "http/rate_limit.h"
#include "http/reply.h"

#define SESSION_SECONDS (7 * 24 * 3600)
#define TRIES_BURST 10  /* of log-ins with one email */
#define TRIES_EVERY_S 6 /* one more each so many seconds */
#define COOKIE_ATTRIBUTES "; Path=/; HttpOnly; SameSite=Strict"

/* Between the steps; in rq->state. */
struct log_in {
    const char *email;
    const char *password;
    json_t *user; /* kept by the request; what is answered */
    struct id user_id;
    char text[TOKEN_TEXT_BYTES];
};

static void set_cookie(struct request *rq, const char *token, int max_age)
{
    char cookie[256];
    bool is_tls = rq->req->scheme == &H2O_URL_SCHEME_HTTPS;
    (void)snprintf(cookie, sizeof(cookie), "%s=%s; Max-Age=%d" COOKIE_ATTRIBUTES "%s",
                   SESSION_COOKIE, token, max_age, is_tls ? "; Secure" : "");
    reply_header(rq, "set-cookie", cookie);
    secret_wipe(cookie, sizeof(cookie));
}

static json_t *scopes_json(unsigned scopes)
{
    json_t *list = json_array();
    for (size_t i = 0; i < SCOPE_COUNT; i++) {
        if ((scopes & 1u << i) != 0)
            (void)json_array_append_new(list, json_string(scope_name(i)));
    }
    return list;
}

static json_t *session_json(struct request *rq, json_t *user)
{
    const struct principal *who = &rq->principal;
    json_t *object = json_object();
    member_text(object, "kind", token_kind_name(who->kind));
    member_id(object, "token_id", who->token_id);
    member_text(object, "token_name", who->name);
    member_id(object, "project_id", who->project);
    member_value(object, "scopes", scopes_json(who->scopes));
    member_bool(object, "is_admin", who->is_admin);
    member_value(object, "user", user != NULL ? user : json_null());
    return object;
}

static void on_user(struct request *rq, const struct rows *rows)
{
    json_t *object = NULL;
    if (rows_count(rows) > 0) {
        struct user user;
        user_store_read(rows, 0, &user);
        object = user_json(&user);
    }
    reply_json(rq, 200, json_pack("{s:o}", "session", session_json(rq, object)));
}

void session_get(struct request *rq)
{
    if (id_is_nil(rq->principal.user)) {
        reply_json(rq, 200, json_pack("{s:o}", "session", session_json(rq, NULL)));
        return;
    }
    struct params p;
    user_store_get_params(&p, rq->principal.user);
    request_query(rq, &user_store_get, &p, on_user);
}

static void on_noted(struct request *rq, const struct rows *rows)
{
    (void)rows;
    reply_header(rq, "www-authenticate", "Bearer");
    reply_error(rq, ERR_UNAUTHENTICATED, "The email or the password is wrong");
}

static void refuse(struct request *rq)
{
    const struct log_in *log_in = rq->state;
    struct params p;
    json_t *detail = json_pack("{s:s}", "email", log_in->email);
    char *text = json_dumps(detail, JSON_COMPACT);
    audit_store_note_params(&p, "session.refused", text);
    request_query(rq, &audit_store_note, &p, on_noted);
    free(text);
    json_decref(detail);
}

static void on_created(struct request *rq, const struct rows *rows)
{
    struct log_in *log_in = rq->state;
    (void)rows;
    if (rq->req == NULL)
        return;
    set_cookie(rq, log_in->text, SESSION_SECONDS);
    secret_wipe(log_in->text, sizeof(log_in->text));
    json_t *user = json_incref(log_in->user);
    reply_json(rq, 200, json_pack("{s:o}", "session", session_json(rq, user)));
}

static void on_verified(struct request *rq, const char *hash)
{
    struct log_in *log_in = rq->state;
    if (hash == NULL || log_in->user == NULL) {
        refuse(rq);
        return;
    }
    token_make(TOKEN_KIND_SESSION, log_in->text);
    const struct token_hash token = token_hash(key_ring_token_key(rq->loop->config->key_ring),
                                               log_in->text, strlen(log_in->text));
    struct token_info info = {
        .id = id_new(),
        .kind = token_kind_name(TOKEN_KIND_SESSION),
        .name = "session",
        .user = log_in->user_id,
        .scopes = SCOPES_ALL,
        .expires_at_us = clock_now_us() + SESSION_SECONDS * CLOCK_US_PER_S,
    };
    rq->principal = (struct principal){.kind = TOKEN_KIND_SESSION,
                                       .token_id = info.id,
                                       .user = log_in->user_id,
                                       .name = "session"};
    rq->principal.is_admin = json_is_true(json_object_get(log_in->user, "is_admin"));
    struct params p;
    token_store_create_params(&p, &info, token.bytes);
    request_query(rq, &token_store_create, &p, on_created);
}

static void on_found(struct request *rq, const struct rows *rows)
{
    struct log_in *log_in = rq->state;
    const char *hash = NULL;
    struct user user;
    if (rq->req == NULL)
        return;
    if (rows_count(rows) > 0) {
        user_store_read(rows, 0, &user);
        hash = user.password_hash;
        if (strcmp(user.status, "active") == 0 && hash != NULL) {
            log_in->user_id = user.id;
            log_in->user = user_json(&user);
            request_keep(rq, log_in->user);
            json_decref(log_in->user);
        }
    }
    passwords_verify(rq, log_in->password, hash, on_verified);
}

/* Guessing is slow for each email, from wherever. */
static bool may_try(struct request *rq, const char *email)
{
    char folded[4 * LIMIT_EMAIL_MAX + 1];
    uint64_t key[FINGERPRINT_BYTES / sizeof(uint64_t)];
    int64_t left;
    int64_t wait_us;
    size_t n = strnlen(email, sizeof(folded));
    for (size_t i = 0; i < n; i++)
        folded[i] = (char)(email[i] >= 'A' && email[i] <= 'Z' ? email[i] | 0x20 : email[i]);
    fingerprint(&(struct fingerprint_part){folded, n}, 1, (unsigned char *)key);
    if (rate_table_admits(rq->loop->log_ins, key[0], TRIES_EVERY_S * CLOCK_US_PER_S, TRIES_BURST,
                          clock_mono_us(), &left, &wait_us))
        return true;
    char seconds[24];
    (void)snprintf(seconds, sizeof(seconds), "%lld", (long long)(wait_us / CLOCK_US_PER_S + 1));
    reply_header(rq, "retry-after", seconds);
    reply_error(rq, ERR_LIMIT, "Too many log-ins with this email");
    return false;
}

void session_create(struct request *rq)
{
    static const struct field table[] = {
        {"email", FIELD_TEXT, FIELD_REQUIRED, offsetof(struct log_in, email), .min = 1,
         .max = LIMIT_EMAIL_MAX},
        {"password", FIELD_BYTES, FIELD_REQUIRED, offsetof(struct log_in, password),
         .max = PASSWORD_MAX_BYTES},
    };
    json_t *body = request_json(rq, false);
    if (body == NULL)
        return;
    CLEANUP(fields_done) struct fields f;
    fields_init(&f);
    struct log_in *log_in = request_alloc(rq, sizeof(*log_in));
    rq->state = log_in;
    fields_read(&f, "", body, table, ARRAY_LEN(table), log_in);
    request_keep(rq, f.kept);
    if (reply_if_problems(rq, &f.problems) || !may_try(rq, log_in->email))
        return;
    struct params p;
    user_store_find_params(&p, log_in->email);
    request_query(rq, &user_store_find, &p, on_found);
}

void session_keep(struct request *rq)
{
    h2o_iovec_t token;
    bool is_cookie;
    char text[TOKEN_TEXT_BYTES];
    if (!auth_token_of(rq->req, &token, &is_cookie) || token.len >= sizeof(text)) {
        reply_error(rq, ERR_INVALID, "There is no token to keep");
        return;
    }
    memcpy(text, token.base, token.len);
    text[token.len] = '\0';
    set_cookie(rq, text, SESSION_SECONDS);
    secret_wipe(text, sizeof(text));
    session_get(rq);
}

static void on_deleted(struct request *rq, const struct rows *rows)
{
    auth_forget_all(rq->loop);
    if (rq->req != NULL)
        set_cookie(rq, "", 0);
    deleted_reply(rq, rows, "There is no such session");
}

void session_delete(struct request *rq)
{
    if (rq->principal.kind != TOKEN_KIND_SESSION && rq->principal.by_cookie) {
        set_cookie(rq, "", 0);
        reply_json(rq, 200, json_pack("{s:b}", "deleted", 1));
        return;
    }
    if (rq->principal.kind != TOKEN_KIND_SESSION) {
        reply_error(rq, ERR_CONFLICT, "This is no session; delete the token instead");
        return;
    }
    struct params p;
    token_store_end_session_params(&p, rq->principal.token_id);
    request_query(rq, &token_store_end_session, &p, on_deleted);
}
