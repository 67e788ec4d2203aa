/* SPDX-License-Identifier: Apache-2.0
 *
 * errand login, errand logout, errand context list|use
 */
#include "arguments.h"
#include "complain.h"
#include "config_file.h"
#include "session.h"
#include "table.h"

#include <errand/errand.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define TOKEN_BYTES 256
#define DEFAULT_CONTEXT "default"

static const struct flag login_flags[] = {
    {"name", 0, "NAME", "what to call this context; default: default"},
};

/* A line from the terminal, unseen, or from standard input. */
static int read_token(char ret_token[TOKEN_BYTES])
{
    struct termios as_was;
    int is_terminal = tcgetattr(STDIN_FILENO, &as_was) == 0;
    const char *got;

    if (is_terminal) {
        struct termios unseen = as_was;

        unseen.c_lflag &= ~(tcflag_t)ECHO;
        (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &unseen);
        (void)fputs("Token: ", stderr);
    }
    got = fgets(ret_token, TOKEN_BYTES, stdin);
    if (is_terminal) {
        (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &as_was);
        (void)fputc('\n', stderr);
    }
    if (got == NULL)
        return complain("login: no token was given; it is read from standard input");
    ret_token[strcspn(ret_token, "\r\n")] = '\0';
    return 0;
}

/* The server must know the token before it is kept. */
static int check(const struct config_context *context)
{
    errand_client_options options = ERRAND_CLIENT_OPTIONS_INIT;
    errand_client *client = NULL;
    errand_runner_page *page = NULL;
    errand_error error;
    int r = 0;

    options.url = context->url;
    options.token = context->token;
    options.project = context->project;
    options.ca_file = context->ca_file;
    if (errand_client_new(&options, &client, &error) < 0 ||
        errand_runner_list(client, NULL, &page, &error) < 0)
        r = complain_error(&error, "log in to %s", context->url);
    errand_runner_page_free(page);
    errand_client_free(client);
    return r;
}

static int login(const struct arguments *arguments)
{
    char token[TOKEN_BYTES] = "";
    const char *name = arguments_value(arguments, "name");
    const struct config_context context = {
        .url = arguments->words[0],
        .token = arguments_has(arguments, "token") ? arguments_value(arguments, "token") : token,
        .project = arguments_value(arguments, "project"),
        .ca_file = arguments_value(arguments, "ca-file"),
    };
    json_t *config = config_file_read();
    int r = config == NULL ? EXIT_OURS : 0;

    if (name == NULL)
        name = DEFAULT_CONTEXT;
    if (r == 0 && context.token == token)
        r = read_token(token);
    if (r == 0)
        r = check(&context);
    if (r == 0 && config_file_set(config, name, &context) < 0)
        r = complain("login: a text is not UTF-8");
    if (r == 0)
        r = config_file_write(config);
    if (r == 0)
        (void)printf("logged in to %s; context '%s' is the current one\n", context.url, name);
    explicit_bzero(token, sizeof(token));
    json_decref(config);
    return r;
}

static int logout(const struct arguments *arguments)
{
    json_t *config = config_file_read();
    struct config_context context;
    const char *name;
    int r;

    if (config == NULL)
        return EXIT_OURS;
    name = arguments->n_words == 1 ? arguments->words[0] : config_file_current(config);
    r = config_file_need(config, name, &context);
    if (r == 0) {
        (void)printf("logged out of %s\n", context.url);
        (void)json_object_del(json_object_get(config, "contexts"), name);
        if (!config_file_get(config, config_file_current(config), &context))
            (void)json_object_del(config, "current");
        r = config_file_write(config);
    }
    json_decref(config);
    return r;
}

/* Never the token. */
static void print_context(const char *name, const struct config_context *context, int is_current)
{
    json_t *told = json_pack("{s:s, s:s?, s:s?, s:b}", "name", name, "url", context->url, "project",
                             context->project, "current", is_current);

    (void)json_dumpf(told, stdout, JSON_COMPACT | JSON_REAL_PRECISION(15));
    (void)putchar('\n');
    json_decref(told);
}

static int list(const struct arguments *arguments)
{
    static const char *const titles[] = {"CURRENT", "NAME", "URL", "PROJECT"};
    json_t *config = config_file_read();
    struct config_context context;
    struct table table;
    const char *name;
    json_t *value;

    if (config == NULL)
        return EXIT_OURS;
    table_init(&table, titles, sizeof(titles) / sizeof(titles[0]), 2);
    json_object_foreach(json_object_get(config, "contexts"), name, value)
    {
        (void)config_file_get(config, name, &context);
        if (arguments_has(arguments, "json"))
            print_context(name, &context, strcmp(name, config_file_current(config)) == 0);
        if (arguments_has(arguments, "quiet"))
            (void)puts(name);
        table_add(&table, strcmp(name, config_file_current(config)) == 0 ? "*" : "");
        table_add(&table, name);
        table_add(&table, context.url == NULL ? "" : context.url);
        table_add(&table, context.project == NULL ? "" : context.project);
    }
    if (!arguments_has(arguments, "json") && !arguments_has(arguments, "quiet"))
        table_print(&table);
    table_done(&table);
    json_decref(config);
    return 0;
}

static int use(const struct arguments *arguments)
{
    const char *name = arguments->words[0];
    json_t *config = config_file_read();
    struct config_context context;
    int r = config == NULL ? EXIT_OURS : config_file_need(config, name, &context);

    if (r == 0)
        r = json_object_set_new(config, "current", json_string(name)) < 0
                ? complain("out of memory")
                : config_file_write(config);
    if (r == 0)
        (void)printf("context '%s' is the current one: %s\n", name, context.url);
    json_decref(config);
    return r;
}

const struct command login_command = {
    .name = "login",
    .synopsis = "URL [flags]",
    .summary = "remember a server and a token",
    .details =
        "Asks for the token, or reads it from standard input, and tries it. It is kept in\n"
        "~/.config/errand/config.json, for this user only. --project and --ca-file are kept\n"
        "with it.",
    .examples = "  errand login https://errand.example.com\n"
                "  errand login https://errand.example.com --name ci < token",
    .flags = login_flags,
    .n_flags = N_FLAGS(login_flags),
    .min_words = 1,
    .max_words = 1,
    .run = login,
};

const struct command logout_command = {
    .name = "logout",
    .synopsis = "[CONTEXT]",
    .summary = "forget a server and its token; the current one by default",
    .details = "The token stays valid: delete it on the server when it leaked.",
    .max_words = 1,
    .run = logout,
};

const struct command context_list_command = {
    .name = "context list",
    .synopsis = "",
    .summary = "list the servers that are remembered",
    .run = list,
};

const struct command context_use_command = {
    .name = "context use",
    .synopsis = "CONTEXT",
    .summary = "make another one the current one",
    .min_words = 1,
    .max_words = 1,
    .run = use,
};
