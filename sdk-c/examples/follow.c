/* SPDX-License-Identifier: Apache-2.0
 *
 * Start a run and print its log as it is written: follow RUNNER_ID
 */
#include <errand/errand.h>

#include <stdio.h>
#include <stdlib.h>

static int print_line(const errand_log_line *line, void *user)
{
    (void)user;
    return fwrite(line->bytes, 1, line->n_bytes, stdout) != line->n_bytes || putchar('\n') == EOF;
}

int main(int argc, char **argv)
{
    errand_client_options options = ERRAND_CLIENT_OPTIONS_INIT;
    errand_follow_options follow = ERRAND_FOLLOW_OPTIONS_INIT;
    errand_follow_result result = ERRAND_FOLLOW_RESULT_INIT;
    errand_client *client = NULL;
    errand_run *run = NULL;
    errand_error error = {0};

    options.url = getenv("ERRAND_URL");
    options.token = getenv("ERRAND_TOKEN");
    follow.on_line = print_line;

    if (errand_client_new(&options, &client, &error) < 0 ||
        errand_run_trigger(client, argc > 1 ? argv[1] : "", NULL, &run, &error) < 0 ||
        errand_follow(client, errand_run_id(run), &follow, &result, &error) < 0)
        fprintf(stderr, "%s: %s\n", errand_error_name(error.code), error.message);

    errand_run_free(run);
    errand_client_free(client);
    return result.has_exit_code ? result.exit_code : 125;
}
