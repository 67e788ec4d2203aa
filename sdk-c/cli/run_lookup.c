/* SPDX-License-Identifier: Apache-2.0
 *
 * Ids are taken without asking; whether there is such a run is told by what is asked of it.
 */
#include "run_lookup.h"

#include "complain.h"
#include "runner_lookup.h"

#include <errand/run.h>

#include <stdio.h>

int run_lookup(errand_client *client, const char *id_or_runner, char ret_id[RUN_ID_BYTES])
{
    char runner_id[RUNNER_ID_BYTES];
    errand_run_page *page = NULL;
    errand_error error;
    int r;

    if (runner_lookup_is_id(id_or_runner)) {
        (void)snprintf(ret_id, RUN_ID_BYTES, "%s", id_or_runner);
        return 0;
    }
    r = runner_lookup(client, id_or_runner, runner_id);
    if (r != 0)
        return r;
    if (errand_run_list(client, runner_id, NULL, NULL, &page, &error) < 0)
        return complain_error(&error, "runs of '%s'", id_or_runner);
    if (errand_run_page_count(page) == 0)
        r = complain("runner '%s' has no runs", id_or_runner);
    else
        (void)snprintf(ret_id, RUN_ID_BYTES, "%s", errand_run_id(errand_run_page_at(page, 0)));
    errand_run_page_free(page);
    return r;
}
