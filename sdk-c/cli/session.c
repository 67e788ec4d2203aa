/* SPDX-License-Identifier: Apache-2.0
 *
 * The file's token goes to the file's server only: never to one named by a flag or the environment.
 */
#include "session.h"

#include "complain.h"
#include "env_file.h"

#include <errand/version.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *setting(const struct arguments *arguments, const char *flag,
                           const char *variable)
{
    const char *value = arguments_value(arguments, flag);

    if (value == NULL)
        value = getenv(variable);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* ./.errand/env, else the installed stack's. A file that cannot be read is skipped. */
static void read_local_file(struct env_file *ret_file)
{
    const char *home = getenv("HOME");
    char path[4096];

    if (env_file_read(".errand/env", ret_file) == 0 && ret_file->n > 0)
        return;
    env_file_done(ret_file);
    (void)snprintf(path, sizeof(path), "%s/.local/state/errand/env", home == NULL ? "" : home);
    if (env_file_read(path, ret_file) < 0)
        ret_file->n = 0;
}

int session_open(const struct arguments *arguments, errand_client **ret_client)
{
    errand_client_options options = ERRAND_CLIENT_OPTIONS_INIT;
    struct env_file file;
    const char *file_url;
    errand_error error;
    int r = 0;

    read_local_file(&file);
    file_url = env_file_get(&file, "ERRAND_URL");
    options.url = setting(arguments, "url", "ERRAND_URL");
    options.token = setting(arguments, "token", "ERRAND_TOKEN");
    options.project = setting(arguments, "project", "ERRAND_PROJECT");
    options.ca_file = setting(arguments, "ca-file", "ERRAND_CA_FILE");
    options.user_agent = "errand/" ERRAND_VERSION;
    if (options.url == NULL)
        options.url = file_url;
    if (options.token == NULL && options.url != NULL && file_url != NULL &&
        strcmp(options.url, file_url) == 0)
        options.token = env_file_get(&file, "ERRAND_TOKEN");

    if (options.url == NULL)
        r = complain("no server: set ERRAND_URL and ERRAND_TOKEN, or start one with 'errand up'");
    else if (errand_client_new(&options, ret_client, &error) < 0)
        r = complain("%s", error.message);
    env_file_done(&file);
    return r;
}
