/* SPDX-License-Identifier: Apache-2.0
 *
 * Containers of an engine that nobody answers for any more: a shim may be killed while the engine
 * makes its container, or give up on an engine that did not answer. Looked for at the start and
 * every now and then, by the label that names the run dir; those of other agents are left alone.
 */
#ifndef ERRAND_HYPERVISOR_AGENT_ENGINE_LEFTOVERS_H
#define ERRAND_HYPERVISOR_AGENT_ENGINE_LEFTOVERS_H

#include "base/buf.h"
#include "base/err.h"
#include "run_table.h"

struct uv_loop_s;
struct engine_leftovers;

struct engine_leftovers_parts {
    struct uv_loop_s *loop; /* all borrowed for its life */
    const struct run_table *runs;
    const char *socket;
    const char *data_dir;
};

/* NULL when out of memory. */
struct engine_leftovers *engine_leftovers_new(const struct engine_leftovers_parts *parts);

/* A worker thread may still be asking the engine; it ends by itself. NULL is allowed. */
void engine_leftovers_free(struct engine_leftovers *leftovers);

/* Not before the runs of an earlier agent are in the table. */
void engine_leftovers_start(struct engine_leftovers *leftovers);

#endif
