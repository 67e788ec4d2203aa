/* SPDX-License-Identifier: Apache-2.0
 *
 * The file's token goes to the file's server only: never to one named by a flag or the environment.
 */
#include "session.h"

#include "complain.h"
#include "config_file.h"
#include "env_file.h"

#include <errand/version.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A flag, else the environment; a context that is named by a flag stands for all the environment
 * could say. */
static const char *setting(const struct arguments *arguments, const char *flag,
                           const char *variable)
{
    const char *value = arguments_value(arguments, flag);

    if (value == NULL && !arguments_has(arguments, "context"))
        value = getenv(variable);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* What a file of this user's says, and the file that owns the texts. */
struct known {
    struct env_file env;
    json_t *config;
    struct config_context context;
};

static int known_by_env(struct known *known, const char *path)
{
    env_file_done(&known->env);
    if (env_file_read(path, &known->env) < 0)
        env_file_done(&known->env);
    known->context.url = env_file_get(&known->env, "ERRAND_URL");
    known->context.token = env_file_get(&known->env, "ERRAND_TOKEN");
    return known->context.url != NULL;
}

/* The context that is asked for; else the checkout's stack, the current context, the installed
 * stack: the first that is there. 0, or EXIT_OURS after complaining. */
static int known_find(struct known *known, const char *context)
{
    const char *home = getenv("HOME");
    char path[4096];

    memset(known, 0, sizeof(*known));
    if (context == NULL && known_by_env(known, ".errand/env"))
        return 0;
    known->config = config_file_read();
    if (known->config == NULL)
        return EXIT_OURS;
    if (context != NULL)
        return config_file_need(known->config, context, &known->context);
    if (config_file_get(known->config, config_file_current(known->config), &known->context))
        return 0;
    (void)snprintf(path, sizeof(path), "%s/.local/state/errand/env", home == NULL ? "" : home);
    (void)known_by_env(known, path);
    return 0;
}

static void known_done(struct known *known)
{
    env_file_done(&known->env);
    json_decref(known->config);
}

/* Where nothing else is said; the token and what goes with it for the same server only. */
static void fill_in(errand_client_options *options, const struct config_context *known)
{
    if (options->url == NULL)
        options->url = known->url;
    if (options->url == NULL || known->url == NULL || strcmp(options->url, known->url) != 0)
        return;
    if (options->token == NULL)
        options->token = known->token;
    if (options->project == NULL)
        options->project = known->project;
    if (options->ca_file == NULL)
        options->ca_file = known->ca_file;
}

int session_open(const struct arguments *arguments, errand_client **ret_client)
{
    errand_client_options options = ERRAND_CLIENT_OPTIONS_INIT;
    struct known known;
    errand_error error;
    int r;

    options.url = setting(arguments, "url", "ERRAND_URL");
    options.token = setting(arguments, "token", "ERRAND_TOKEN");
    options.project = setting(arguments, "project", "ERRAND_PROJECT");
    options.ca_file = setting(arguments, "ca-file", "ERRAND_CA_FILE");
    options.user_agent = "errand/" ERRAND_VERSION;
    r = known_find(&known, setting(arguments, "context", "ERRAND_CONTEXT"));
    fill_in(&options, &known.context);

    if (r == 0 && options.url == NULL)
        r = complain("no server: set ERRAND_URL and ERRAND_TOKEN, 'errand login' to one, or start "
                     "one with 'errand up'");
    else if (r == 0 && errand_client_new(&options, ret_client, &error) < 0)
        r = complain("%s", error.message);
    known_done(&known);
    return r;
}
