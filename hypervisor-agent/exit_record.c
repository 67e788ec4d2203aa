/* SPDX-License-Identifier: Apache-2.0 */
#include "exit_record.h"

#include "base/clock.h"
#include "run_file.h"
#include "wire/field.h"

#include <jansson.h>

#include <string.h>

#define EXIT_RECORD_MAX_BYTES 8192

void exit_record_encode(const struct exit_record *record, struct buf *out)
{
    buf_add_char(out, '{');
    run_file_put_format(out);
    field_put_id(out, "run", record->run);
    field_put_i64(out, "attempt", record->attempt);
    field_put_time(out, "at", record->finished_at_us);
    field_put_key(out, "started_at");
    if (record->started_at_us == 0) {
        buf_add_text(out, "null");
    } else {
        char text[CLOCK_TEXT_BYTES];
        buf_printf(out, "\"%s\"", clock_format_us(record->started_at_us, text));
    }
    field_put_key(out, "exit_code");
    if (record->exit_code < 0)
        buf_add_text(out, "null");
    else
        buf_printf(out, "%d", record->exit_code);
    field_put_text(out, "reason", termination_reason_name(record->reason));
    field_put_text(out, "message", record->message);
    field_put_i64(out, "last_line", (int64_t)record->last_line);
    field_put_i64(out, "log_bytes", (int64_t)record->log_bytes);
    field_put_bool(out, "log_truncated", record->log_truncated);
    field_put_i64(out, "cpu_ms", (int64_t)record->cpu_ms);
    field_put_i64(out, "memory_peak_bytes", (int64_t)record->memory_peak_bytes);
    field_put_i64(out, "io_read_bytes", (int64_t)record->io_read_bytes);
    field_put_i64(out, "io_write_bytes", (int64_t)record->io_write_bytes);
    field_put_bool(out, "oom_killed", record->oom_killed);
    buf_add_char(out, '}');
}

static int get_u64(const struct json_t *doc, const char *key, uint64_t *ret_value, struct err *e)
{
    int64_t value;
    int r = field_get_i64(doc, key, 0, INT64_MAX, &value, e);
    if (r == 0)
        *ret_value = (uint64_t)value;
    return r;
}

static int get_exit_code(const struct json_t *doc, int32_t *ret_code, struct err *e)
{
    int64_t code;
    if (json_is_null(json_object_get(doc, "exit_code"))) {
        *ret_code = -1;
        return 0;
    }
    int r = field_get_i64(doc, "exit_code", 0, 255, &code, e);
    if (r == 0)
        *ret_code = (int32_t)code;
    return r;
}

static int get_started_at(const struct json_t *doc, int64_t *ret_at_us, struct err *e)
{
    const char *text;
    int r = field_get_text_or_null(doc, "started_at", &text, e);
    if (r < 0)
        return r;
    if (text == NULL) {
        *ret_at_us = 0;
        return 0;
    }
    return clock_parse(text, ret_at_us, e);
}

static int get_words(const struct json_t *doc, struct exit_record *record, struct err *e)
{
    const char *reason;
    const char *message;
    int r = field_get_text(doc, "reason", &reason, e);
    if (r == 0)
        r = termination_reason_parse(reason, &record->reason, e);
    if (r == 0)
        r = field_get_text(doc, "message", &message, e);
    if (r < 0)
        return r;
    if (strlen(message) >= sizeof(record->message))
        return err_set(e, ERR_INVALID, "message is too long");
    memcpy(record->message, message, strlen(message) + 1);
    return 0;
}

static int get_log(const struct json_t *doc, struct exit_record *record, struct err *e)
{
    int r = get_u64(doc, "last_line", &record->last_line, e);
    if (r == 0)
        r = get_u64(doc, "log_bytes", &record->log_bytes, e);
    if (r == 0)
        r = field_get_bool(doc, "log_truncated", &record->log_truncated, e);
    return r;
}

static int get_use(const struct json_t *doc, struct exit_record *record, struct err *e)
{
    int r = get_u64(doc, "cpu_ms", &record->cpu_ms, e);
    if (r == 0)
        r = get_u64(doc, "memory_peak_bytes", &record->memory_peak_bytes, e);
    if (r == 0)
        r = get_u64(doc, "io_read_bytes", &record->io_read_bytes, e);
    if (r == 0)
        r = get_u64(doc, "io_write_bytes", &record->io_write_bytes, e);
    if (r == 0)
        r = field_get_bool(doc, "oom_killed", &record->oom_killed, e);
    return r;
}

int exit_record_decode(const char *json, size_t n, struct exit_record *ret_record, struct err *e)
{
    CLEANUP(field_doc_freep) struct json_t *doc = NULL;
    struct exit_record record = {0};
    int r = field_doc_parse(json, n, &doc, e);
    if (r == 0)
        r = run_file_check_format(doc, EXIT_RECORD_FILE, e);
    if (r == 0)
        r = field_get_id(doc, "run", &record.run, e);
    if (r == 0)
        r = field_get_u32(doc, "attempt", UINT32_MAX, &record.attempt, e);
    if (r == 0)
        r = field_get_time(doc, "at", &record.finished_at_us, e);
    if (r == 0)
        r = get_started_at(doc, &record.started_at_us, e);
    if (r == 0)
        r = get_exit_code(doc, &record.exit_code, e);
    if (r == 0)
        r = get_words(doc, &record, e);
    if (r == 0)
        r = get_log(doc, &record, e);
    if (r == 0)
        r = get_use(doc, &record, e);
    if (r == 0)
        *ret_record = record;
    return r;
}

int exit_record_read(const char *run_dir, struct exit_record *ret_record, struct err *e)
{
    CLEANUP(buf_done) struct buf b;
    buf_init(&b, EXIT_RECORD_MAX_BYTES);
    int r = run_file_read(run_dir, EXIT_RECORD_FILE, &b, e);
    if (r < 0)
        return r;
    return exit_record_decode(b.data, b.len, ret_record, e);
}

int exit_record_reserve(const char *run_dir, struct err *e)
{
    return run_file_reserve(run_dir, EXIT_RECORD_FILE, EXIT_RECORD_MAX_BYTES, e);
}

int exit_record_write(const char *run_dir, const struct exit_record *record, struct err *e)
{
    CLEANUP(buf_done) struct buf b;
    buf_init(&b, EXIT_RECORD_MAX_BYTES);
    exit_record_encode(record, &b);
    if (!buf_ok(&b))
        return err_set(e, ERR_INTERNAL, "exit record is too large");
    return run_file_replace(run_dir, EXIT_RECORD_FILE, b.data, b.len, e);
}
