/* SPDX-License-Identifier: Apache-2.0 */
#include "service/settings_file.h"

#include "base/buf.h"
#include "base/file.h"

#include <limits.h>
#include <string.h>

static const char blanks[] = " \t\r";

static char *trim(char *text)
{
    text += strspn(text, blanks);
    size_t n = strlen(text);
    while (n > 0 && strchr(blanks, text[n - 1]) != NULL)
        n--;
    text[n] = '\0';
    return text;
}

static int read_line(char *line, const char *where, settings_line_fn *on_line, void *ctx,
                     struct err *e)
{
    line = trim(line);
    if (line[0] == '\0' || line[0] == '#')
        return 0;

    char *equals = strchr(line, '=');
    if (equals == NULL || equals == line)
        return err_set(e, ERR_INVALID, "%s: expected name = value", where);
    *equals = '\0';
    return on_line(ctx, trim(line), trim(equals + 1), where, e);
}

int settings_file_read(const char *path, settings_line_fn *on_line, void *ctx, struct err *e)
{
    CLEANUP(buf_done) struct buf content;
    buf_init(&content, SETTINGS_FILE_MAX_BYTES);
    int r = file_read(path, &content, e);
    if (r < 0)
        return r;
    size_t n = content.len;
    CLEANUP(freep) char *text = buf_take(&content);
    if (text == NULL)
        return err_set(e, ERR_INTERNAL, "read %s: out of memory", path);
    if (strlen(text) != n)
        return err_set(e, ERR_INVALID, "%s is not a text file", path);

    char *rest = text;
    unsigned line_number = 0;
    for (char *line; r == 0 && (line = strsep(&rest, "\n")) != NULL;) {
        char where[PATH_MAX + 16];
        int len = snprintf(where, sizeof(where), "%s:%u", path, ++line_number);
        if (len < 0 || (size_t)len >= sizeof(where))
            return err_set(e, ERR_INVALID, "path too long: %.100s", path);
        r = read_line(line, where, on_line, ctx, e);
    }
    return r;
}
