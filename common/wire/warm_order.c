/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/warm_order.h"

#include "wire/field.h"

#include <jansson.h>

#define SECONDS_MAX UINT32_C(86400)
#define POOL_MAX UINT32_C(1000)

void warm_order_put(struct buf *b, const struct warm_order *o)
{
    field_put_id(b, "runner", o->runner_id);
    field_put_id(b, "project", o->project_id);
    field_put_i64(b, "stamp", o->stamp);
    field_put_bool(b, "warm", o->is_warm);
    field_put_text(b, "image", o->image);
    field_put_text(b, "image_digest", o->image_digest);
    field_put_text(b, "registry_sealed", o->registry_sealed);
    field_put_text(b, "pull_policy", o->pull_policy);
    field_put_i64(b, "pull_timeout_seconds", o->pull_timeout_seconds);
    field_put_time(b, "expires_at", o->expires_at_us);
    field_put_i64(b, "pool", o->pool);
    field_put_i64(b, "memory_mb", o->memory_mb);
    field_put_i64(b, "cpu_milli", o->cpu_milli);
    field_put_i64(b, "pids_limit", o->pids_limit);
    field_put_i64(b, "shm_size_mb", o->shm_size_mb);
    field_put_bool(b, "read_only", o->read_only);
    field_put_text(b, "network", o->network);
    field_put_text(b, "sandbox", o->sandbox);
}

static int parse_image(const json_t *object, struct warm_order *o, struct err *e)
{
    if (field_get_text(object, "image", &o->image, e) < 0 ||
        field_get_text_or_null(object, "image_digest", &o->image_digest, e) < 0 ||
        field_get_text_or_null(object, "registry_sealed", &o->registry_sealed, e) < 0 ||
        field_get_text(object, "pull_policy", &o->pull_policy, e) < 0 ||
        field_get_u32(object, "pull_timeout_seconds", SECONDS_MAX, &o->pull_timeout_seconds, e) < 0)
        return ERR_INVALID;
    return 0;
}

static int parse_sandbox(const json_t *object, struct warm_order *o, struct err *e)
{
    if (field_get_u32(object, "pool", POOL_MAX, &o->pool, e) < 0 ||
        field_get_u32(object, "memory_mb", UINT32_MAX, &o->memory_mb, e) < 0 ||
        field_get_u32(object, "cpu_milli", UINT32_MAX, &o->cpu_milli, e) < 0 ||
        field_get_u32(object, "pids_limit", INT32_MAX, &o->pids_limit, e) < 0 ||
        field_get_u32(object, "shm_size_mb", UINT32_MAX, &o->shm_size_mb, e) < 0 ||
        field_get_bool(object, "read_only", &o->read_only, e) < 0 ||
        field_get_text(object, "network", &o->network, e) < 0 ||
        field_get_text(object, "sandbox", &o->sandbox, e) < 0)
        return ERR_INVALID;
    return 0;
}

int warm_order_parse(const struct json_t *object, struct warm_order *ret_order, struct err *e)
{
    struct warm_order o = {0};
    if (field_get_id(object, "runner", &o.runner_id, e) < 0 ||
        field_get_id(object, "project", &o.project_id, e) < 0 ||
        field_get_i64(object, "stamp", INT64_MIN, INT64_MAX, &o.stamp, e) < 0 ||
        field_get_bool(object, "warm", &o.is_warm, e) < 0 ||
        field_get_time(object, "expires_at", &o.expires_at_us, e) < 0 ||
        parse_image(object, &o, e) < 0 || parse_sandbox(object, &o, e) < 0)
        return ERR_INVALID;
    *ret_order = o;
    return 0;
}
