/* SPDX-License-Identifier: Apache-2.0
 *
 * errand runner create | list | show | delete
 */
#include "arguments.h"
#include "complain.h"
#include "env_args.h"
#include "runner_args.h"
#include "runner_lookup.h"
#include "session.h"
#include "show.h"
#include "table.h"
#include "when.h"

#include <errand/errand.h>

#include <jansson.h>

#include <stdio.h>
#include <string.h>

static const struct flag create_flags[] = {
    {"image", 'i', "IMAGE", "HOST/NAME:TAG (needed)"},
    {"command", 'c', "TEXT", "shell text to run; excludes arguments after --"},
    {"entrypoint", 0, "PROGRAM", "instead of the image's"},
    {"timeout", 't', "SECONDS", "a run's deadline; the server's default is an hour"},
    {"region", 0, "SLUG", "where runs are placed"},
    {"instance-type", 0, "SLUG", "how much memory and CPU a run gets"},
    ENV_ARGS_FLAGS("a variable of every run"),
};

static int set_env(errand_client *client, const struct env_args *env, const char *runner_id)
{
    errand_error error;

    for (size_t i = 0; i < env->n; i++) {
        if (errand_env_set(client, runner_id, &env->env[i], ERRAND_ENV_AS_IT_IS, &error) < 0)
            return complain_error(&error, "set %s", env->env[i].key);
    }
    return 0;
}

static int create(const struct arguments *arguments)
{
    errand_runner_options options = ERRAND_RUNNER_OPTIONS_INIT;
    errand_client *client = NULL;
    errand_runner *runner = NULL;
    struct env_args env;
    errand_error error;
    int r = env_args_gather(arguments, &env); /* before there is half a runner */

    if (r == 0)
        r = runner_args_read(arguments, &options);
    options.name = arguments->words[0];
    if (r == 0)
        r = session_open(arguments, &client);
    if (r == 0 && errand_runner_create(client, &options, &runner, &error) < 0)
        r = complain_error(&error, "create runner '%s'", options.name);
    if (r == 0)
        r = set_env(client, &env, errand_runner_id(runner));
    if (r == 0)
        r = runner_args_print(arguments, runner, 0);
    env_args_done(&env);
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

/* Print the runners of one page; JSON and ids go out at once, rows are gathered. */
static int list_page(const errand_runner_page *page, const struct arguments *arguments,
                     struct table *table)
{
    int as_json = arguments_has(arguments, "json");
    int only_ids = arguments_has(arguments, "quiet");
    int r = 0;

    for (size_t i = 0; r == 0 && i < errand_runner_page_count(page); i++) {
        if (as_json)
            r = show_json(errand_runner_to_json(errand_runner_page_at(page, i)));
        else if (only_ids)
            (void)puts(errand_runner_id(errand_runner_page_at(page, i)));
        else
            add_row(table, errand_runner_page_at(page, i));
    }
    return r;
}

static int list(const struct arguments *arguments)
{
    static const char *const titles[] = {"ID", "NAME", "IMAGE", "TYPE", "CREATED", "COMMAND"};
    errand_page_options want = ERRAND_PAGE_OPTIONS_INIT;
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
        r = list_page(page, arguments, &table);
        want.page = errand_runner_page_next(page);
        errand_runner_page_free(page);
    } while (r == 0 && want.page != 0);
    if (r == 0 && !arguments_has(arguments, "json") && !arguments_has(arguments, "quiet"))
        table_print(&table);
    table_done(&table);
    errand_client_free(client);
    return r;
}

static void show_line(const char *name, const char *value)
{
    if (value[0] != '\0')
        (void)printf("%-16s %s\n", name, value);
}

/* Fields without a getter, where they are anything. */
static void show_fields(const errand_runner *runner)
{
    static const char *const fields[] = {"priority", "max_concurrency", "on_overlap", "retry",
                                         "network",  "sandbox",         "user",       "labels"};
    char *json = errand_runner_to_json(runner);
    json_t *object = json == NULL ? NULL : json_loads(json, 0, NULL);

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        const json_t *value = json_object_get(object, fields[i]);
        char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));

        if (json_is_string(value))
            show_line(fields[i], json_string_value(value));
        else if (text != NULL && strcmp(text, "null") != 0 && strcmp(text, "{}") != 0)
            show_line(fields[i], text);
        errand_free(text);
    }
    json_decref(object);
    errand_free(json);
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
    show_fields(runner);
    show_line("created", errand_runner_created_at(runner));
    show_line("warmed", errand_runner_warmed_at(runner));
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
