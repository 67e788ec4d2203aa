/* SPDX-License-Identifier: Apache-2.0
 *
 * errand env set | list | rm
 */
#include "arguments.h"
#include "complain.h"
#include "env_pair.h"
#include "runner_lookup.h"
#include "session.h"
#include "show.h"
#include "table.h"

#include <errand/errand.h>

#define MOST_WORDS 201

static int open_runner(const struct arguments *arguments, errand_client **ret_client,
                       char ret_id[RUNNER_ID_BYTES])
{
    int r = session_open(arguments, ret_client);

    return r == 0 ? runner_lookup(*ret_client, arguments->words[0], ret_id) : r;
}

static int set_one(errand_client *client, const char *runner_id, const char *text)
{
    struct env_pair pair;
    errand_env env;
    errand_error error;
    int r = env_pair_parse(text, &pair);

    if (r != 0)
        return r;
    env = (errand_env){pair.key, pair.value};
    if (errand_env_set(client, runner_id, &env, &error) < 0)
        return complain_error(&error, "set %s", pair.key);
    return 0;
}

static int set(const struct arguments *arguments)
{
    errand_client *client = NULL;
    char id[RUNNER_ID_BYTES];
    int r = open_runner(arguments, &client, id);

    for (size_t i = 1; r == 0 && i < arguments->n_words; i++)
        r = set_one(client, id, arguments->words[i]);
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
            r = show_json(errand_env_page_to_json(page));
        else
            add_rows(&table, page);
        want.page = errand_env_page_next(page);
        errand_env_page_free(page);
        if (want.page == 0)
            break;
    }
    if (r == 0 && !as_json)
        table_print(&table);
    table_done(&table);
    errand_client_free(client);
    return r;
}

const struct command env_set_command = {
    .name = "env set",
    .synopsis = "RUNNER KEY=VALUE...",
    .summary = "set variables of a runner",
    .min_words = 2,
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
