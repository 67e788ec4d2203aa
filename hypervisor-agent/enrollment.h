/* SPDX-License-Identifier: Apache-2.0
 *
 * The first start: introduce this hypervisor to the API with a join token and keep the credential
 * it answers with. Tried again, with back-off, until the API is there.
 */
#ifndef ERRAND_HYPERVISOR_AGENT_ENROLLMENT_H
#define ERRAND_HYPERVISOR_AGENT_ENROLLMENT_H

#include "agent_config.h"
#include "base/err.h"
#include "control_client.h"
#include "identity.h"

struct enrollment;

struct enrollment_callbacks {
    void (*on_enrolled)(void *ctx);
    /* The API refuses, and will go on refusing. */
    void (*on_refused)(void *ctx, const char *why);
    void *ctx;
};

/* Read the join token and start. Arguments are borrowed until it is freed.
 * Errors:  ERR_INVALID, ERR_NOT_FOUND  no usable join token */
int enrollment_start(struct uv_loop_s *loop, const struct agent_config *config,
                     struct control_client *client, struct identity *identity,
                     const struct enrollment_callbacks *callbacks,
                     struct enrollment **ret_enrollment, struct err *e) MUST_USE;

/* From anywhere, its own callbacks included. */
void enrollment_free(struct enrollment *enrollment);

#endif
