/* SPDX-License-Identifier: Apache-2.0
 *
 * Decoding one log entry.
 */
#include "log_line.h"

#include "base64.h"
#include "failure.h"
#include "fields.h"

#include <inttypes.h>
#include <string.h>

static const char *const stream_names[] = {
    [ERRAND_STREAM_STDOUT] = "stdout",
    [ERRAND_STREAM_STDERR] = "stderr",
    [ERRAND_STREAM_SYSTEM] = "system",
};

/* A stream newer than this library is shown as Errand's own words. */
static errand_stream stream_parse(const char *name)
{
    if (strcmp(name, stream_names[ERRAND_STREAM_STDOUT]) == 0)
        return ERRAND_STREAM_STDOUT;
    if (strcmp(name, stream_names[ERRAND_STREAM_STDERR]) == 0)
        return ERRAND_STREAM_STDERR;
    return ERRAND_STREAM_SYSTEM;
}

const char *errand_stream_name(errand_stream stream)
{
    return stream >= ERRAND_STREAM_STDOUT && stream <= ERRAND_STREAM_SYSTEM
               ? stream_names[stream]
               : stream_names[ERRAND_STREAM_SYSTEM];
}

static int line_bytes(const json_t *entry, struct errand_buffer *decoded, errand_log_line *line)
{
    const json_t *text = json_object_get(entry, "msg");
    const json_t *base64 = json_object_get(entry, "msg_base64");

    if (json_is_string(text)) {
        line->bytes = json_string_value(text);
        line->n_bytes = json_string_length(text);
        return 0;
    }
    errand_buffer_clear(decoded);
    if (!json_is_string(base64) ||
        errand_base64_decode(json_string_value(base64), json_string_length(base64), decoded) < 0)
        return -1;
    line->bytes = errand_buffer_text(decoded);
    line->n_bytes = decoded->n;
    return 0;
}

int errand_log_line_decode(const json_t *entry, struct errand_buffer *decoded,
                           errand_log_line *ret_line, errand_error *error)
{
    errand_log_line line;

    memset(&line, 0, sizeof(line));
    line.id = errand_field_integer(entry, "id", 0);
    line.time = errand_field_text(entry, "ts");
    line.stream = stream_parse(errand_field_text(entry, "stream"));
    line.partial = json_is_true(json_object_get(entry, "partial"));
    if (line.id < 1)
        return errand_fail(error, ERRAND_E_INTERNAL, "a log entry without an id");
    if (line_bytes(entry, decoded, &line) < 0)
        return errand_fail(error, ERRAND_E_INTERNAL, "log entry %" PRId64 " has no message",
                           line.id);
    *ret_line = line;
    return 0;
}
