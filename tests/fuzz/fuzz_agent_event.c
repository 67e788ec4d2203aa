/* SPDX-License-Identifier: Apache-2.0
 *
 * What an agent tells: what was understood, written again, is understood as the same.
 */
#include "fuzz/fuzz.h"

#include "model/limits.h"
#include "wire/agent_event.h"

static void put_list(struct buf *b, const struct agent_event_list *list)
{
    buf_add_text(b, "{\"events\":[");
    for (size_t i = 0; i < list->n; i++) {
        if (i > 0)
            buf_add_char(b, ',');
        agent_event_put(b, &list->items[i]);
    }
    buf_add_text(b, "]}");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct agent_event_list list;
    struct agent_event_list again;
    CLEANUP(buf_done) struct buf text;
    CLEANUP(buf_done) struct buf text_again;
    buf_init(&text, (size_t)16 << 20);
    buf_init(&text_again, (size_t)16 << 20);
    if (agent_event_list_parse((const char *)data, n, &list, NULL) < 0)
        return 0;
    FUZZ_ASSERT(list.n <= LIMIT_AGENT_EVENTS);
    put_list(&text, &list);
    FUZZ_ASSERT(agent_event_list_parse(buf_text(&text), text.len, &again, NULL) == 0);
    put_list(&text_again, &again);
    FUZZ_ASSERT(text.len == text_again.len && memcmp(text.data, text_again.data, text.len) == 0);
    agent_event_list_done(&list);
    agent_event_list_done(&again);
    return 0;
}
