/* SPDX-License-Identifier: Apache-2.0
 *
 * errand stop
 */
#include "arguments.h"
#include "complain.h"
#include "run_lookup.h"
#include "session.h"
#include "show.h"

#include <errand/errand.h>

#include <stdio.h>

static int stop(const struct arguments *arguments)
{
    errand_client *client = NULL;
    errand_run *run = NULL;
    char run_id[RUN_ID_BYTES];
    errand_error error;
    int r = session_open(arguments, &client);

    if (r == 0)
        r = run_lookup(client, arguments->words[0], run_id);
    if (r == 0 && errand_run_stop(client, run_id, &run, &error) < 0)
        r = complain_error(&error, "stop run %s", run_id);
    if (r == 0 && arguments_has(arguments, "json"))
        r = show_json(errand_run_to_json(run));
    else if (r == 0 && !arguments_has(arguments, "quiet"))
        (void)puts(errand_run_is_final(run) ? errand_run_status_name(errand_run_get_status(run))
                                            : "stopping");
    errand_run_free(run);
    errand_client_free(client);
    return r;
}

const struct command stop_command = {
    .name = "stop",
    .synopsis = "RUN",
    .summary = "stop a run, pending or running",
    .details =
        "RUN is an id, or the name of a runner: its newest run.\n"
        "Prints how it ended, or 'stopping' while its container has its time to end by itself.",
    .min_words = 1,
    .max_words = 1,
    .run = stop,
};
