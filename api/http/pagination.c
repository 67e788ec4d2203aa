/* SPDX-License-Identifier: Apache-2.0 */
#include "http/pagination.h"

#include <inttypes.h>
#include <string.h>

#include "base/buf.h"

#define LINK_MAX_BYTES (256 << 10)

struct page_window pagination_window(const struct pagination *pages)
{
    return (struct page_window){
        .limit = pages->per_page,
        .offset = (pages->page - 1) * pages->per_page,
    };
}

static bool is_named(const char *text, size_t n, const char *name)
{
    size_t name_n = strlen(name);
    return n >= name_n && memcmp(text, name, name_n) == 0 && (n == name_n || text[name_n] == '=');
}

static void add_link_bytes(struct buf *link, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c > ' ' && c < 0x7f && strchr("\"<>\\^`{|}#", c) == NULL)
            buf_add_char(link, text[i]);
        else
            buf_printf(link, "%%%02X", c);
    }
}

void pagination_filter(const char *query, size_t n, struct buf *ret_filter)
{
    size_t part_n;
    for (size_t at = 0; at < n; at += part_n + 1) {
        const char *part = query + at;
        const char *amp = memchr(part, '&', n - at);
        part_n = amp != NULL ? (size_t)(amp - part) : n - at;
        if (part_n == 0 || is_named(part, part_n, "page") || is_named(part, part_n, "per_page"))
            continue;
        if (ret_filter->len > 0)
            buf_add_char(ret_filter, '&');
        add_link_bytes(ret_filter, part, part_n);
    }
}

static json_t *link_to(const struct pagination *pages, int64_t page)
{
    CLEANUP(buf_done) struct buf link;
    buf_init(&link, LINK_MAX_BYTES);
    buf_printf(&link, "%s?page=%" PRId64 "&per_page=%" PRId64, pages->path, page, pages->per_page);
    if (pages->filter[0] != '\0')
        buf_printf(&link, "&%s", pages->filter);
    return json_string(buf_text(&link));
}

/* Add page `page` to numbers and links, or null to both when it is 0. */
static void add_page(json_t *numbers, json_t *links, const struct pagination *pages,
                     const char *name, int64_t page)
{
    (void)json_object_set_new(numbers, name, page > 0 ? json_integer(page) : json_null());
    (void)json_object_set_new(links, name, page > 0 ? link_to(pages, page) : json_null());
}

json_t *pagination_meta(const struct pagination *pages, int64_t total)
{
    int64_t last = total > 0 ? (total + pages->per_page - 1) / pages->per_page : 1;
    int64_t before = pages->page - 1 < last ? pages->page - 1 : last;
    json_t *numbers = json_object();
    json_t *links = json_object();
    add_page(numbers, links, pages, "first", 1);
    add_page(numbers, links, pages, "last", last);
    add_page(numbers, links, pages, "prev", before);
    add_page(numbers, links, pages, "next", pages->page < last ? pages->page + 1 : 0);

    return json_pack("{s:{s:I, s:I, s:I, s:I, s:o, s:o}}", "pagination", "per_page",
                     (json_int_t)pages->per_page, "current_page", (json_int_t)pages->page,
                     "total_pages", (json_int_t)last, "total_objects", (json_int_t)total, "pages",
                     numbers, "links", links);
}
