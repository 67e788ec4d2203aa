/* SPDX-License-Identifier: Apache-2.0
 *
 * A new password is hashed on another thread between reading the body and writing the row, so what
 * was read is kept in request memory until then.
 */
#include "access/users.h"

#include <string.h>

#include "model/limits.h"
#include "store/token_store.h"

#include "access/auth.h"
#include "access/passwords.h"
#include "access/user_json.h"
#include "http/created.h"
#include "http/fields.h"
#include "http/idempotency.h"
#include "http/list.h"
#include "http/members.h"
#include "http/reply.h"
#include "http/text_rules.h"

#define MISSING "There is no such user"

/* Between the statements; in rq->state. Texts are borrowed from the body or in request memory. */
struct writing {
    struct user user;
    const char *password;         /* new; NULL: stays */
    const char *current_password; /* of who changes its own */
};

#define USER(member) .offset = offsetof(struct writing, user.member)
#define PASSWORD(member) .offset = offsetof(struct writing, member)

static const struct field table[] = {
    {"email", FIELD_TEXT, FIELD_REQUIRED, USER(email), .min = 3, .max = LIMIT_EMAIL_MAX,
     .check = text_rule_email},
    {"name", FIELD_TEXT, FIELD_REQUIRED, USER(name), .min = 1, .max = LIMIT_USER_NAME_MAX,
     .check = text_rule_one_line},
    {"password", FIELD_BYTES, PASSWORD(password), .min = PASSWORD_MIN_BYTES,
     .max = PASSWORD_MAX_BYTES},
    {"is_admin", FIELD_BOOL, USER(is_admin)},
};
static const char *const statuses[] = {"active", "disabled", NULL};
static const struct field update_table[] = {
    {"email", FIELD_TEXT, USER(email), .min = 3, .max = LIMIT_EMAIL_MAX, .check = text_rule_email},
    {"name", FIELD_TEXT, USER(name), .min = 1, .max = LIMIT_USER_NAME_MAX,
     .check = text_rule_one_line},
    {"password", FIELD_BYTES, PASSWORD(password), .min = PASSWORD_MIN_BYTES,
     .max = PASSWORD_MAX_BYTES},
    {"is_admin", FIELD_BOOL, USER(is_admin)},
    {"status", FIELD_CHOICE, USER(status), .choices = statuses},
    {"current_password", FIELD_BYTES, PASSWORD(current_password), .max = PASSWORD_MAX_BYTES},
};
/* what users may change of themselves */
static const struct field own_table[] = {
    {"name", FIELD_TEXT, USER(name), .min = 1, .max = LIMIT_USER_NAME_MAX,
     .check = text_rule_one_line},
    {"password", FIELD_BYTES, PASSWORD(password), .min = PASSWORD_MIN_BYTES,
     .max = PASSWORD_MAX_BYTES},
    {"current_password", FIELD_BYTES, PASSWORD(current_password), .max = PASSWORD_MAX_BYTES},
};

json_t *user_json(const struct user *user)
{
    json_t *object = json_object();
    member_id(object, "id", user->id);
    member_text(object, "email", user->email);
    member_text(object, "name", user->name);
    member_text(object, "status", user->status);
    member_bool(object, "is_admin", user->is_admin);
    member_bool(object, "has_password", user->password_hash != NULL);
    member_time(object, "created_at", user->created_at_us);
    member_time(object, "updated_at", user->updated_at_us);
    return object;
}

static void on_list(struct request *rq, const struct rows *rows)
{
    json_t *users = json_array();
    for (int i = 0; i < page_rows_count(rows); i++) {
        struct user user;
        user_store_read(rows, i, &user);
        (void)json_array_append_new(users, user_json(&user));
    }
    list_reply(rq, "users", users, page_rows_total(rows));
}

void users_list(struct request *rq)
{
    struct pagination pages;
    if (!list_read_pages(rq, &pages))
        return;
    struct params p;
    user_store_list_params(&p, pagination_window(&pages));
    request_query(rq, &user_store_list, &p, on_list);
}

/* One's own, or any for an administrator; others do not exist. False when it was answered. */
static bool may_see(struct request *rq)
{
    if (rq->principal.is_admin || id_equal(rq->principal.user, rq->path_ids[0]))
        return true;
    reply_error(rq, ERR_NOT_FOUND, MISSING);
    return false;
}

static void on_get(struct request *rq, const struct rows *rows)
{
    if (rows_count(rows) == 0) {
        reply_error(rq, ERR_NOT_FOUND, MISSING);
        return;
    }
    struct user user;
    user_store_read(rows, 0, &user);
    reply_json(rq, 200, json_pack("{s:o}", "user", user_json(&user)));
}

static void query_user(struct request *rq, request_rows_callback *on_rows)
{
    struct params p;
    user_store_get_params(&p, rq->path_ids[0]);
    request_query(rq, &user_store_get, &p, on_rows);
}

void users_get(struct request *rq)
{
    if (may_see(rq))
        query_user(rq, on_get);
}

static void on_created(struct request *rq, const struct rows *rows, const struct err *err)
{
    if (reply_if_taken(rq, err, "email", "is taken by another user"))
        return;
    struct user user;
    user_store_read(rows, 0, &user);
    created_reply(rq, "/v1/users", user.id, "user", user_json(&user));
}

static void insert(struct request *rq)
{
    const struct writing *writing = rq->state;
    struct params p;
    user_store_create_params(&p, &writing->user);
    request_query_result(rq, &user_store_create, &p, on_created);
}

static void on_create_hashed(struct request *rq, const char *hash)
{
    struct writing *writing = rq->state;
    writing->user.password_hash = hash;
    insert(rq);
}

static void create(struct request *rq, struct id id)
{
    struct writing *writing = rq->state;
    writing->user.id = id;
    if (writing->password != NULL)
        passwords_hash(rq, writing->password, on_create_hashed);
    else
        insert(rq);
}

/* Read the body over `writing`; false when it was answered. */
static bool read_body(struct request *rq, const struct field *fields, size_t n,
                      struct writing *writing)
{
    json_t *body = request_json(rq, false);
    if (body == NULL)
        return false;
    CLEANUP(fields_done) struct fields f;
    fields_init(&f);
    fields_read(&f, "", body, fields, n, writing);
    request_keep(rq, f.kept);
    return !reply_if_problems(rq, &f.problems);
}

void users_create(struct request *rq)
{
    struct writing *writing = request_alloc(rq, sizeof(*writing));
    rq->state = writing;
    if (read_body(rq, table, ARRAY_LEN(table), writing))
        idempotency_claim(rq, create);
}

static void on_sessions_ended(struct request *rq, const struct rows *rows)
{
    (void)rows;
    query_user(rq, on_get);
}

static void on_updated(struct request *rq, const struct rows *rows, const struct err *err)
{
    const struct writing *writing = rq->state;
    auth_forget_all(rq->loop);
    if (reply_if_taken(rq, err, "email", "is taken by another user"))
        return;
    if (rows_count(rows) == 0) {
        reply_error(rq, ERR_UNAVAILABLE, "The user is being changed by others; try again");
    } else if (writing->password != NULL) {
        struct params p;
        token_store_end_sessions_params(&p, writing->user.id, rq->principal.token_id);
        request_query(rq, &token_store_end_sessions, &p, on_sessions_ended);
    } else {
        on_get(rq, rows);
    }
}

static void update(struct request *rq)
{
    const struct writing *writing = rq->state;
    struct params p;
    user_store_update_params(&p, &writing->user);
    request_query_result(rq, &user_store_update, &p, on_updated);
}

static void on_update_hashed(struct request *rq, const char *hash)
{
    struct writing *writing = rq->state;
    writing->user.password_hash = hash;
    update(rq);
}

static void on_current_verified(struct request *rq, const char *hash)
{
    const struct writing *writing = rq->state;
    if (hash == NULL)
        reply_problem(rq, "current_password", "is wrong");
    else
        passwords_hash(rq, writing->password, on_update_hashed);
}

static const char *keep_text(struct request *rq, const char *text)
{
    return text != NULL ? request_strdup(rq, text) : NULL;
}

static void on_update_read(struct request *rq, const struct rows *rows)
{
    if (rows_count(rows) == 0) {
        reply_error(rq, ERR_NOT_FOUND, MISSING);
        return;
    }
    struct writing *writing = request_alloc(rq, sizeof(*writing));
    rq->state = writing;
    user_store_read(rows, 0, &writing->user);
    writing->user.email = keep_text(rq, writing->user.email);
    writing->user.name = keep_text(rq, writing->user.name);
    writing->user.status = keep_text(rq, writing->user.status);
    writing->user.password_hash = keep_text(rq, writing->user.password_hash);
    bool is_admin = rq->principal.is_admin;
    bool is_self = id_equal(rq->principal.user, rq->path_ids[0]);
    bool read = is_admin ? read_body(rq, update_table, ARRAY_LEN(update_table), writing)
                         : read_body(rq, own_table, ARRAY_LEN(own_table), writing);
    if (!read)
        return;
    if (writing->password == NULL)
        update(rq);
    else if (is_self && writing->user.password_hash != NULL)
        passwords_verify(rq, writing->current_password != NULL ? writing->current_password : "",
                         writing->user.password_hash, on_current_verified);
    else
        passwords_hash(rq, writing->password, on_update_hashed);
}

void users_update(struct request *rq)
{
    if (request_json(rq, false) != NULL && may_see(rq))
        query_user(rq, on_update_read);
}

static void on_deleted(struct request *rq, const struct rows *rows)
{
    auth_forget_all(rq->loop);
    deleted_reply(rq, rows, MISSING);
}

void users_delete(struct request *rq)
{
    if (id_equal(rq->principal.user, rq->path_ids[0])) {
        reply_error(rq, ERR_CONFLICT, "You cannot delete yourself");
        return;
    }
    struct params p;
    user_store_delete_params(&p, rq->path_ids[0]);
    request_query(rq, &user_store_delete, &p, on_deleted);
}
