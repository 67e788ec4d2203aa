/* SPDX-License-Identifier: Apache-2.0
 *
 * All hypervisors of a region asked whether they would take a run, for people who want to know
 * where it would go and why not elsewhere. Pure, O(n): not for the queue.
 */
#ifndef ERRAND_PLACEMENT_SURVEY_H
#define ERRAND_PLACEMENT_SURVEY_H

#include "placement/placement.h"

enum survey_answer {
    SURVEY_FITS,
    SURVEY_LACKS_MEMORY,
    SURVEY_LACKS_CPU,
    SURVEY_LACKS_LABELS,
    SURVEY_DRAINING,
    SURVEY_CORDONED,
    SURVEY_LOST,
    SURVEY_ANSWER_COUNT
};

struct survey {
    size_t total;
    size_t counts[SURVEY_ANSWER_COUNT];
    int64_t most_memory_mb; /* free on one that lacks memory; 0 when none does */
    int64_t most_cpu_milli; /* free on one that lacks cores; 0 when none does */
};

/* What stands in the way at this one, the first of the enum's order from status to memory. */
enum survey_answer survey_ask(const struct hypervisor *h, const struct placement_request *request);

struct survey survey_take(const struct fleet *fleet, const struct placement_request *request);

#define SURVEY_TEXT_BYTES 512

/* "fits on 3 of 12; 7 lack memory: need 2048 MB, largest free 1536 MB; 2 draining". `text` has
 * SURVEY_TEXT_BYTES. Returns `text`. */
char *survey_text(const struct survey *survey, const struct placement_request *request, char *text);

/* "fits", "lacks_memory", ... */
const char *survey_answer_name(enum survey_answer answer);

#endif
