/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/series.h"

#include <inttypes.h>
#include <string.h>

void series_family(struct buf *b, const char *name, const char *type, const char *help)
{
    buf_printf(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void put_escaped(struct buf *b, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\\' || *text == '"')
            buf_add_char(b, '\\');
        if (*text == '\n')
            buf_add_text(b, "\\n");
        else
            buf_add_char(b, *text);
    }
}

static void put_name(struct buf *b, const char *name, const char *const *labels)
{
    buf_add_text(b, name);
    for (size_t i = 0; labels != NULL && labels[i] != NULL; i += 2) {
        buf_add_char(b, i == 0 ? '{' : ',');
        buf_add_text(b, labels[i]);
        buf_add_text(b, "=\"");
        put_escaped(b, labels[i + 1] != NULL ? labels[i + 1] : "");
        buf_add_char(b, '"');
    }
    if (labels != NULL && labels[0] != NULL)
        buf_add_char(b, '}');
    buf_add_char(b, ' ');
}

void series_int(struct buf *b, const char *name, const char *const *labels, int64_t value)
{
    put_name(b, name, labels);
    buf_printf(b, "%" PRId64 "\n", value);
}

void series_milli(struct buf *b, const char *name, const char *const *labels, int64_t value)
{
    put_name(b, name, labels);
    uint64_t size = value < 0 ? (uint64_t)0 - (uint64_t)value : (uint64_t)value;
    buf_printf(b, "%s%" PRIu64 ".%03" PRIu64 "\n", value < 0 ? "-" : "", size / 1000, size % 1000);
}

void series_histogram(struct buf *b, const struct series_histogram *h)
{
    uint64_t count = 0;
    for (size_t i = 0; i < h->n; i++) {
        count += h->counts[i];
        buf_printf(b, "%s_bucket{%sle=\"%s\"} %" PRIu64 "\n", h->name, h->label, h->bounds[i],
                   count);
    }
    int n = (int)strlen(h->label);
    const char *open = n > 0 ? "{" : "";
    const char *close = n > 0 ? "}" : "";
    int label_n = n > 0 ? n - 1 : 0; /* without its comma */
    buf_printf(b, "%s_sum%s%.*s%s %" PRId64 ".%06" PRId64 "\n", h->name, open, label_n, h->label,
               close, h->sum_us / 1000000, h->sum_us % 1000000);
    buf_printf(b, "%s_count%s%.*s%s %" PRIu64 "\n", h->name, open, label_n, h->label, close, count);
}
