/* SPDX-License-Identifier: Apache-2.0 */
#include "runners/catalog_json.h"

#include "http/members.h"

#define SECONDS_A_MONTH INT64_C(2628000) /* 730 hours, a twelfth of a year */

json_t *region_json(const struct region *region)
{
    json_t *object = json_object();
    member_id(object, "id", region->id);
    member_text(object, "status", region->status);
    member_text(object, "name", region->name);
    member_text(object, "slug", region->slug);
    return object;
}

static int64_t price_month_nano(int64_t price_second_nano)
{
    int64_t nano;
    return __builtin_mul_overflow(price_second_nano, SECONDS_A_MONTH, &nano) ? INT64_MAX : nano;
}

json_t *instance_type_json(const struct instance_type *type)
{
    json_t *object = json_object();
    member_id(object, "id", type->id);
    member_text(object, "name", type->name);
    member_text(object, "slug", type->slug);
    member_value(object, "cpu", json_real((double)type->cpu_milli / 1000));
    member_int(object, "mem", type->memory_mb);
    member_nano(object, "price_month", price_month_nano(type->price_second_nano));
    member_nano(object, "price_second", type->price_second_nano);
    member_int(object, "gpu", type->gpu);
    return object;
}
