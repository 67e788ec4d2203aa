/* SPDX-License-Identifier: Apache-2.0
 *
 * The server answers some fields in another shape than it takes them: a region by slug comes back
 * as an object, a retry policy with its defaults filled in.
 */
#include "runner_diff.h"

#include <string.h>

/* Borrowed; NULL where the runner has nothing. */
static json_t *there_as_written(const json_t *there, const char *field)
{
    static const struct {
        const char *written;
        const char *answered;
        const char *member;
    } shapes[] = {
        {"region", "region", "slug"},
        {"region_id", "region", "id"},
        {"instance_type", "instance_type", "slug"},
        {"instance_type_id", "instance_type", "id"},
        {"container_registry_id", "container_registry", "id"},
    };

    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        if (strcmp(shapes[i].written, field) == 0)
            return json_object_get(json_object_get(there, shapes[i].answered), shapes[i].member);
    }
    return json_object_get(there, field);
}

static int is_nothing(const json_t *value)
{
    return value == NULL || json_is_null(value);
}

/* `partly`: of an object only the members that `wanted` names. */
static int is_same(const json_t *there, json_t *wanted, int partly)
{
    const char *name;
    json_t *value;

    if (is_nothing(wanted))
        return is_nothing(there);
    if (json_is_number(wanted) && json_is_number(there))
        return json_number_value(there) == json_number_value(wanted);
    if (!partly || !json_is_object(wanted) || !json_is_object(there))
        return json_equal(there, wanted);
    json_object_foreach(wanted, name, value)
    {
        if (!is_same(json_object_get(there, name), value, 0))
            return 0;
    }
    return 1;
}

/* The members of `there` that `wanted` names; both are objects. */
static json_t *named_part(json_t *there, json_t *wanted)
{
    json_t *part = json_object();
    const char *name;
    json_t *value;

    json_object_foreach(wanted, name, value)
    {
        if (json_object_get(there, name) != NULL)
            (void)json_object_set(part, name, json_object_get(there, name));
    }
    return part;
}

static json_t *change(json_t *from, json_t *to, int partly)
{
    if (partly && json_is_object(from) && json_is_object(to))
        return json_pack("{s:o, s:O}", "from", named_part(from, to), "to", to);
    return json_pack("{s:O?, s:O}", "from", from, "to", to);
}

json_t *runner_diff(const json_t *there, json_t *wanted)
{
    json_t *diff = json_object();
    const char *field;
    json_t *to;

    json_object_foreach(wanted, field, to)
    {
        json_t *from = there_as_written(there, field);
        int partly = strcmp(field, "retry") == 0;

        if (strcmp(field, "env") == 0 || is_same(from, to, partly))
            continue;
        if (json_object_set_new(diff, field, change(from, to, partly)) < 0) {
            json_decref(diff);
            return NULL;
        }
    }
    return diff;
}

json_t *runner_diff_body(json_t *diff)
{
    json_t *body = json_object();
    const char *field;
    json_t *one;

    json_object_foreach(diff, field, one)(void)
        json_object_set(body, field, json_object_get(one, "to"));
    return body;
}
