/* SPDX-License-Identifier: Apache-2.0
 *
 * What the API answers an agent: results of events, acknowledgements of log lines, who it is. What
 * was understood, written again, is understood as the same. The first byte says which.
 */
#include "fuzz/fuzz.h"

#include "wire/agent_result.h"
#include "wire/log_ack.h"
#include "wire/registration.h"

/* Reads `text` and appends what was read; false when it cannot be read. */
typedef bool rewrite_fn(const char *text, size_t n, struct buf *out);

static bool rewrite_results(const char *text, size_t n, struct buf *out)
{
    struct agent_result_list list;
    if (agent_result_list_parse(text, n, &list, NULL) < 0)
        return false;
    agent_result_list_put(out, list.items, list.n);
    agent_result_list_done(&list);
    return true;
}

static bool rewrite_acks(const char *text, size_t n, struct buf *out)
{
    struct log_ack_list list;
    if (log_ack_list_parse(text, n, &list, NULL) < 0)
        return false;
    for (size_t i = 0; i < list.n; i++)
        FUZZ_ASSERT(list.items[i].last_id <= INT64_MAX && list.items[i].attempt >= 1);
    log_ack_list_put(out, list.items, list.n);
    log_ack_list_done(&list);
    return true;
}

static bool rewrite_registration(const char *text, size_t n, struct buf *out)
{
    struct registration_answer answer;
    if (registration_answer_parse(text, n, &answer, NULL) < 0)
        return false;
    registration_answer_put(out, &answer);
    registration_answer_done(&answer);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static rewrite_fn *const kinds[] = {rewrite_results, rewrite_acks, rewrite_registration};
    CLEANUP(buf_done) struct buf text;
    CLEANUP(buf_done) struct buf again;
    buf_init(&text, (size_t)16 << 20);
    buf_init(&again, (size_t)16 << 20);
    if (n == 0)
        return 0;
    rewrite_fn *rewrite = kinds[data[0] % 3];
    if (!rewrite((const char *)data + 1, n - 1, &text))
        return 0;
    FUZZ_ASSERT(rewrite(buf_text(&text), text.len, &again));
    FUZZ_ASSERT(text.len == again.len && memcmp(text.data, again.data, text.len) == 0);
    return 0;
}
