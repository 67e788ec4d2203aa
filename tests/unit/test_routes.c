/* SPDX-License-Identifier: Apache-2.0
 *
 * The routes and the document say the same: what there is, and what it asks of who comes.
 */
#include <jansson.h>
#include <string.h>

#include "openapi/openapi_document.h"
#include "support/test.h"

#include "http/route.h"

static json_t *paths;

static int load(void **state)
{
    (void)state;
    size_t n;
    const char *text = openapi_document(&n);
    json_t *document = json_loadb(text, n, 0, NULL);
    paths = json_incref(json_object_get(document, "paths"));
    json_decref(document);
    return paths == NULL;
}

static int unload(void **state)
{
    (void)state;
    json_decref(paths);
    return 0;
}

static const char *access_name(enum access access)
{
    static const char *const names[] = {
        [ACCESS_PUBLIC] = "public",
        [ACCESS_SELF] = "self",
        [ACCESS_READ] = "read",
        [ACCESS_RUN] = "run",
        [ACCESS_WRITE] = "write",
        [ACCESS_ENV] = "env",
        [ACCESS_MANAGE] = "admin",
        [ACCESS_ADMIN] = "installation",
        [ACCESS_HYPERVISOR] = "hypervisor",
        [ACCESS_JOIN] = "join",
        [ACCESS_METRICS] = "metrics",
    };
    return names[access];
}

/* What replicas say to each other is no part of the contract. */
static bool is_internal(const struct route *route)
{
    return strncmp(route->pattern, "/internal/", 10) == 0;
}

/* "/v1/runs/{run_id}/stop" as "/v1/runs/:id/stop" */
static void pattern_of(const char *template, char *pattern)
{
    while (*template != '\0') {
        if (*template == '{') {
            memcpy(pattern, ":id", 3);
            pattern += 3;
            template = strchr(template, '}') + 1;
        } else {
            *pattern++ = *template ++;
        }
    }
    *pattern = '\0';
}

static json_t *operation_of(const struct route *route)
{
    char method[16];
    size_t n = strlen(route->method);
    for (size_t i = 0; i <= n; i++)
        method[i] = (char)(route->method[i] | (i < n ? 0x20 : 0));
    const char *template;
    json_t *item;
    json_object_foreach(paths, template, item)
    {
        char pattern[256];
        pattern_of(template, pattern);
        if (strcmp(pattern, route->pattern) == 0)
            return json_object_get(item, method);
    }
    return NULL;
}

static void test_routes__are_documented_with_what_they_ask(void **state)
{
    (void)state;
    for (size_t i = 0; i < routes_n; i++) {
        const struct route *route = &routes[i];
        json_t *operation = operation_of(route);
        if (operation == NULL && is_internal(route))
            continue;
        if (operation == NULL)
            fail_msg("%s %s is not in the document", route->method, route->pattern);
        const char *says = json_string_value(json_object_get(operation, "x-access"));
        bool is_members = route->access >= ACCESS_SELF && route->access <= ACCESS_ADMIN;
        if (is_members && (says == NULL || strcmp(says, access_name(route->access)) != 0))
            fail_msg("%s %s asks for %s, the document says %s", route->method, route->pattern,
                     access_name(route->access), says != NULL ? says : "nothing");
    }
}

static void test_document__promises_nothing_that_is_not_there(void **state)
{
    (void)state;
    size_t operations = 0;
    const char *template;
    const char *method;
    json_t *item;
    json_t *operation;
    json_object_foreach(paths, template, item)
    {
        json_object_foreach(item, method, operation)
        {
            operations += json_object_get(operation, "responses") != NULL;
        }
    }
    size_t documented = 0;
    for (size_t i = 0; i < routes_n; i++)
        documented += !is_internal(&routes[i]);
    assert_int_equal(operations, documented);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_routes__are_documented_with_what_they_ask),
        cmocka_unit_test(test_document__promises_nothing_that_is_not_there),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
