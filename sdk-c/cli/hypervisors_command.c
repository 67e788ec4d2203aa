/* SPDX-License-Identifier: Apache-2.0
 *
 * errand hypervisors [cordon | uncordon | drain]
 */
#include "arguments.h"
#include "complain.h"
#include "near_name.h"
#include "runner_lookup.h"
#include "session.h"
#include "show.h"
#include "table.h"
#include "when.h"

#include <errand/errand.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ID_BYTES 37
#define NAME_BYTES 256
#define GIB (1024.0 * 1024 * 1024)

static void add_row(struct table *table, const errand_hypervisor *hypervisor)
{
    char text[64];
    char when[WHEN_BYTES];

    table_add(table, errand_hypervisor_name(hypervisor));
    table_add(table, errand_hypervisor_status(hypervisor));
    table_add(table, errand_hypervisor_region(hypervisor));
    (void)snprintf(text, sizeof(text), "%u", errand_hypervisor_runs(hypervisor));
    table_add(table, text);
    (void)snprintf(text, sizeof(text), "%g", errand_hypervisor_cpu(hypervisor));
    table_add(table, text);
    (void)snprintf(text, sizeof(text), "%" PRId64 " of %" PRId64 " MB",
                   errand_hypervisor_memory_free_mb(hypervisor),
                   errand_hypervisor_memory_mb(hypervisor));
    table_add(table, text);
    (void)snprintf(text, sizeof(text), "%.1f GiB",
                   (double)errand_hypervisor_disk_free_bytes(hypervisor) / GIB);
    table_add(table, text);
    table_add(table, when_ago(errand_hypervisor_last_seen_at(hypervisor), when));
}

static int list(const struct arguments *arguments)
{
    static const char *const titles[] = {"NAME", "STATUS",      "REGION",    "RUNS",
                                         "CPU",  "FREE MEMORY", "FREE DISK", "SEEN"};
    const errand_hypervisor *hypervisor;
    errand_iterator *all = NULL;
    errand_client *client = NULL;
    errand_error error;
    struct table table;
    int r = session_open(arguments, &client);

    if (r != 0)
        return r;
    table_init(&table, titles, sizeof(titles) / sizeof(titles[0]), 0);
    r = errand_iterate_hypervisors(client, &all, &error);
    while (r == 0 && (r = errand_iterator_next_hypervisor(all, &hypervisor, &error)) > 0) {
        r = 0;
        if (arguments_has(arguments, "json"))
            r = show_json(errand_hypervisor_to_json(hypervisor));
        else if (arguments_has(arguments, "quiet"))
            (void)puts(errand_hypervisor_id(hypervisor));
        else
            add_row(&table, hypervisor);
    }
    if (r == 0 && !arguments_has(arguments, "json") && !arguments_has(arguments, "quiet"))
        table_print(&table);
    if (r < 0)
        r = complain_error(&error, "list hypervisors");
    errand_iterator_free(all);
    table_done(&table);
    errand_client_free(client);
    return r;
}

static int lookup(errand_client *client, const char *id_or_name, char ret_id[ID_BYTES])
{
    struct near_name near = near_name_of(id_or_name);
    const errand_hypervisor *hypervisor;
    errand_iterator *all = NULL;
    char nearest[NAME_BYTES];
    errand_error error;
    int found = runner_lookup_is_id(id_or_name);
    int r;

    (void)snprintf(ret_id, ID_BYTES, "%s", id_or_name);
    r = found ? 0 : errand_iterate_hypervisors(client, &all, &error);
    while (r == 0 && !found &&
           (r = errand_iterator_next_hypervisor(all, &hypervisor, &error)) > 0) {
        const char *name = errand_hypervisor_name(hypervisor);

        r = 0;
        found = strcmp(name, id_or_name) == 0;
        if (found)
            (void)snprintf(ret_id, ID_BYTES, "%s", errand_hypervisor_id(hypervisor));
        if (near_name_offer(&near, name)) {
            (void)snprintf(nearest, sizeof(nearest), "%s", name);
            near.best = nearest;
        }
    }
    errand_iterator_free(all);
    if (r < 0)
        return complain_error(&error, "find hypervisor '%s'", id_or_name);
    if (found)
        return 0;
    if (near.best != NULL)
        return complain("hypervisor '%s' not found; did you mean '%s'?", id_or_name, near.best);
    return complain("hypervisor '%s' not found; 'errand hypervisors' lists them", id_or_name);
}

typedef int change(errand_client *client, const char *hypervisor_id,
                   errand_hypervisor **ret_hypervisor, errand_error *error);

static int change_one(const struct arguments *arguments, change *make)
{
    errand_hypervisor *hypervisor = NULL;
    errand_client *client = NULL;
    char id[ID_BYTES];
    errand_error error;
    int r = session_open(arguments, &client);

    if (r == 0)
        r = lookup(client, arguments->words[0], id);
    if (r == 0 && make(client, id, &hypervisor, &error) < 0)
        r = complain_error(&error, "%s %s", arguments->command->name, arguments->words[0]);
    if (r == 0 && arguments_has(arguments, "json"))
        r = show_json(errand_hypervisor_to_json(hypervisor));
    else if (r == 0 && !arguments_has(arguments, "quiet"))
        (void)printf("%s is %s; it has %u runs\n", errand_hypervisor_name(hypervisor),
                     errand_hypervisor_status(hypervisor), errand_hypervisor_runs(hypervisor));
    errand_hypervisor_free(hypervisor);
    errand_client_free(client);
    return r;
}

static int cordon(const struct arguments *arguments)
{
    return change_one(arguments, errand_hypervisor_cordon);
}

static int uncordon(const struct arguments *arguments)
{
    return change_one(arguments, errand_hypervisor_uncordon);
}

static int drain(const struct arguments *arguments)
{
    return change_one(arguments, errand_hypervisor_drain);
}

const struct command hypervisors_command = {
    .name = "hypervisors",
    .synopsis = "",
    .summary = "list the machines that runs are placed on",
    .run = list,
};

const struct command hypervisors_cordon_command = {
    .name = "hypervisors cordon",
    .synopsis = "HYPERVISOR",
    .summary = "place no new runs on it; those it has go on",
    .min_words = 1,
    .max_words = 1,
    .run = cordon,
};

const struct command hypervisors_uncordon_command = {
    .name = "hypervisors uncordon",
    .synopsis = "HYPERVISOR",
    .summary = "place runs on it again",
    .min_words = 1,
    .max_words = 1,
    .run = uncordon,
};

const struct command hypervisors_drain_command = {
    .name = "hypervisors drain",
    .synopsis = "HYPERVISOR",
    .summary = "empty it: as cordon; when it has no runs it can be removed",
    .min_words = 1,
    .max_words = 1,
    .run = drain,
};
