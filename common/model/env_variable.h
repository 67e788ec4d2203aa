/* SPDX-License-Identifier: Apache-2.0
 *
 * An environment variable of a runner, as stored: the value is encrypted (auth/env_cipher.h). Texts
 * and bytes are borrowed from where they were read.
 */
#ifndef ERRAND_MODEL_ENV_VARIABLE_H
#define ERRAND_MODEL_ENV_VARIABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/id.h"

struct env_variable {
    struct id id;
    const char *env_key;
    const unsigned char *blob;
    size_t blob_n;
    bool secret; /* its value is never answered */
    int64_t created_at_us;
    int64_t updated_at_us;
};

#endif
