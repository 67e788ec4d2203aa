/* SPDX-License-Identifier: Apache-2.0
 *
 * A runner by its id or its name.
 */
#ifndef ERRAND_CLI_RUNNER_LOOKUP_H
#define ERRAND_CLI_RUNNER_LOOKUP_H

#include <errand/runner.h>

#define RUNNER_ID_BYTES 37

/* Fill in the id. A name nobody has is complained about, with the nearest one there is. 0, or
 * EXIT_OURS after complaining. */
int runner_lookup(errand_client *client, const char *id_or_name, char ret_id[RUNNER_ID_BYTES]);

/* 1 for what looks like an id: it is taken as one without asking. */
int runner_lookup_is_id(const char *text);

#endif
