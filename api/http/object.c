/* SPDX-License-Identifier: Apache-2.0
 *
 * Each member ends with a comma, and the end of the object takes the place of the last one.
 */
#include "http/object.h"

#include "base/clock.h"

#define NANO 1000000000
#define NANO_DIGITS 9

static void add_name(struct buf *b, const char *name)
{
    buf_add_char(b, '"');
    buf_add_text(b, name); /* ours, so there is nothing to escape */
    buf_add(b, "\":", 2);
}

/* A value that is plain text, such as a number. */
static void add_plain(struct buf *b, const char *name, const char *value)
{
    add_name(b, name);
    buf_add_text(b, value);
    buf_add_char(b, ',');
}

void object_begin(struct buf *b)
{
    buf_add_char(b, '{');
}

void object_begin_in(struct buf *b, const char *name)
{
    add_name(b, name);
    object_begin(b);
}

static void drop_comma(struct buf *b)
{
    if (b->len > 0 && b->data[b->len - 1] == ',')
        b->len--;
}

void object_end(struct buf *b)
{
    drop_comma(b);
    buf_add(b, "},", 2);
}

void object_end_all(struct buf *b)
{
    drop_comma(b);
    buf_add_char(b, '}');
}

void object_begin_list(struct buf *b, const char *name)
{
    add_name(b, name);
    buf_add_char(b, '[');
}

void object_end_list(struct buf *b)
{
    drop_comma(b);
    buf_add(b, "],", 2);
}

void object_null(struct buf *b, const char *name)
{
    add_plain(b, name, "null");
}

void object_text(struct buf *b, const char *name, const char *text)
{
    if (text == NULL) {
        object_null(b, name);
        return;
    }
    add_name(b, name);
    buf_add_json_string(b, text, strlen(text));
    buf_add_char(b, ',');
}

/* Of characters that need no escape. */
static void add_quoted(struct buf *b, const char *name, const char *text)
{
    add_name(b, name);
    buf_add_char(b, '"');
    buf_add_text(b, text);
    buf_add(b, "\",", 2);
}

void object_id(struct buf *b, const char *name, struct id id)
{
    if (id_is_nil(id))
        object_null(b, name);
    else
        add_quoted(b, name, ID_TEXT(id));
}

void object_int(struct buf *b, const char *name, int64_t value)
{
    add_name(b, name);
    buf_add_i64(b, value);
    buf_add_char(b, ',');
}

void object_count(struct buf *b, const char *name, int64_t value)
{
    if (value < 0)
        object_null(b, name);
    else
        object_int(b, name, value);
}

void object_bool(struct buf *b, const char *name, bool value)
{
    add_plain(b, name, value ? "true" : "false");
}

void object_time(struct buf *b, const char *name, int64_t at_us)
{
    char text[CLOCK_TEXT_BYTES];
    if (at_us == 0)
        object_null(b, name);
    else
        add_quoted(b, name, clock_format_ms(at_us, text));
}

void object_nano(struct buf *b, const char *name, int64_t nano)
{
    char fraction[NANO_DIGITS + 2] = ".000000000";
    uint64_t left = nano < 0 ? 0 - (uint64_t)nano : (uint64_t)nano;
    uint64_t whole = left / NANO;
    left %= NANO;
    size_t n = 2; /* at least one digit */
    for (size_t at = NANO_DIGITS; at > 0; at--, left /= 10) {
        fraction[at] = (char)('0' + left % 10);
        if (n == 2 && at > 1 && left % 10 != 0)
            n = at + 1;
    }
    fraction[n] = '\0';
    add_name(b, name);
    if (nano < 0)
        buf_add_char(b, '-');
    buf_add_i64(b, (int64_t)whole);
    buf_add_text(b, fraction);
    buf_add_char(b, ',');
}

void object_json(struct buf *b, const char *name, const char *json)
{
    if (json == NULL) {
        object_null(b, name);
        return;
    }
    add_name(b, name);
    bool is_string = false;
    for (const char *c = json; *c != '\0'; c++) {
        if (*c == '"')
            is_string = !is_string;
        else if (*c == ' ' && !is_string)
            continue;
        buf_add_char(b, *c);
        if (*c == '\\' && c[1] != '\0')
            buf_add_char(b, *++c);
    }
    buf_add_char(b, ',');
}

static int add_dumped(const char *text, size_t n, void *b)
{
    buf_add(b, text, n);
    return 0;
}

void object_value(struct buf *b, const char *name, json_t *value)
{
    add_name(b, name);
    (void)json_dump_callback(value, add_dumped, b, JSON_COMPACT | JSON_ENCODE_ANY);
    buf_add_char(b, ',');
    json_decref(value);
}

json_t *object_tree(struct buf *b)
{
    return b->len > 0 ? json_loadb(b->data, b->len - 1, 0, NULL) : NULL; /* without its comma */
}
