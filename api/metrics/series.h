/* SPDX-License-Identifier: Apache-2.0
 *
 * Writing the text format of Prometheus, version 0.0.4: families, one after the other, each with
 * its help and type and then its samples.
 */
#ifndef ERRAND_API_SERIES_H
#define ERRAND_API_SERIES_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* "# HELP", "# TYPE"; `type` is "counter", "gauge" or "histogram". */
void series_family(struct buf *b, const char *name, const char *type, const char *help);

/* A sample; at most SERIES_LABELS_MAX labels as name and value in turn, ended by NULL. Values may
 * be any UTF-8. */
#define SERIES_LABELS_MAX 4
void series_int(struct buf *b, const char *name, const char *const *labels, int64_t value);

/* Thousandths: 1500 is written as 1.5. */
void series_milli(struct buf *b, const char *name, const char *const *labels, int64_t value);

/* A whole histogram out of counts that are not cumulative. `label` is "name=\"value\"," or "". */
struct series_histogram {
    const char *name;
    const char *label;
    const char *const *bounds; /* the last is "+Inf" */
    const uint64_t *counts;
    size_t n;
    int64_t sum_us;
};
void series_histogram(struct buf *b, const struct series_histogram *histogram);

#endif
