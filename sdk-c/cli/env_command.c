/* SPDX-License-Identifier: Apache-2.0
 *
 * errand env set | list | rm
 */
#include "arguments.h"
#include "complain.h"
#include "env_args.h"
#include "runner_lookup.h"
#include "session.h"
#include "table.h"

#include <errand/errand.h>

#include <jansson.h>

#include <stdio.h>

#define MOST_WORDS 201

static int open_runner(const struct arguments *arguments, errand_client **ret_client,
                       char ret_id[RUNNER_ID_BYTES])
{
    int r = session_open(arguments, ret_client);

    return r == 0 ? runner_lookup(*ret_client, arguments->words[0], ret_id) : r;
}

static const struct flag set_flags[] = {
    {"env-file", 0, "FILE", "a file of KEY=VALUE lines; may be repeated"},
    {"secret", 0, NULL, "never show the values again; so it is for new variables"},
    {"plain", 0, NULL, "values may be shown"},
};

/* The words behind the runner, then the files. */
static int gather(const struct arguments *arguments, struct env_args *ret_args)
{
    int r = env_args_gather(arguments, ret_args);

    for (size_t i = 1; r == 0 && i < arguments->n_words; i++)
        r = env_args_add(ret_args, arguments->words[i]);
    if (r == 0 && ret_args->n == 0)
        r = complain("usage: errand env set RUNNER KEY=VALUE...");
    return r;
}

static int set(const struct arguments *arguments)
{
    errand_env_kind kind = arguments_has(arguments, "plain")    ? ERRAND_ENV_PLAIN
                           : arguments_has(arguments, "secret") ? ERRAND_ENV_SECRET
                                                                : ERRAND_ENV_AS_IT_IS;
    errand_client *client = NULL;
    char id[RUNNER_ID_BYTES];
    struct env_args env;
    errand_error error;
    int r = gather(arguments, &env);

    if (r == 0)
        r = open_runner(arguments, &client, id);
    for (size_t i = 0; r == 0 && i < env.n; i++) {
        if (errand_env_set(client, id, &env.env[i], kind, &error) < 0)
            r = complain_error(&error, "set %s", env.env[i].key);
    }
    env_args_done(&env);
    errand_client_free(client);
    return r;
}

static int rm(const struct arguments *arguments)
{
    errand_client *client = NULL;
    char id[RUNNER_ID_BYTES];
    errand_error error;
    int r = open_runner(arguments, &client, id);

    for (size_t i = 1; r == 0 && i < arguments->n_words; i++) {
        if (errand_env_remove(client, id, arguments->words[i], &error) < 0)
            r = complain_error(&error, "remove %s", arguments->words[i]);
    }
    errand_client_free(client);
    return r;
}

static void add_rows(struct table *table, const errand_env_page *page)
{
    for (size_t i = 0; i < errand_env_page_count(page); i++) {
        table_add(table, errand_env_page_key(page, i));
        table_add(table,
                  errand_env_page_is_secret(page, i) ? "(secret)" : errand_env_page_value(page, i));
    }
}

/* An object a line. */
static void print_json(const errand_env_page *page)
{
    char *text = errand_env_page_to_json(page);
    json_t *variables = text == NULL ? NULL : json_loads(text, 0, NULL);
    const json_t *variable;
    size_t i;

    json_array_foreach(variables, i, variable)
    {
        (void)json_dumpf(variable, stdout, JSON_COMPACT | JSON_REAL_PRECISION(15));
        (void)putchar('\n');
    }
    json_decref(variables);
    errand_free(text);
}

static void print_keys(const errand_env_page *page)
{
    for (size_t i = 0; i < errand_env_page_count(page); i++)
        (void)puts(errand_env_page_key(page, i));
}

static int list(const struct arguments *arguments)
{
    static const char *const titles[] = {"KEY", "VALUE"};
    errand_page_options want = ERRAND_PAGE_OPTIONS_INIT;
    int as_json = arguments_has(arguments, "json");
    errand_client *client = NULL;
    char id[RUNNER_ID_BYTES];
    struct table table;
    int r = open_runner(arguments, &client, id);

    want.per_page = 100;
    table_init(&table, titles, 2, 1);
    while (r == 0) {
        errand_env_page *page = NULL;
        errand_error error;

        if (errand_env_list(client, id, &want, &page, &error) < 0) {
            r = complain_error(&error, "list variables");
            break;
        }
        if (as_json)
            print_json(page);
        else if (arguments_has(arguments, "quiet"))
            print_keys(page);
        else
            add_rows(&table, page);
        want.page = errand_env_page_next(page);
        errand_env_page_free(page);
        if (want.page == 0)
            break;
    }
    if (r == 0 && !as_json && !arguments_has(arguments, "quiet"))
        table_print(&table);
    table_done(&table);
    errand_client_free(client);
    return r;
}

const struct command env_set_command = {
    .name = "env set",
    .synopsis = "RUNNER KEY=VALUE... [flags]",
    .summary = "set variables of a runner",
    .details =
        "KEY alone takes the value from errand's own environment, so that it is in no list of\n"
        "processes and no shell history.",
    .examples = "  errand env set backup STAGE=production --plain\n"
                "  read -rs PGPASSWORD; export PGPASSWORD; errand env set backup PGPASSWORD",
    .flags = set_flags,
    .n_flags = N_FLAGS(set_flags),
    .min_words = 1,
    .max_words = MOST_WORDS,
    .run = set,
};

const struct command env_list_command = {
    .name = "env list",
    .synopsis = "RUNNER",
    .summary = "list the variables of a runner",
    .min_words = 1,
    .max_words = 1,
    .run = list,
};

const struct command env_rm_command = {
    .name = "env rm",
    .synopsis = "RUNNER KEY...",
    .summary = "remove variables of a runner",
    .min_words = 2,
    .max_words = MOST_WORDS,
    .run = rm,
};
