/* SPDX-License-Identifier: Apache-2.0
 *
 * The environment that a trigger or a rerun brings along, encrypted for the one run.
 */
#ifndef ERRAND_API_RUN_OWN_ENV_H
#define ERRAND_API_RUN_OWN_ENV_H

#include "model/run.h"

#include "http/request.h"
#include "runners/env_fields.h"

/* Encrypt `n` values for the run `run`, to which they are bound. `*ret_env` lives as long as the
 * request and is NULL when there is none. False when it failed and the request was answered. */
bool run_own_env_encrypt(struct request *rq, struct id run, const struct env_input *inputs,
                         size_t n, const struct run_env **ret_env);

#endif
