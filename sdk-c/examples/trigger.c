/* SPDX-License-Identifier: Apache-2.0
 *
 * Start a run with arguments and a variable, wait for its end without its log:
 * trigger RUNNER_ID [ARG...]
 */
#include <errand/errand.h>

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    const errand_env env[] = {{"GREETING", "hello"}};
    errand_client_options options = ERRAND_CLIENT_OPTIONS_INIT;
    errand_run_options how = ERRAND_RUN_OPTIONS_INIT;
    errand_client *client = NULL;
    errand_run *started = NULL;
    errand_run *ended = NULL;
    errand_error error = {0};
    int code = 125;

    options.url = getenv("ERRAND_URL");
    options.token = getenv("ERRAND_TOKEN");
    how.env = env;
    how.n_env = 1;
    if (argc > 2) {
        how.argv = (const char *const *)argv + 2;
        how.n_argv = (size_t)argc - 2;
    }

    if (errand_client_new(&options, &client, &error) < 0 ||
        errand_run_trigger(client, argc > 1 ? argv[1] : "", &how, &started, &error) < 0 ||
        errand_run_wait(client, errand_run_id(started), NULL, &ended, &error) < 0)
        fprintf(stderr, "%s: %s\n", errand_error_name(error.code), error.message);
    else if (errand_run_exit_code(ended, &code))
        printf("%s: exit code %d after %ld ms\n", errand_run_id(ended), code,
               (long)errand_run_duration_ms(ended));

    errand_run_free(ended);
    errand_run_free(started);
    errand_client_free(client);
    return code;
}
