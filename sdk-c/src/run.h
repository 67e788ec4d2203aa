/* SPDX-License-Identifier: Apache-2.0
 *
 * The library's side of a run.
 */
#ifndef ERRAND_SDK_RUN_H
#define ERRAND_SDK_RUN_H

#include <jansson.h>

#include <errand/run.h>

struct errand_run {
    json_t *json; /* owned; borrowed inside a page */
};

/* Takes `json` over, also on failure. */
int errand_run_new(json_t *json, errand_run **ret_run, errand_error *error);

/* ERRAND_RUN_UNKNOWN for anything that is no status. */
errand_run_status errand_run_status_parse(const char *name);

int errand_run_status_is_final(errand_run_status status);

#endif
