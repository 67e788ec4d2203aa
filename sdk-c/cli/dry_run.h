/* SPDX-License-Identifier: Apache-2.0
 *
 * errand run --dry-run: where a run would go, and why not elsewhere.
 */
#ifndef ERRAND_CLI_DRY_RUN_H
#define ERRAND_CLI_DRY_RUN_H

#include <errand/client.h>

struct arguments;

/* 0 when it would start now, else EXIT_OURS. */
int dry_run(errand_client *client, const struct arguments *arguments, const char *runner_id);

#endif
