/* SPDX-License-Identifier: Apache-2.0
 *
 * Values are encrypted here, before they reach a statement, for their runner and their key: a value
 * under another key is another blob, and every write makes a new one, so the stored blob tells
 * whether a variable is still what was read.
 */
#include "runners/env_variables.h"

#include <string.h>

#include "auth/env_cipher.h"
#include "model/limits.h"
#include "store/env_store.h"

#include "http/idempotency.h"
#include "http/list.h"
#include "http/members.h"
#include "http/reply.h"
#include "runners/env_fields.h"

#define UPDATE_TRIES 5
#define BLOB_MAX_BYTES (LIMIT_ENV_VALUE_BYTES + ENV_CIPHER_OVERHEAD_MAX)

static struct env_owner owner_of(const struct request *rq)
{
    return (struct env_owner){.project = rq->principal.project, .runner = rq->path_ids[0]};
}

static struct env_place place_of(const struct request *rq, const char *env_key)
{
    return (struct env_place){
        .project = rq->principal.project,
        .owner = rq->path_ids[0],
        .env_key = env_key,
    };
}

static void reply_no_runner(struct request *rq)
{
    reply_error(rq, ERR_NOT_FOUND, "There is no such runner");
}

static void reply_missing(struct request *rq)
{
    reply_error(rq, ERR_NOT_FOUND, "There is no such environment variable");
}

static int decrypt(const struct request *rq, const struct env_variable *variable,
                   struct secret **ret_value, struct err *e)
{
    struct env_place place = place_of(rq, variable->env_key);
    int r = env_cipher_decrypt(rq->loop->config->key_ring, &place, variable->blob, variable->blob_n,
                               ret_value, e);
    /* whatever is wrong with a stored value is no mistake of the client's */
    return r < 0 ? err_set(e, ERR_INTERNAL, "decrypt env variable %s", ID_TEXT(variable->id)) : 0;
}

/* Takes no secret's value out of its blob. */
static json_t *variable_json(const struct request *rq, const struct env_variable *variable,
                             struct err *e)
{
    json_t *value = json_null();
    if (!variable->secret) {
        CLEANUP(secret_freep) struct secret *plain = NULL;
        if (decrypt(rq, variable, &plain, e) < 0)
            return NULL;
        value = json_stringn((const char *)secret_bytes(plain), secret_len(plain));
    }
    json_t *object = json_object();
    member_id(object, "id", variable->id);
    member_text(object, "env_key", variable->env_key);
    member_value(object, "env_val", value);
    member_bool(object, "secret", variable->secret);
    member_time(object, "created_at", variable->created_at_us);
    member_time(object, "updated_at", variable->updated_at_us);
    return object;
}

static void reply_variable(struct request *rq, const struct rows *rows)
{
    struct err e;
    struct env_variable variable;
    env_store_read(rows, 0, &variable);
    json_t *object = variable_json(rq, &variable, &e);
    if (object == NULL)
        reply_err(rq, &e);
    else
        reply_json(rq, 200, json_pack("{s:o}", "env_variable", object));
}

static void on_list(struct request *rq, const struct rows *rows)
{
    if (rows_count(rows) == 0) {
        reply_no_runner(rq);
        return;
    }
    json_t *variables = json_array();
    for (int i = 0; i < page_rows_count(rows); i++) {
        struct err e;
        struct env_variable variable;
        env_store_read(rows, i, &variable);
        json_t *object = variable_json(rq, &variable, &e);
        if (object == NULL) {
            json_decref(variables);
            reply_err(rq, &e);
            return;
        }
        (void)json_array_append_new(variables, object);
    }
    list_reply(rq, "env_variables", variables, page_rows_total(rows));
}

void env_variables_list(struct request *rq)
{
    struct pagination pages;
    if (!list_read_pages(rq, &pages))
        return;
    struct params p;
    env_store_list_params(&p, owner_of(rq), pagination_window(&pages));
    request_query(rq, &env_store_list, &p, on_list);
}

static void reply_key_taken(struct request *rq)
{
    reply_problem(rq, "env_key", "is taken by another variable of this runner");
}

static void on_created(struct request *rq, const struct rows *rows)
{
    switch (env_store_insert_read(rows)) {
    case ENV_NO_RUNNER:
        reply_no_runner(rq);
        return;
    case ENV_KEY_TAKEN:
        reply_key_taken(rq);
        return;
    case ENV_TOO_MANY:
        reply_problem(rq, "env_key", "is one too many: a runner has at most 200 variables");
        return;
    case ENV_INSERTED:
        break;
    }
    struct env_variable variable;
    env_store_read(rows, 0, &variable);
    char location[sizeof("/v1/runners//env_variables/") + 2 * ID_TEXT_BYTES];
    (void)snprintf(location, sizeof(location), "/v1/runners/%s/env_variables/%s",
                   ID_TEXT(rq->path_ids[0]), ID_TEXT(variable.id));
    reply_header(rq, "location", location);
    reply_variable(rq, rows);
}
_Static_assert(LIMIT_ENV_VARIABLES == 200, "the text above");

/* Encrypt `value` into `blob` and let `variable` point there; false when it was answered. */
static bool encrypt(struct request *rq, const void *value, size_t n, struct env_variable *variable,
                    struct buf *blob)
{
    struct err e;
    struct env_place place = place_of(rq, variable->env_key);
    if (env_cipher_encrypt(rq->loop->config->key_ring, &place, value, n, blob, &e) < 0) {
        reply_err(rq, &e);
        return false;
    }
    variable->blob = (const unsigned char *)blob->data;
    variable->blob_n = blob->len;
    return true;
}

static void create(struct request *rq, struct id id)
{
    json_t *body = request_json(rq, false);
    if (body == NULL)
        return;
    CLEANUP(fields_done) struct fields f;
    fields_init(&f);
    struct env_input input = {.secret = true};
    env_fields_read(&f, body, &input);
    if (reply_if_problems(rq, &f.problems))
        return;

    CLEANUP(buf_done) struct buf blob;
    buf_init(&blob, BLOB_MAX_BYTES);
    struct env_variable variable = {.id = id, .env_key = input.env_key, .secret = input.secret};
    if (!encrypt(rq, input.env_val, strlen(input.env_val), &variable, &blob))
        return;
    struct params p;
    env_store_insert_params(&p, owner_of(rq), &variable);
    request_query(rq, &env_store_insert, &p, on_created);
}

void env_variables_create(struct request *rq)
{
    idempotency_claim(rq, create);
}

static void on_update_read(struct request *rq, const struct rows *rows);

static void query_variable(struct request *rq)
{
    struct params p;
    env_store_one_params(&p, owner_of(rq), rq->path_ids[1]);
    request_query(rq, &env_store_get, &p, on_update_read);
}

static void on_updated(struct request *rq, const struct rows *rows, const struct err *err)
{
    int *tries = rq->state;
    if (err != NULL && err->code == ERR_CONFLICT)
        reply_key_taken(rq);
    else if (err != NULL)
        reply_err(rq, err);
    else if (rows_count(rows) > 0)
        reply_variable(rq, rows);
    else if (++*tries < UPDATE_TRIES)
        query_variable(rq);
    else
        reply_error(rq, ERR_UNAVAILABLE, "The variable is being changed by others; try again");
}

/* Read the body over what is stored; false when it was answered. */
static bool read_update(struct request *rq, struct fields *f, const struct env_variable *stored,
                        struct env_input *ret_input)
{
    *ret_input = (struct env_input){.env_key = stored->env_key, .secret = stored->secret};
    f->is_partial = true;
    env_fields_read(f, request_json(rq, false), ret_input);
    if (stored->secret && !ret_input->secret && ret_input->env_val == NULL)
        problems_add(&f->problems, "secret", "needs a new env_val to become false");
    return !reply_if_problems(rq, &f->problems);
}

static bool encrypt_update(struct request *rq, const struct env_variable *stored,
                           const struct env_input *input, struct env_variable *variable,
                           struct buf *blob)
{
    if (input->env_val != NULL)
        return encrypt(rq, input->env_val, strlen(input->env_val), variable, blob);

    struct err e;
    CLEANUP(secret_freep) struct secret *kept = NULL;
    if (decrypt(rq, stored, &kept, &e) < 0) {
        reply_err(rq, &e);
        return false;
    }
    return encrypt(rq, secret_bytes(kept), secret_len(kept), variable, blob);
}

static void on_update_read(struct request *rq, const struct rows *rows)
{
    if (rows_count(rows) == 0) {
        reply_missing(rq);
        return;
    }
    CLEANUP(fields_done) struct fields f;
    fields_init(&f);
    struct env_variable stored;
    struct env_input input;
    env_store_read(rows, 0, &stored);
    if (!read_update(rq, &f, &stored, &input))
        return;

    CLEANUP(buf_done) struct buf blob;
    buf_init(&blob, BLOB_MAX_BYTES);
    struct env_variable variable = {
        .id = stored.id, .env_key = input.env_key, .secret = input.secret};
    if (!encrypt_update(rq, &stored, &input, &variable, &blob))
        return;
    struct params p;
    env_store_update_params(&p, owner_of(rq), &variable, stored.blob, stored.blob_n);
    request_query_result(rq, &env_store_update, &p, on_updated);
}

void env_variables_update(struct request *rq)
{
    if (request_json(rq, false) == NULL)
        return;
    rq->state = request_alloc(rq, sizeof(int)); /* tries */
    query_variable(rq);
}

static void on_deleted(struct request *rq, const struct rows *rows)
{
    if (rows_count(rows) == 0)
        reply_missing(rq);
    else
        reply_json(rq, 200, json_pack("{s:b}", "deleted", 1));
}

void env_variables_delete(struct request *rq)
{
    struct params p;
    env_store_one_params(&p, owner_of(rq), rq->path_ids[1]);
    request_query(rq, &env_store_delete, &p, on_deleted);
}
