/* SPDX-License-Identifier: Apache-2.0
 *
 * Which run is meant.
 */
#ifndef ERRAND_CLI_RUN_LOOKUP_H
#define ERRAND_CLI_RUN_LOOKUP_H

#include <errand/client.h>

#define RUN_ID_BYTES 64

/* A run's id as it is, or the newest run of the runner of that name. 0, or EXIT_OURS after
 * complaining. */
int run_lookup(errand_client *client, const char *id_or_runner, char ret_id[RUN_ID_BYTES]);

#endif
