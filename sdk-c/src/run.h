/* SPDX-License-Identifier: Apache-2.0
 *
 * The library's side of a run.
 */
#ifndef ERRAND_SDK_RUN_H
#define ERRAND_SDK_RUN_H

#include <errand/run.h>

#include "buffer.h"
#include "object.h"

struct errand_run {
    struct errand_object object;
};

struct errand_run_page {
    struct errand_object_page page;
};

/* ERRAND_RUN_UNKNOWN for anything that is no status. */
errand_run_status errand_run_status_parse(const char *name);

int errand_run_status_is_final(errand_run_status status);

/* Append "/v1/runs?..." of a list: of one runner, or of all when `runner_id` is NULL. */
int errand_run_list_path(struct errand_buffer *path, const char *runner_id,
                         const errand_run_filter *filter, errand_error *error);

#endif
