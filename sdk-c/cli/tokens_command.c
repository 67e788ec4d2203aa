/* SPDX-License-Identifier: Apache-2.0
 *
 * errand tokens [create | delete]
 */
#include "arguments.h"
#include "complain.h"
#include "runner_lookup.h"
#include "server.h"
#include "session.h"
#include "table.h"
#include "when.h"

#include <stdio.h>
#include <string.h>

static const struct flag create_flags[] = {
    {"kind", 'k', "KIND", "project (the default), user, or join: for a machine that joins"},
    {"scope", 's', "SCOPE", "read, run, write, env or admin; may be repeated; default: your own"},
    {"expires", 0, "TIME", "when it stops to be valid: 2027-01-31T00:00:00Z; default: never"},
};

static const struct flag list_flags[] = {
    {"join", 0, NULL, "those for machines that join"},
};

static void join_scopes(const json_t *token, char *ret_text, size_t n)
{
    const json_t *scope;
    size_t used = 0;
    size_t i;

    ret_text[0] = '\0';
    json_array_foreach(json_object_get(token, "scopes"), i, scope)
    {
        int added = snprintf(ret_text + used, n - used, "%s%s", i == 0 ? "" : " ",
                             json_string_value(scope));

        used += added > 0 && (size_t)added < n - used ? (size_t)added : 0;
    }
}

static void add_row(struct table *table, const json_t *token)
{
    const char *expires = server_text(token, "expires_at");
    char text[512];
    char when[WHEN_BYTES];

    table_add(table, server_text(token, "id"));
    table_add(table, server_text(token, "kind"));
    table_add(table, server_text(token, "name"));
    join_scopes(token, text, sizeof(text));
    table_add(table, text);
    table_add(table, when_ago(server_text(token, "created_at"), when));
    table_add(table, expires[0] == '\0' ? "never" : expires);
}

static void print_json(const json_t *object)
{
    (void)json_dumpf(object, stdout, JSON_COMPACT | JSON_REAL_PRECISION(15));
    (void)putchar('\n');
}

static void print_list(const struct arguments *arguments, const json_t *tokens)
{
    static const char *const titles[] = {"ID", "KIND", "NAME", "SCOPES", "CREATED", "EXPIRES"};
    const json_t *token;
    struct table table;
    size_t i;

    table_init(&table, titles, sizeof(titles) / sizeof(titles[0]), 3);
    json_array_foreach(tokens, i, token)
    {
        if (arguments_has(arguments, "json"))
            print_json(token);
        else if (arguments_has(arguments, "quiet"))
            (void)puts(server_text(token, "id"));
        else
            add_row(&table, token);
    }
    if (!arguments_has(arguments, "json") && !arguments_has(arguments, "quiet"))
        table_print(&table);
    table_done(&table);
}

static int list(const struct arguments *arguments)
{
    int joins = arguments_has(arguments, "join");
    errand_client *client = NULL;
    json_t *tokens = NULL;
    errand_error error;
    int r = session_open(arguments, &client);

    if (r == 0 && server_list(client, joins ? "/v1/hypervisor_tokens" : "/v1/tokens", "tokens",
                              &tokens, &error) < 0)
        r = complain_error(&error, "list tokens");
    if (r == 0)
        print_list(arguments, tokens);
    json_decref(tokens);
    errand_client_free(client);
    return r;
}

static json_t *create_body(const struct arguments *arguments, const char *kind)
{
    const char *expires = arguments_value(arguments, "expires");
    json_t *body = json_pack("{s:s}", "name", arguments->words[0]);
    json_t *scopes = json_array();
    const char *scope;

    for (size_t i = 0; (scope = arguments_nth(arguments, "scope", i)) != NULL; i++)
        (void)json_array_append_new(scopes, json_string(scope));
    if (strcmp(kind, "join") != 0)
        (void)json_object_set_new(body, "kind", json_string(kind));
    if (json_array_size(scopes) > 0)
        (void)json_object_set(body, "scopes", scopes);
    if (expires != NULL)
        (void)json_object_set_new(body, "expires_at", json_string(expires));
    json_decref(scopes);
    return body;
}

static int create(const struct arguments *arguments)
{
    const char *kind = arguments_value(arguments, "kind");
    errand_client *client = NULL;
    json_t *answer = NULL;
    const json_t *token;
    errand_error error;
    int r = session_open(arguments, &client);

    if (kind == NULL)
        kind = "project";
    if (r == 0 && server_call(client, "POST",
                              strcmp(kind, "join") == 0 ? "/v1/hypervisor_tokens" : "/v1/tokens",
                              create_body(arguments, kind), &answer, &error) < 0)
        r = complain_error(&error, "create token '%s'", arguments->words[0]);
    token = json_object_get(answer, "token");
    if (r == 0 && !json_is_object(token))
        token = json_object_get(answer, "hypervisor_token");
    if (r == 0 && arguments_has(arguments, "json"))
        print_json(token);
    else if (r == 0)
        (void)puts(server_text(token, "token"));
    json_decref(answer);
    errand_client_free(client);
    return r;
}

static int delete_one(errand_client *client, const char *id)
{
    errand_error error;
    char path[128];
    int r;

    if (!runner_lookup_is_id(id))
        return complain("'%s' is not a token's id; 'errand tokens' lists them", id);
    (void)snprintf(path, sizeof(path), "/v1/tokens/%s", id);
    r = server_call(client, "DELETE", path, NULL, NULL, &error);
    if (r == ERRAND_E_NOT_FOUND) {
        (void)snprintf(path, sizeof(path), "/v1/hypervisor_tokens/%s", id);
        r = server_call(client, "DELETE", path, NULL, NULL, &error);
    }
    return r < 0 ? complain_error(&error, "delete token %s", id) : 0;
}

static int delete_tokens(const struct arguments *arguments)
{
    errand_client *client = NULL;
    int r = session_open(arguments, &client);

    for (size_t i = 0; r == 0 && i < arguments->n_words; i++)
        r = delete_one(client, arguments->words[i]);
    errand_client_free(client);
    return r;
}

const struct command tokens_command = {
    .name = "tokens",
    .synopsis = "[flags]",
    .summary = "list your tokens and the project's",
    .flags = list_flags,
    .n_flags = N_FLAGS(list_flags),
    .run = list,
};

const struct command tokens_create_command = {
    .name = "tokens create",
    .synopsis = "NAME [flags]",
    .summary = "make a token and print its text, which is never shown again",
    .examples = "  errand tokens create ci --scope read --scope run\n"
                "  errand tokens create 'rack 7' --kind join > join-token",
    .flags = create_flags,
    .n_flags = N_FLAGS(create_flags),
    .min_words = 1,
    .max_words = 1,
    .run = create,
};

const struct command tokens_delete_command = {
    .name = "tokens delete",
    .synopsis = "ID...",
    .summary = "make tokens invalid",
    .min_words = 1,
    .max_words = 100,
    .run = delete_tokens,
};
