/* SPDX-License-Identifier: Apache-2.0 */
#include "store/prepared_set.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

/* The slot that holds `statement`, or the empty one where it belongs. */
static size_t find(const struct prepared_set *set, const struct statement *statement)
{
    size_t i = ((uintptr_t)statement >> 4) * UINT64_C(0x9E3779B97F4A7C15) >> 32;
    for (size_t tried = 0; tried < PREPARED_SET_SLOTS; tried++, i++) {
        i %= PREPARED_SET_SLOTS;
        if (set->slots[i] == NULL || set->slots[i] == statement)
            return i;
    }
    assert(false && "more statements than PREPARED_SET_SLOTS");
    return 0;
}

bool prepared_set_has(const struct prepared_set *set, const struct statement *statement)
{
    return set->slots[find(set, statement)] == statement;
}

void prepared_set_add(struct prepared_set *set, const struct statement *statement)
{
    set->slots[find(set, statement)] = statement;
}

void prepared_set_clear(struct prepared_set *set)
{
    *set = (struct prepared_set){0};
}
