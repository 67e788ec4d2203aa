/* SPDX-License-Identifier: Apache-2.0 */
#include "store/run_kinds.h"

#include <assert.h>
#include <string.h>

static bool is_same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool are_same_keys(const struct run_request *a, const struct run_request *b)
{
    if (a->env_n != b->env_n)
        return false;
    for (size_t i = 0; i < a->env_n; i++) {
        if (strcmp(a->env[i].env_key, b->env[i].env_key) != 0)
            return false;
    }
    return true;
}

bool run_kinds_are_alike(const struct run_request *a, const struct run_request *b)
{
    return id_equal(a->runner, b->runner) && id_equal(a->project, b->project) &&
           a->replaces_command == b->replaces_command && a->timeout_seconds == b->timeout_seconds &&
           a->priority == b->priority && is_same_text(a->command, b->command) &&
           is_same_text(a->argv, b->argv) && is_same_text(a->entrypoint, b->entrypoint) &&
           is_same_text(a->instance_type, b->instance_type) && is_same_text(a->labels, b->labels) &&
           is_same_text(a->trigger_kind, b->trigger_kind) &&
           is_same_text(a->trigger_by, b->trigger_by) && are_same_keys(a, b);
}

/* The kind of `request`, a new one when there is none like it. Mostly it is the one before's. */
static size_t find(struct run_kinds *kinds, const struct run_request *request)
{
    for (size_t i = kinds->n; i > 0; i--) {
        if (run_kinds_are_alike(&kinds->kinds[i - 1].request, request))
            return i - 1;
    }
    kinds->kinds[kinds->n] = (struct run_kind){.request = *request};
    return kinds->n++;
}

void run_kinds_sort(const struct run_request *requests, size_t n, struct run_kinds *ret_kinds)
{
    size_t kind_of[RUN_KINDS_MAX];
    int64_t before = 0;
    assert(n <= RUN_KINDS_MAX);
    ret_kinds->n = 0;
    for (size_t i = 0; i < n; i++) {
        kind_of[i] = find(ret_kinds, &requests[i]);
        ret_kinds->kinds[kind_of[i]].n++;
    }
    for (size_t k = 0; k < ret_kinds->n; k++) {
        struct run_kind *kind = &ret_kinds->kinds[k];
        kind->first = before + 1;
        kind->last = before; /* grows as they are filled in */
        before += (int64_t)kind->n;
    }
    for (size_t i = 0; i < n; i++) {
        size_t place = (size_t)ret_kinds->kinds[kind_of[i]].last++;
        ret_kinds->ids[place] = requests[i].id;
        ret_kinds->at[place] = i;
    }
}
