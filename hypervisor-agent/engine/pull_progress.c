/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/pull_progress.h"

#include "wire/field.h"

#include <string.h>

void pull_progress_init(struct pull_progress *progress)
{
    progress->layers_n = 0;
    progress->failure = (struct err){.code = ERR_OK};
    buf_init(&progress->line, PULL_LINE_MAX_BYTES);
}

void pull_progress_done(struct pull_progress *progress)
{
    buf_done(&progress->line);
}

enum err_code pull_progress_code_of(const char *words)
{
    static const struct {
        const char *words;
        enum err_code code;
    } known[] = {
        {"manifest unknown", ERR_NOT_FOUND},
        {"manifest for", ERR_NOT_FOUND},
        {"name unknown", ERR_NOT_FOUND},
        {"not found", ERR_NOT_FOUND},
        {"no matching manifest", ERR_NOT_FOUND},
        {"unauthorized", ERR_UNAUTHENTICATED},
        {"authentication required", ERR_UNAUTHENTICATED},
        {"no basic auth credentials", ERR_UNAUTHENTICATED},
        {"invalid username/password", ERR_UNAUTHENTICATED},
        {"denied", ERR_UNAUTHENTICATED},
    };
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        if (strcasestr(words, known[i].words) != NULL)
            return known[i].code;
    }
    return ERR_INTERNAL;
}

/* The layer's place; NULL when there are too many. */
static size_t find_layer(struct pull_progress *progress, const char *name)
{
    size_t i = 0;
    while (i < progress->layers_n && strcmp(progress->layers[i].name, name) != 0)
        i++;
    if (i == progress->layers_n && i < PULL_LAYERS_MAX &&
        strlen(name) < sizeof(progress->layers[i].name)) {
        memcpy(progress->layers[i].name, name, strlen(name) + 1);
        progress->layers[i].done_bytes = 0;
        progress->layers[i].total_bytes = 0;
        progress->layers_n++;
    }
    return i;
}

static void take_detail(struct pull_progress *progress, const char *name, const char *status,
                        const struct json_t *detail)
{
    int64_t done = 0;
    int64_t total = 0;
    size_t i = find_layer(progress, name);
    if (i >= progress->layers_n)
        return;
    if (strcmp(status, "Download complete") == 0 || strcmp(status, "Pull complete") == 0) {
        progress->layers[i].done_bytes = progress->layers[i].total_bytes;
        return;
    }
    if (strcmp(status, "Downloading") != 0 || detail == NULL ||
        field_get_i64(detail, "current", 0, INT64_MAX / PULL_LAYERS_MAX, &done, NULL) < 0 ||
        field_get_i64(detail, "total", 0, INT64_MAX / PULL_LAYERS_MAX, &total, NULL) < 0)
        return;
    progress->layers[i].done_bytes = done;
    progress->layers[i].total_bytes = total;
}

static void take_line(struct pull_progress *progress, const char *line, size_t n)
{
    CLEANUP(field_doc_freep) struct json_t *doc = NULL;
    struct json_t *detail = NULL;
    const char *words = NULL;
    const char *name = NULL;
    const char *status = NULL;
    if (field_doc_parse(line, n, &doc, NULL) < 0)
        return;
    if (field_get_text_or_null(doc, "error", &words, NULL) == 0 && words != NULL) {
        (void)err_set(&progress->failure, pull_progress_code_of(words), "%s", words);
        return;
    }
    if (field_get_text_or_null(doc, "id", &name, NULL) < 0 || name == NULL ||
        field_get_text_or_null(doc, "status", &status, NULL) < 0 || status == NULL)
        return;
    if (field_get_object(doc, "progressDetail", &detail, NULL) < 0)
        detail = NULL;
    take_detail(progress, name, status, detail);
}

int pull_progress_take(struct pull_progress *progress, const char *bytes, size_t n, struct err *e)
{
    while (n > 0) {
        const char *newline = memchr(bytes, '\n', n);
        size_t part = newline == NULL ? n : (size_t)(newline - bytes);
        buf_add(&progress->line, bytes, part);
        if (!buf_ok(&progress->line))
            return err_set(e, ERR_LIMIT, "the engine tells of its pull in too long a line");
        if (newline != NULL) {
            take_line(progress, buf_text(&progress->line), progress->line.len);
            buf_clear(&progress->line);
            part++;
        }
        bytes += part;
        n -= part;
    }
    return 0;
}

void pull_progress_sum(const struct pull_progress *progress, int64_t *ret_done_bytes,
                       int64_t *ret_total_bytes)
{
    *ret_done_bytes = 0;
    *ret_total_bytes = 0;
    for (size_t i = 0; i < progress->layers_n; i++) {
        *ret_done_bytes += progress->layers[i].done_bytes;
        *ret_total_bytes += progress->layers[i].total_bytes;
    }
}
