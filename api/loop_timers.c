/* SPDX-License-Identifier: Apache-2.0 */
#include "loop_timers.h"

/* Entries are in the order of their registration, and stay in it. */
static void begin_anew(h2o_timeout_t *timeout, uint64_t now_ms)
{
    h2o_linklist_t *anchor = &timeout->_entries;
    for (h2o_linklist_t *node = anchor->next; node != anchor; node = node->next) {
        h2o_timeout_entry_t *entry = H2O_STRUCT_FROM_MEMBER(h2o_timeout_entry_t, _link, node);
        if (entry->registered_at > now_ms)
            entry->registered_at = now_ms;
    }
}

void loop_timers_mend(h2o_loop_t *loop, uint64_t *seen_ms)
{
    uint64_t now_ms = h2o_now(loop);
    h2o_linklist_t *anchor = &loop->_timeouts;
    if (now_ms < *seen_ms) {
        for (h2o_linklist_t *node = anchor->next; node != anchor; node = node->next)
            begin_anew(H2O_STRUCT_FROM_MEMBER(h2o_timeout_t, _link, node), now_ms);
    }
    *seen_ms = now_ms;
}
