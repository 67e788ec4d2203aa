/* SPDX-License-Identifier: Apache-2.0 */
#include "runners/catalog_json.h"

#include "http/object.h"

#define OBJECT_BYTES 8192
#define SECONDS_A_MONTH INT64_C(2628000) /* 730 hours, a twelfth of a year */

static void put_region(struct buf *b, const struct region *region)
{
    object_id(b, "id", region->id);
    object_text(b, "status", region->status);
    object_text(b, "name", region->name);
    object_text(b, "slug", region->slug);
    object_end(b);
}

static int64_t price_month_nano(int64_t price_second_nano)
{
    int64_t nano;
    return __builtin_mul_overflow(price_second_nano, SECONDS_A_MONTH, &nano) ? INT64_MAX : nano;
}

static void put_type(struct buf *b, const struct instance_type *type)
{
    object_id(b, "id", type->id);
    object_text(b, "name", type->name);
    object_text(b, "slug", type->slug);
    object_nano(b, "cpu", type->cpu_milli * 1000000);
    object_int(b, "mem", type->memory_mb);
    object_nano(b, "price_month", price_month_nano(type->price_second_nano));
    object_nano(b, "price_second", type->price_second_nano);
    object_int(b, "gpu", type->gpu);
    object_end(b);
}

void region_put(struct buf *b, const char *name, const struct region *region)
{
    object_begin_in(b, name);
    put_region(b, region);
}

void instance_type_put(struct buf *b, const char *name, const struct instance_type *type)
{
    object_begin_in(b, name);
    put_type(b, type);
}

json_t *region_json(const struct region *region)
{
    CLEANUP(buf_done) struct buf b;
    buf_init(&b, OBJECT_BYTES);
    object_begin(&b);
    put_region(&b, region);
    return object_tree(&b);
}

json_t *instance_type_json(const struct instance_type *type)
{
    CLEANUP(buf_done) struct buf b;
    buf_init(&b, OBJECT_BYTES);
    object_begin(&b);
    put_type(&b, type);
    return object_tree(&b);
}
