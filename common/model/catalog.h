/* SPDX-License-Identifier: Apache-2.0
 *
 * What runners choose from. Texts are borrowed from where they were read.
 */
#ifndef ERRAND_MODEL_CATALOG_H
#define ERRAND_MODEL_CATALOG_H

#include <stdint.h>

#include "base/id.h"

#define CATALOG_DEFAULT_REGION "local"
#define CATALOG_DEFAULT_INSTANCE_TYPE "standard-s"

struct region {
    struct id id;
    const char *status;
    const char *name;
    const char *slug;
};

struct instance_type {
    struct id id;
    const char *name;
    const char *slug;
    int64_t cpu_milli; /* thousandths of a core */
    int64_t memory_mb; /* MiB */
    int64_t gpu;
    int64_t price_second_nano; /* 1e-9 currency units */
};

#endif
