/* SPDX-License-Identifier: Apache-2.0
 *
 * What the doctor has found so far, and how it is told: a line each for people, one JSON object for
 * programs.
 */
#ifndef ERRAND_DOCTOR_FINDINGS_H
#define ERRAND_DOCTOR_FINDINGS_H

#include <stdbool.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/err.h"

#define FINDINGS_MAX 32

enum finding_level {
    FINDING_OK,
    FINDING_WARN, /* runs go on, some not as well, or not all */
    FINDING_FAIL, /* no run can go on here */
};

struct findings {
    struct finding {
        const char *name; /* static */
        enum finding_level level;
        char found[ERR_MESSAGE_BYTES];
        const char *fix; /* static; NULL when there is nothing to do */
    } items[FINDINGS_MAX];
    size_t n;
};

/* More than FINDINGS_MAX is a mistake in the program. */
void findings_add(struct findings *findings, const char *name, enum finding_level level,
                  const char *fix, const char *fmt, ...) PRINTF_LIKE(5, 6);

/* OK with `found`, or `level` with the error's message and the fix. */
void findings_judge(struct findings *findings, const char *name, int r, const struct err *e,
                    const char *found, enum finding_level level, const char *fix);

/* Whether nothing failed. */
bool findings_are_good(const struct findings *findings);

void findings_print(const struct findings *findings, FILE *out);

/* Append {"ok":…,"checks":[{"name","status","found","fix"}]} and a newline. */
void findings_put_json(const struct findings *findings, struct buf *out);

#endif
