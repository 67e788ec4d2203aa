/* SPDX-License-Identifier: Apache-2.0 */
#include "runs/run_own_env.h"

#include <string.h>

#include "auth/env_cipher.h"
#include "model/limits.h"

#include "http/reply.h"

#define BLOB_MAX_BYTES (LIMIT_ENV_VALUE_BYTES + ENV_CIPHER_OVERHEAD_MAX)

/* False when it was answered. */
static bool encrypt(struct request *rq, struct id run, const struct env_input *input,
                    struct run_env *ret_env)
{
    struct err e;
    struct env_place place = {
        .project = rq->principal.project, .owner = run, .env_key = input->env_key};
    size_t n = strlen(input->env_val);
    CLEANUP(buf_done) struct buf blob;
    buf_init(&blob, BLOB_MAX_BYTES);
    if (env_cipher_encrypt(rq->loop->config->key_ring, &place, input->env_val, n, &blob, &e) < 0) {
        reply_err(rq, &e);
        return false;
    }
    void *value = request_alloc(rq, blob.len);
    memcpy(value, blob.data, blob.len);
    *ret_env = (struct run_env){input->env_key, value, blob.len};
    return true;
}

bool run_own_env_encrypt(struct request *rq, struct id run, const struct env_input *inputs,
                         size_t n, const struct run_env **ret_env)
{
    struct run_env *env = n > 0 ? request_alloc(rq, n * sizeof(*env)) : NULL;
    for (size_t i = 0; i < n; i++) {
        if (!encrypt(rq, run, &inputs[i], &env[i]))
            return false;
    }
    *ret_env = env;
    return true;
}
