/* SPDX-License-Identifier: Apache-2.0
 *
 * Asks with what decides the place: the instance type and the priority.
 */
#include "dry_run.h"

#include "arguments.h"
#include "complain.h"
#include "server.h"
#include "table.h"

#include <stdio.h>
#include <string.h>

static void add_row(struct table *table, const json_t *hypervisor)
{
    char text[64];

    table_add(table, server_text(hypervisor, "name"));
    (void)snprintf(text, sizeof(text), "%" JSON_INTEGER_FORMAT,
                   json_integer_value(json_object_get(hypervisor, "mem_free")));
    table_add(table, text);
    (void)snprintf(text, sizeof(text), "%.2f",
                   json_number_value(json_object_get(hypervisor, "cpu_free")));
    table_add(table, text);
    (void)snprintf(text, sizeof(text), "%s", server_text(hypervisor, "answer"));
    for (char *c = text; (c = strchr(c, '_')) != NULL;)
        *c = ' ';
    table_add(table, text);
}

static void print_answer(const json_t *answer)
{
    static const char *const titles[] = {"HYPERVISOR", "FREE MB", "FREE CPU", "ANSWER"};
    const json_t *chosen = json_object_get(answer, "hypervisor");
    const json_t *hypervisor;
    struct table table;
    size_t i;

    if (json_is_object(chosen))
        (void)printf("would start on %s%s\n", server_text(chosen, "name"),
                     json_is_true(json_object_get(answer, "warm")) ? ", where it is warm" : "");
    else
        (void)printf("would wait: %s\n", server_text(answer, "pending_reason"));
    (void)puts(server_text(answer, "message"));
    table_init(&table, titles, sizeof(titles) / sizeof(titles[0]), 0);
    json_array_foreach(json_object_get(answer, "hypervisors"), i, hypervisor)
        add_row(&table, hypervisor);
    table_print(&table);
    table_done(&table);
}

int dry_run(errand_client *client, const struct arguments *arguments, const char *runner_id)
{
    const char *instance_type = arguments_value(arguments, "instance-type");
    json_t *body = json_object();
    json_t *answer = NULL;
    const json_t *told;
    errand_error error;
    char path[128];
    int fits;

    if (instance_type != NULL)
        (void)json_object_set_new(body, "instance_type", json_string(instance_type));
    (void)snprintf(path, sizeof(path), "/v1/runners/%s/runs?dry_run=1", runner_id);
    if (server_call(client, "POST", path, body, &answer, &error) < 0)
        return complain_error(&error, "run '%s'", arguments->words[0]);
    told = json_object_get(answer, "dry_run");
    fits = json_is_object(json_object_get(told, "hypervisor"));
    if (arguments_has(arguments, "json")) {
        (void)json_dumpf(told, stdout, JSON_COMPACT | JSON_REAL_PRECISION(15));
        (void)putchar('\n');
    } else if (!arguments_has(arguments, "quiet")) {
        print_answer(told);
    }
    json_decref(answer);
    return fits ? 0 : EXIT_OURS;
}
