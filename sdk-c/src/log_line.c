/* SPDX-License-Identifier: Apache-2.0
 *
 * Decoding log entries, in place.
 */
#include "log_line.h"

#include "base64.h"
#include "failure.h"

#include <inttypes.h>
#include <string.h>

static const char *const stream_names[] = {
    [ERRAND_STREAM_STDOUT] = "stdout",
    [ERRAND_STREAM_STDERR] = "stderr",
    [ERRAND_STREAM_SYSTEM] = "system",
};

/* A stream newer than this library is shown as Errand's own words. */
static errand_stream stream_parse(const struct errand_json_text *name)
{
    if (errand_json_text_is(name, stream_names[ERRAND_STREAM_STDOUT]))
        return ERRAND_STREAM_STDOUT;
    if (errand_json_text_is(name, stream_names[ERRAND_STREAM_STDERR]))
        return ERRAND_STREAM_STDERR;
    return ERRAND_STREAM_SYSTEM;
}

const char *errand_stream_name(errand_stream stream)
{
    return stream >= ERRAND_STREAM_STDOUT && stream <= ERRAND_STREAM_SYSTEM
               ? stream_names[stream]
               : stream_names[ERRAND_STREAM_SYSTEM];
}

static int read_base64(struct errand_json *json, struct errand_json_text *ret_bytes)
{
    if (errand_json_text(json, ret_bytes) < 0)
        return -1;
    return errand_base64_decode(ret_bytes->bytes, ret_bytes->n, &ret_bytes->n);
}

static int read_gap(struct errand_json *json, int64_t *ret_first_id)
{
    struct errand_json_text key;
    unsigned count = 0;
    int r = errand_json_take(json, '{');

    while (r == 0 && (r = errand_json_member(json, &count, &key)) > 0)
        r = errand_json_text_is(&key, "first_id") ? errand_json_integer(json, ret_first_id)
                                                  : errand_json_skip(json);
    return r;
}

static int read_member(struct errand_json *json, const struct errand_json_text *key,
                       struct errand_log_entry *entry)
{
    errand_log_line *line = &entry->line;
    struct errand_json_text text;
    int r;

    if (errand_json_text_is(key, "id"))
        return errand_json_integer(json, &line->id);
    if (errand_json_text_is(key, "ts")) {
        r = errand_json_text(json, &text);
        line->time = r == 0 ? text.bytes : "";
        return r;
    }
    if (errand_json_text_is(key, "stream")) {
        r = errand_json_text(json, &text);
        line->stream = r == 0 ? stream_parse(&text) : ERRAND_STREAM_SYSTEM;
        return r;
    }
    if (errand_json_text_is(key, "msg") || errand_json_text_is(key, "msg_base64")) {
        r = key->n == strlen("msg") ? errand_json_text(json, &text) : read_base64(json, &text);
        line->bytes = r == 0 ? text.bytes : NULL;
        line->n_bytes = r == 0 ? text.n : 0;
        return r;
    }
    if (errand_json_text_is(key, "partial")) {
        line->partial = errand_json_is_next(json, 't');
        return errand_json_skip(json);
    }
    if (errand_json_text_is(key, "gap") && errand_json_is_next(json, '{'))
        return read_gap(json, &entry->gap_first_id);
    return errand_json_skip(json);
}

int errand_log_entry_read(struct errand_json *json, struct errand_log_entry *ret_entry,
                          errand_error *error)
{
    struct errand_log_entry entry;
    struct errand_json_text key;
    unsigned count = 0;
    int r = errand_json_take(json, '{');

    memset(&entry, 0, sizeof(entry));
    entry.line.time = "";
    entry.line.stream = ERRAND_STREAM_SYSTEM;
    while (r == 0 && (r = errand_json_member(json, &count, &key)) > 0)
        r = read_member(json, &key, &entry);
    if (r < 0)
        return errand_fail(error, ERRAND_E_INTERNAL, "a log entry that makes no sense");
    if (entry.line.id < 1)
        return errand_fail(error, ERRAND_E_INTERNAL, "a log entry without an id");
    if (entry.line.bytes == NULL)
        return errand_fail(error, ERRAND_E_INTERNAL, "log entry %" PRId64 " has no message",
                           entry.line.id);
    *ret_entry = entry;
    return 0;
}

static int read_list(struct errand_json *json, errand_log_entry_handler *handler, void *user,
                     errand_error *error)
{
    unsigned count = 0;
    int r = errand_json_take(json, '[');

    while (r == 0 && (r = errand_json_item(json, &count)) > 0) {
        struct errand_log_entry entry;

        r = errand_log_entry_read(json, &entry, error);
        if (r < 0)
            return r;
        r = handler(&entry, user);
        if (r != 0)
            return r;
    }
    return r < 0 ? errand_fail(error, ERRAND_E_INTERNAL, "a list of log entries that is none") : 0;
}

int errand_log_entries_read(struct errand_json *json, errand_log_entry_handler *handler, void *user,
                            struct errand_json *ret_meta, errand_error *error)
{
    struct errand_json_text key;
    unsigned count = 0;
    int has_list = 0;
    int r = errand_json_take(json, '{');

    while (r == 0 && (r = errand_json_member(json, &count, &key)) > 0) {
        char *start = json->at;

        if (errand_json_text_is(&key, "logs")) {
            has_list = 1;
            r = read_list(json, handler, user, error);
            if (r != 0)
                return r;
            continue;
        }
        r = errand_json_skip(json);
        if (r == 0 && ret_meta != NULL && errand_json_text_is(&key, "meta")) {
            ret_meta->at = start;
            ret_meta->end = json->at;
        }
    }
    if (r < 0 || !has_list || !errand_json_is_over(json))
        return errand_fail(error, ERRAND_E_INTERNAL, "the answer has no list of log entries");
    return 0;
}
