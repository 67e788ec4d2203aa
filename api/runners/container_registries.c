/* SPDX-License-Identifier: Apache-2.0
 *
 * A change is read, judged against what is stored, and written if it still is what was read. The
 * password is encrypted before it reaches a statement and is never taken out of its blob here.
 */
#include "runners/container_registries.h"

#include <string.h>

#include "auth/env_cipher.h"
#include "model/limits.h"
#include "store/container_registry_store.h"

#include "http/idempotency.h"
#include "http/list.h"
#include "http/reply.h"
#include "runners/container_registry_fields.h"
#include "runners/container_registry_json.h"

#define UPDATE_TRIES 5
#define BLOB_MAX_BYTES (LIMIT_REGISTRY_PASSWORD_BYTES + ENV_CIPHER_OVERHEAD_MAX)

static void reply_missing(struct request *rq)
{
    reply_error(rq, ERR_NOT_FOUND, "There is no such container registry");
}

static void reply_no_region(struct request *rq)
{
    reply_problem(rq, "region_id", "does not exist");
}

static void reply_registry(struct request *rq, const struct rows *rows)
{
    struct container_registry registry;
    container_registry_store_read(rows, 0, 1, &registry);
    reply_json(rq, 200,
               json_pack("{s:o}", "container_registry", container_registry_json(&registry)));
}

static void on_list(struct request *rq, const struct rows *rows)
{
    json_t *registries = json_array();
    for (int i = 0; i < page_rows_count(rows); i++) {
        struct container_registry registry;
        container_registry_store_read(rows, i, 1, &registry);
        (void)json_array_append_new(registries, container_registry_json(&registry));
    }
    list_reply(rq, "container_registries", registries, page_rows_total(rows));
}

void container_registries_list(struct request *rq)
{
    struct pagination pages;
    if (!list_read_pages(rq, &pages))
        return;
    struct params p;
    container_registry_store_list_params(&p, rq->principal.project, pagination_window(&pages));
    request_query(rq, &container_registry_store_list, &p, on_list);
}

static void query_registry(struct request *rq, request_rows_callback *on_rows)
{
    struct params p;
    container_registry_store_get_params(&p, rq->principal.project, rq->path_ids[0]);
    request_query(rq, &container_registry_store_get, &p, on_rows);
}

static void on_get(struct request *rq, const struct rows *rows)
{
    if (rows_count(rows) == 0)
        reply_missing(rq);
    else
        reply_registry(rq, rows);
}

void container_registries_get(struct request *rq)
{
    query_registry(rq, on_get);
}

/* Encrypt a given password into `blob`, which the registry then points to; false when it was
 * answered. */
static bool encrypt(struct request *rq, struct container_registry_input *input, struct buf *blob)
{
    struct err e;
    struct container_registry *registry = &input->registry;
    struct env_place place = {.project = rq->principal.project,
                              .owner = registry->id,
                              .env_key = CONTAINER_REGISTRY_PASSWORD};
    if (registry->username == NULL || input->password == NULL)
        return true;
    if (env_cipher_encrypt(rq->loop->config->key_ring, &place, input->password,
                           strlen(input->password), blob, &e) < 0) {
        reply_err(rq, &e);
        return false;
    }
    registry->password = (const unsigned char *)blob->data;
    registry->password_n = blob->len;
    return true;
}

static void on_created(struct request *rq, const struct rows *rows)
{
    if (rows_count(rows) == 0) {
        reply_no_region(rq);
        return;
    }
    struct container_registry registry;
    container_registry_store_read(rows, 0, 1, &registry);
    char location[sizeof("/v1/container_registries/") + ID_TEXT_BYTES];
    (void)snprintf(location, sizeof(location), "/v1/container_registries/%s", ID_TEXT(registry.id));
    reply_header(rq, "location", location);
    reply_registry(rq, rows);
}

static void create(struct request *rq, struct id id)
{
    json_t *body = request_json(rq, false);
    if (body == NULL)
        return;
    CLEANUP(fields_done) struct fields f;
    CLEANUP(buf_done) struct buf blob;
    struct container_registry_input input = {.registry = {.id = id}};
    fields_init(&f);
    buf_init(&blob, BLOB_MAX_BYTES);
    container_registry_fields_read(&f, body, &input);
    if (reply_if_problems(rq, &f.problems) || !encrypt(rq, &input, &blob))
        return;
    input.registry.project = rq->principal.project;
    struct params p;
    container_registry_store_insert_params(&p, &input.registry);
    request_query(rq, &container_registry_store_insert, &p, on_created);
}

void container_registries_create(struct request *rq)
{
    idempotency_claim(rq, create);
}

static void on_update_read(struct request *rq, const struct rows *rows);

static void on_updated(struct request *rq, const struct rows *rows)
{
    int *tries = rq->state;
    if (rows_count(rows) > 0)
        reply_registry(rq, rows);
    else if (++*tries < UPDATE_TRIES)
        query_registry(rq, on_update_read);
    else
        reply_error(rq, ERR_UNAVAILABLE, "The registry is being changed by others; try again");
}

static void on_updated_region(struct request *rq, const struct rows *rows)
{
    if (rows_count(rows) > 0)
        reply_registry(rq, rows);
    else
        reply_no_region(rq);
}

static void on_update_read(struct request *rq, const struct rows *rows)
{
    if (rows_count(rows) == 0) {
        reply_missing(rq);
        return;
    }
    CLEANUP(fields_done) struct fields f;
    CLEANUP(buf_done) struct buf blob;
    struct container_registry_input input = {0};
    json_t *body = request_json(rq, false);
    fields_init(&f);
    f.is_partial = true;
    buf_init(&blob, BLOB_MAX_BYTES);
    container_registry_store_read(rows, 0, 1, &input.registry);
    container_registry_fields_read(&f, body, &input);
    if (reply_if_problems(rq, &f.problems) || !encrypt(rq, &input, &blob))
        return;
    struct params p;
    bool names_region = json_object_get(body, "region_id") != NULL;
    container_registry_store_update_params(&p, &input.registry);
    request_query(rq, &container_registry_store_update, &p,
                  names_region ? on_updated_region : on_updated);
}

void container_registries_update(struct request *rq)
{
    if (request_json(rq, false) == NULL)
        return;
    rq->state = request_alloc(rq, sizeof(int)); /* tries */
    query_registry(rq, on_update_read);
}

static void on_deleted(struct request *rq, const struct rows *rows)
{
    switch (container_registry_store_delete_read(rows)) {
    case CONTAINER_REGISTRY_DELETED:
        reply_json(rq, 200, json_pack("{s:b}", "deleted", 1));
        break;
    case CONTAINER_REGISTRY_IN_USE:
        reply_error(rq, ERR_CONFLICT, "Runners, or runs that are not final, use the registry");
        break;
    case CONTAINER_REGISTRY_MISSING:
        reply_missing(rq);
        break;
    }
}

void container_registries_delete(struct request *rq)
{
    struct params p;
    container_registry_store_delete_params(&p, rq->principal.project, rq->path_ids[0]);
    request_query(rq, &container_registry_store_delete, &p, on_deleted);
}
