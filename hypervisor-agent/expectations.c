/* SPDX-License-Identifier: Apache-2.0 */
#include "expectations.h"

#include <stdlib.h>

struct expectations {
    struct assignment_sync *runs; /* owned */
    size_t n;
};

struct expectations *expectations_new(void)
{
    return calloc(1, sizeof(struct expectations));
}

void expectations_free(struct expectations *expected)
{
    if (expected == NULL)
        return;
    free(expected->runs);
    free(expected);
}

void expectations_clear(struct expectations *expected)
{
    expected->n = 0;
}

void expectations_add(struct expectations *expected, const struct assignment_sync *run)
{
    struct assignment_sync *runs =
        reallocarray(expected->runs, expected->n + 1, sizeof(*expected->runs));
    if (runs == NULL)
        return;
    expected->runs = runs;
    expected->runs[expected->n++] = *run;
}

bool expectations_meet(struct expectations *expected, struct id run_id, uint32_t attempt)
{
    for (size_t i = 0; i < expected->n; i++) {
        struct assignment_sync *run = &expected->runs[i];
        if (run->attempt != attempt || !id_equal(run->run_id, run_id))
            continue;
        bool is_to_stop = run->stop;
        *run = expected->runs[--expected->n];
        return is_to_stop;
    }
    return false;
}

bool expectations_take(struct expectations *expected, struct assignment_sync *ret_run)
{
    if (expected->n == 0)
        return false;
    *ret_run = expected->runs[--expected->n];
    return true;
}
