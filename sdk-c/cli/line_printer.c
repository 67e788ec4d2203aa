/* SPDX-License-Identifier: Apache-2.0
 *
 * A piece of a line (`partial`) gets no newline, and what follows it no prefix. Both outputs are
 * buffered; changing from one to the other flushes, so that their order survives `2>&1`.
 */
#include "line_printer.h"

#include <jansson.h>

#include <stdio.h>
#include <stdlib.h>

#define OUTPUT_BUFFER_BYTES 65536
#define PADDING 64u /* the digit after the last */

/* Standard base64 of `n` bytes; free with free(). NULL when out of memory. */
static char *base64_encode(const char *bytes, size_t n)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
    char *text = malloc((n + 2) / 3 * 4 + 1);
    char *out = text;

    if (text == NULL)
        return NULL;
    for (size_t i = 0; i < n; i += 3) {
        unsigned group = (unsigned)(unsigned char)bytes[i] << 16;

        group |= i + 1 < n ? (unsigned)(unsigned char)bytes[i + 1] << 8 : 0;
        group |= i + 2 < n ? (unsigned)(unsigned char)bytes[i + 2] : 0;
        *out++ = digits[group >> 18];
        *out++ = digits[group >> 12 & 63];
        *out++ = digits[i + 1 < n ? group >> 6 & 63 : PADDING];
        *out++ = digits[i + 2 < n ? group & 63 : PADDING];
    }
    *out = '\0';
    return text;
}

static int set_message(json_t *entry, const errand_log_line *line)
{
    json_t *text = json_stringn(line->bytes, line->n_bytes); /* NULL unless UTF-8 */
    char *base64;
    int r;

    if (text != NULL)
        return json_object_set_new(entry, "msg", text);
    base64 = base64_encode(line->bytes, line->n_bytes);
    r = json_object_set_new(entry, "msg_base64", json_string(base64));
    free(base64);
    return r;
}

static int print_json(const errand_log_line *line)
{
    json_t *entry = json_pack("{s:I, s:s, s:s}", "id", (json_int_t)line->id, "ts", line->time,
                              "stream", errand_stream_name(line->stream));
    int r = set_message(entry, line);

    if (r == 0 && line->partial)
        r = json_object_set_new(entry, "partial", json_true());
    if (r == 0)
        r = json_dumpf(entry, stdout, JSON_COMPACT);
    json_decref(entry);
    return r == 0 && putchar('\n') != EOF ? 0 : -1;
}

void line_printer_init(struct line_printer *printer, int as_json, int with_times)
{
    *printer = (struct line_printer){.as_json = as_json, .with_times = with_times};
    (void)setvbuf(stdout, NULL, _IOFBF, OUTPUT_BUFFER_BYTES);
    (void)setvbuf(stderr, NULL, _IOFBF, OUTPUT_BUFFER_BYTES);
}

int line_printer_print(struct line_printer *printer, const errand_log_line *line)
{
    FILE *out = line->stream == ERRAND_STREAM_STDOUT ? stdout : stderr;

    if (printer->as_json)
        return print_json(line);
    if (printer->last != NULL && printer->last != out)
        (void)fflush(printer->last);
    printer->last = out;
    if (!printer->inside[line->stream]) {
        if (printer->with_times)
            (void)fprintf(out, "%s ", line->time);
        if (line->stream == ERRAND_STREAM_SYSTEM)
            (void)fputs("errand: ", out);
    }
    (void)fwrite(line->bytes, 1, line->n_bytes, out);
    if (!line->partial)
        (void)fputc('\n', out);
    printer->inside[line->stream] = line->partial;
    return ferror(out) ? -1 : 0;
}

int line_printer_flush(void)
{
    return fflush(stdout) != 0 || fflush(stderr) != 0 ? -1 : 0;
}
