/* SPDX-License-Identifier: Apache-2.0 */
#include "logs/log_event.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"

#include "http/sse.h"

#define ID_DIGITS_MAX 24
#define BATCH_OPENING "{\"logs\":["

static const char *id_text(int64_t id, char *text)
{
    (void)snprintf(text, ID_DIGITS_MAX, "%" PRId64, id);
    return text;
}

static void add_text_field(struct buf *b, const char *opening, const char *value)
{
    buf_add_text(b, opening);
    buf_add_text(b, value);
}

static void put_payload(struct buf *b, const struct log_record *record)
{
    if (utf8_is_valid(record->payload, record->n)) {
        buf_add_text(b, "\"msg\":");
        buf_add_json_string(b, record->payload, record->n);
    } else {
        buf_add_text(b, "\"msg_base64\":\"");
        buf_add_base64(b, record->payload, record->n);
        buf_add_char(b, '"');
    }
}

void log_entry_put(struct buf *b, const struct log_item *item)
{
    char ts[CLOCK_TEXT_BYTES];
    /* there may be a million of these a second, and printf is most of that */
    buf_add_text(b, "{\"id\":");
    buf_add_i64(b, item->id);
    add_text_field(b, ",\"ts\":\"", clock_format_ms(item->record.ts_us, ts));
    add_text_field(b, "\",\"stream\":\"", log_stream_name(item->record.stream));
    buf_add_text(b, "\",");
    put_payload(b, &item->record);
    if ((item->record.flags & LOG_RECORD_PARTIAL) != 0)
        buf_add_text(b, ",\"partial\":true");
    if (item->gap != LOG_GAP_NONE)
        buf_printf(b, ",\"gap\":{\"first_id\":%" PRId64 ",\"reason\":\"%s\"}", item->first_id,
                   log_gap_name(item->gap));
    buf_add_char(b, '}');
}

void log_event_put_line(struct buf *b, const struct log_item *item)
{
    sse_begin_numbered(b, item->id, "log");
    log_entry_put(b, item);
    sse_end(b);
}

void log_event_open_batch(struct buf *b)
{
    sse_begin(b, NULL, "logs");
    buf_add_text(b, BATCH_OPENING);
}

void log_event_put_batched(struct buf *b, const struct log_item *item)
{
    if (b->len > 0 && b->data[b->len - 1] != '[')
        buf_add_char(b, ',');
    log_entry_put(b, item);
}

void log_event_close_batch(struct buf *b, int64_t last_id)
{
    char id[ID_DIGITS_MAX];
    buf_add_text(b, "]}");
    sse_end_with_id(b, id_text(last_id, id));
}

void log_event_put_status(struct buf *b, const struct log_run *run,
                          const struct pull_progress *pull)
{
    sse_begin(b, NULL, "status");
    buf_printf(b, "{\"status\":\"%s\"", run_state_public_name(run->state));
    if (run->attempt > 0)
        buf_printf(b, ",\"attempt\":%" PRIu32, run->attempt);
    if (run->state == RUN_RUNNING && run->hypervisor[0] != '\0') {
        buf_add_text(b, ",\"hypervisor\":");
        buf_add_json_string(b, run->hypervisor, strlen(run->hypervisor));
    }
    if (pull != NULL)
        buf_printf(b, ",\"pull\":{\"done_bytes\":%" PRId64 ",\"total_bytes\":%" PRId64 "}",
                   pull->done_bytes, pull->total_bytes);
    buf_add_char(b, '}');
    sse_end(b);
}

void log_event_put_state(struct buf *b, const struct log_run *run)
{
    char exit_code[ID_DIGITS_MAX] = "null";
    if (run->has_exit_code)
        (void)id_text(run->exit_code, exit_code);

    sse_begin(b, "end", "state");
    buf_printf(b,
               "{\"status\":\"%s\",\"exit_code\":%s,\"termination_reason\":\"%s\","
               "\"last_id\":%" PRId64 "}",
               run_state_public_name(run->state), exit_code, termination_reason_name(run->reason),
               run->end);
    sse_end(b);
}
