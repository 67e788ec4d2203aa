/* SPDX-License-Identifier: Apache-2.0
 *
 * errand runner create | list | show | delete
 */
#include "arguments.h"
#include "complain.h"
#include "env_pair.h"
#include "runner_lookup.h"
#include "session.h"
#include "show.h"
#include "table.h"
#include "when.h"

#include <errand/errand.h>

#include <stdio.h>

#define LONGEST_TIMEOUT_S 86400

static const struct flag create_flags[] = {
    {"image", 'i', "IMAGE", "HOST/NAME:TAG (needed)"},
    {"command", 'c', "TEXT", "shell text to run; excludes arguments after --"},
    {"entrypoint", 0, "PROGRAM", "instead of the image's"},
    {"timeout", 't', "SECONDS", "a run's deadline; the server's default is an hour"},
    {"region", 0, "SLUG", "where runs are placed"},
    {"instance-type", 0, "SLUG", "how much memory and CPU a run gets"},
    {"env", 'e', "KEY=VALUE", "a variable of every run; may be repeated"},
};

static int set_env(errand_client *client, const struct arguments *arguments, const char *runner_id)
{
    const char *text;
    int r = 0;

    for (size_t i = 0; r == 0 && (text = arguments_nth(arguments, "env", i)) != NULL; i++) {
        struct env_pair pair;
        errand_env env;
        errand_error error;

        r = env_pair_parse(text, &pair);
        env = (errand_env){pair.key, pair.value};
        if (r == 0 && errand_env_set(client, runner_id, &env, &error) < 0)
            r = complain_error(&error, "set %s", pair.key);
    }
    return r;
}

/* Before the runner is created: a wrong --env would leave half of one behind. */
static int check_env(const struct arguments *arguments)
{
    const char *text;
    int r = 0;

    for (size_t i = 0; r == 0 && (text = arguments_nth(arguments, "env", i)) != NULL; i++) {
        struct env_pair pair;

        r = env_pair_parse(text, &pair);
    }
    return r;
}

static int print_runner(const struct arguments *arguments, const errand_runner *runner)
{
    if (arguments_has(arguments, "json"))
        return show_json(errand_runner_to_json(runner));
    (void)puts(errand_runner_id(runner));
    return 0;
}

static int create(const struct arguments *arguments)
{
    errand_runner_options options = ERRAND_RUNNER_OPTIONS_INIT;
    errand_client *client = NULL;
    errand_runner *runner = NULL;
    errand_error error;
    int r = check_env(arguments);

    options.name = arguments->words[0];
    options.image = arguments_value(arguments, "image");
    options.command = arguments_value(arguments, "command");
    options.entrypoint = arguments_value(arguments, "entrypoint");
    options.region = arguments_value(arguments, "region");
    options.instance_type = arguments_value(arguments, "instance-type");
    options.argv = arguments->has_rest ? arguments->rest : NULL;
    options.n_argv = arguments->n_rest;
    if (r == 0)
        r = arguments_number(arguments, "timeout", 1, LONGEST_TIMEOUT_S, 0,
                             &options.timeout_seconds);
    if (r == 0)
        r = session_open(arguments, &client);
    if (r == 0 && errand_runner_create(client, &options, &runner, &error) < 0)
        r = complain_error(&error, "create runner '%s'", options.name);
    if (r == 0)
        r = set_env(client, arguments, errand_runner_id(runner));
    if (r == 0)
        r = print_runner(arguments, runner);
    errand_runner_free(runner);
    errand_client_free(client);
    return r;
}

static const char *runner_arg(const void *runner, size_t i)
{
    return errand_runner_arg(runner, i);
}

static void add_row(struct table *table, const errand_runner *runner)
{
    char text[512];
    char age[WHEN_BYTES];

    table_add(table, errand_runner_id(runner));
    table_add(table, errand_runner_name(runner));
    (void)snprintf(text, sizeof(text), "%s:%s", errand_runner_image_name(runner),
                   errand_runner_image_tag(runner));
    table_add(table, text);
    table_add(table, errand_runner_instance_type(runner));
    table_add(table, when_ago(errand_runner_created_at(runner), age));
    show_process(text, sizeof(text), errand_runner_command(runner), errand_runner_argc(runner),
                 runner_arg, runner);
    table_add(table, text);
}

/* Print the runners of one page; JSON goes out at once, rows are gathered. */
static int list_page(const errand_runner_page *page, int as_json, struct table *table)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < errand_runner_page_count(page); i++) {
        if (as_json)
            r = show_json(errand_runner_to_json(errand_runner_page_at(page, i)));
        else
            add_row(table, errand_runner_page_at(page, i));
    }
    return r;
}

static int list(const struct arguments *arguments)
{
    static const char *const titles[] = {"ID", "NAME", "IMAGE", "TYPE", "CREATED", "COMMAND"};
    errand_page_options want = ERRAND_PAGE_OPTIONS_INIT;
    int as_json = arguments_has(arguments, "json");
    errand_client *client = NULL;
    struct table table;
    int r = session_open(arguments, &client);

    want.per_page = 100;
    table_init(&table, titles, sizeof(titles) / sizeof(titles[0]), 5);
    do {
        errand_runner_page *page = NULL;
        errand_error error;

        if (r == 0 && errand_runner_list(client, &want, &page, &error) < 0)
            r = complain_error(&error, "list runners");
        if (r != 0)
            break;
        r = list_page(page, as_json, &table);
        want.page = errand_runner_page_next(page);
        errand_runner_page_free(page);
    } while (r == 0 && want.page != 0);
    if (r == 0 && !as_json)
        table_print(&table);
    table_done(&table);
    errand_client_free(client);
    return r;
}

static void show_line(const char *name, const char *value)
{
    if (value[0] != '\0')
        (void)printf("%-14s %s\n", name, value);
}

static void show_text(const errand_runner *runner)
{
    char text[1024];

    show_line("id", errand_runner_id(runner));
    show_line("name", errand_runner_name(runner));
    show_line("status", errand_runner_status(runner));
    (void)snprintf(text, sizeof(text), "%s:%s", errand_runner_image_name(runner),
                   errand_runner_image_tag(runner));
    show_line("image", text);
    show_process(text, sizeof(text), errand_runner_command(runner), errand_runner_argc(runner),
                 runner_arg, runner);
    show_line("command", text);
    show_line("entrypoint", errand_runner_entrypoint(runner));
    (void)snprintf(text, sizeof(text), "%u s", errand_runner_timeout_seconds(runner));
    show_line("timeout", text);
    show_line("region", errand_runner_region(runner));
    show_line("instance type", errand_runner_instance_type(runner));
    show_line("created", errand_runner_created_at(runner));
}

static int show(const struct arguments *arguments)
{
    errand_client *client = NULL;
    errand_runner *runner = NULL;
    char id[RUNNER_ID_BYTES];
    errand_error error;
    int r = session_open(arguments, &client);

    if (r == 0)
        r = runner_lookup(client, arguments->words[0], id);
    if (r == 0 && errand_runner_get(client, id, &runner, &error) < 0)
        r = complain_error(&error, "runner '%s'", arguments->words[0]);
    if (r == 0 && arguments_has(arguments, "json"))
        r = show_json(errand_runner_to_json(runner));
    else if (r == 0)
        show_text(runner);
    errand_runner_free(runner);
    errand_client_free(client);
    return r;
}

static int delete (const struct arguments *arguments)
{
    errand_client *client = NULL;
    char id[RUNNER_ID_BYTES];
    errand_error error;
    int r = session_open(arguments, &client);

    if (r == 0)
        r = runner_lookup(client, arguments->words[0], id);
    if (r == 0 && errand_runner_delete(client, id, &error) < 0)
        r = complain_error(&error, "delete runner '%s'", arguments->words[0]);
    errand_client_free(client);
    return r;
}

const struct command runner_create_command = {
    .name = "runner create",
    .synopsis = "NAME --image IMAGE [flags] [-- ARG...]",
    .examples =
        "  errand runner create backup --image registry.example.com/tools:3 -- pg_dump app\n"
        "  errand runner create report --image debian:12 --command 'date; uptime'",
    .summary = "create a runner and print its id",
    .flags = create_flags,
    .n_flags = N_FLAGS(create_flags),
    .min_words = 1,
    .max_words = 1,
    .takes_rest = 1,
    .run = create,
};

const struct command runner_list_command = {
    .name = "runner list",
    .synopsis = "",
    .summary = "list the runners",
    .run = list,
};

const struct command runner_show_command = {
    .name = "runner show",
    .synopsis = "RUNNER",
    .summary = "describe a runner, by id or name",
    .min_words = 1,
    .max_words = 1,
    .run = show,
};

const struct command runner_delete_command = {
    .name = "runner delete",
    .synopsis = "RUNNER",
    .summary = "delete a runner that has no unfinished runs",
    .min_words = 1,
    .max_words = 1,
    .run = delete,
};
