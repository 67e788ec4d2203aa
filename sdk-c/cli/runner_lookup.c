/* SPDX-License-Identifier: Apache-2.0
 *
 * What looks like a UUID is taken as the id without asking: one request less on the way of a run.
 */
#include "runner_lookup.h"

#include "complain.h"
#include "near_name.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define LONGEST_NAME 63

int runner_lookup_is_id(const char *text)
{
    static const char shape[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

    if (strlen(text) != sizeof(shape) - 1)
        return 0;
    for (size_t i = 0; shape[i] != '\0'; i++) {
        if (shape[i] == '-' ? text[i] != '-' : !isxdigit((unsigned char)text[i]))
            return 0;
    }
    return 1;
}

/* Look through one page. 1 when the name is there. The nearest name is copied to `nearest`. */
static int page_lookup(const errand_runner_page *page, const char *name, char *ret_id,
                       struct near_name *near, char nearest[LONGEST_NAME + 1])
{
    for (size_t i = 0; i < errand_runner_page_count(page); i++) {
        const errand_runner *runner = errand_runner_page_at(page, i);

        if (strcmp(errand_runner_name(runner), name) == 0) {
            (void)snprintf(ret_id, RUNNER_ID_BYTES, "%s", errand_runner_id(runner));
            return 1;
        }
        if (near_name_offer(near, errand_runner_name(runner))) {
            (void)snprintf(nearest, LONGEST_NAME + 1, "%s", near->best);
            near->best = nearest;
        }
    }
    return 0;
}

int runner_lookup(errand_client *client, const char *id_or_name, char ret_id[RUNNER_ID_BYTES])
{
    errand_page_options want = ERRAND_PAGE_OPTIONS_INIT;
    struct near_name near = near_name_of(id_or_name);
    char nearest[LONGEST_NAME + 1];
    int found = 0;

    if (runner_lookup_is_id(id_or_name)) {
        (void)snprintf(ret_id, RUNNER_ID_BYTES, "%s", id_or_name);
        return 0;
    }
    want.per_page = 100;
    do {
        errand_runner_page *page;
        errand_error error;

        if (errand_runner_list(client, &want, &page, &error) < 0)
            return complain_error(&error, "find runner '%s'", id_or_name);
        found = page_lookup(page, id_or_name, ret_id, &near, nearest);
        want.page = errand_runner_page_next(page);
        errand_runner_page_free(page);
    } while (!found && want.page != 0);
    if (found)
        return 0;
    if (near.best != NULL)
        return complain("runner '%s' not found; did you mean '%s'?", id_or_name, near.best);
    return complain("runner '%s' not found; 'errand runner list' shows them", id_or_name);
}
