/* SPDX-License-Identifier: Apache-2.0 */
#include "http/pagination.h"

#include "support/test.h"

#include <string.h>

#include "base/buf.h"

static struct pagination page_of(int64_t page, int64_t per_page)
{
    return (struct pagination){.page = page, .per_page = per_page, .path = "/v1/x", .filter = ""};
}

/* The text of a member: "pages.next", as JSON. */
static void assert_member(json_t *meta, const char *group, const char *name, const char *expected)
{
    json_t *object = json_object_get(meta, "pagination");
    if (group != NULL)
        object = json_object_get(object, group);
    char *text = json_dumps(json_object_get(object, name), JSON_ENCODE_ANY);
    assert_non_null(text);
    assert_string_equal(text, expected);
    free(text);
}

static void test_meta__in_the_middle(void **state)
{
    (void)state;
    struct pagination pages = page_of(2, 10);
    json_t *meta = pagination_meta(&pages, 25);
    assert_member(meta, NULL, "per_page", "10");
    assert_member(meta, NULL, "current_page", "2");
    assert_member(meta, NULL, "total_pages", "3");
    assert_member(meta, NULL, "total_objects", "25");
    assert_member(meta, "pages", "first", "1");
    assert_member(meta, "pages", "last", "3");
    assert_member(meta, "pages", "prev", "1");
    assert_member(meta, "pages", "next", "3");
    assert_member(meta, "links", "next", "\"/v1/x?page=3&per_page=10\"");
    json_decref(meta);
}

static void test_meta__at_the_ends(void **state)
{
    (void)state;
    static const struct {
        int64_t page, total;
        const char *pages, *prev, *next;
    } cases[] = {
        {1, 0, "1", "null", "null"},  {1, 1, "1", "null", "null"}, {1, 20, "2", "null", "2"},
        {2, 20, "2", "1", "null"},    {2, 21, "3", "1", "3"},      {9, 20, "2", "2", "null"},
        {1, 10, "1", "null", "null"}, {5, 0, "1", "1", "null"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct pagination pages = page_of(cases[i].page, 10);
        json_t *meta = pagination_meta(&pages, cases[i].total);
        assert_member(meta, NULL, "total_pages", cases[i].pages);
        assert_member(meta, "pages", "prev", cases[i].prev);
        assert_member(meta, "pages", "next", cases[i].next);
        json_decref(meta);
    }
}

static void test_meta__links_keep_the_filter(void **state)
{
    (void)state;
    struct pagination pages = page_of(1, 10);
    pages.filter = "status=failed";
    json_t *meta = pagination_meta(&pages, 1);
    assert_member(meta, "links", "first", "\"/v1/x?page=1&per_page=10&status=failed\"");
    json_decref(meta);
}

static void test_filter__is_all_but_the_page(void **state)
{
    (void)state;
    static const struct {
        const char *query, *filter;
    } cases[] = {
        {"", ""},
        {"page=1&per_page=20", ""},
        {"page=1&status=failed&per_page=20", "status=failed"},
        {"a=1&&pages=2&b", "a=1&pages=2&b"},
        {"label=a%3Db+c", "label=a%3Db+c"},
        {"label=\xc3\xa4\"\x01", "label=%C3%A4%22%01"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        CLEANUP(buf_done) struct buf filter;
        buf_init(&filter, 256);
        pagination_filter(cases[i].query, strlen(cases[i].query), &filter);
        assert_string_equal(buf_text(&filter), cases[i].filter);
    }
}

static void test_window__skips_the_pages_before(void **state)
{
    (void)state;
    struct pagination pages = page_of(3, 20);
    struct page_window window = pagination_window(&pages);
    assert_int_equal(window.limit, 20);
    assert_int_equal(window.offset, 40);
}

TEST_MAIN(cmocka_unit_test(test_meta__in_the_middle), cmocka_unit_test(test_meta__at_the_ends),
          cmocka_unit_test(test_meta__links_keep_the_filter),
          cmocka_unit_test(test_filter__is_all_but_the_page),
          cmocka_unit_test(test_window__skips_the_pages_before))
