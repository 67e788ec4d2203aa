/* SPDX-License-Identifier: Apache-2.0
 *
 * Which process to run: what the image says, overridden by what the assignment says. A pure
 * function.
 *
 *   command     entrypoint given: [entrypoint, command], else ["/bin/sh", "-c", command]
 *   argv        (entrypoint given: [entrypoint], else the image's ENTRYPOINT) + argv
 *   neither     entrypoint given: [entrypoint], else the image's ENTRYPOINT + CMD
 *
 * Source: the contract's run object; Docker, "Understand how CMD and ENTRYPOINT interact".
 */
#ifndef ERRAND_HYPERVISOR_AGENT_PROCESS_PLAN_H
#define ERRAND_HYPERVISOR_AGENT_PROCESS_PLAN_H

#include "base/err.h"
#include "images/image_config.h"
#include "run_spec.h"
#include "wire/assignment.h"

/* Fill argv, env, cwd and user of `spec`. `env` holds the run's own variables ("KEY=VALUE"), which
 * win over the image's; ERRAND_RUN_ID and ERRAND_ATTEMPT are added unless it has them.
 * Errors:  ERR_INVALID  nothing to run, or nowhere: the image's directory is no absolute path */
int process_plan_make(const struct assignment *a, const struct image_config *config,
                      const struct text_list *env, struct run_spec *spec, struct err *e) MUST_USE;

#endif
