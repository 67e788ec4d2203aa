/* SPDX-License-Identifier: Apache-2.0
 *
 * A machine that runs containers, as people see it. Texts are borrowed from where they were read.
 */
#ifndef ERRAND_MODEL_HYPERVISOR_H
#define ERRAND_MODEL_HYPERVISOR_H

#include <stdint.h>

#include "base/id.h"
#include "model/catalog.h"

struct hypervisor {
    struct id id;
    const char *name;
    const char *status; /* "ready", "draining", "cordoned" or "lost" */
    int64_t cpu_milli;  /* thousandths of a core */
    int64_t memory_total_mb;
    int64_t memory_free_mb; /* the least of what it reports and what its runs leave */
    int64_t cpu_free_milli; /* what its runs leave */
    int64_t disk_free_bytes;
    int64_t runs;         /* assigned to it or running on it */
    const char *runtimes; /* JSON array of texts */
    const char *labels;   /* JSON object of texts */
    const char *version;
    int64_t images_cached;
    int64_t last_seen_at_us;
    struct region region;
};

/* What was reserved on it at a time. */
struct hypervisor_sample {
    int64_t at_us;
    int64_t memory_used_mb;
    int64_t cpu_used_milli;
    int64_t runs;
};

#endif
