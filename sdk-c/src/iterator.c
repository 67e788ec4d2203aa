/* SPDX-License-Identifier: Apache-2.0
 *
 * A page at a time; runs by cursor, which holds while new ones are made, the others by number.
 */
#include <errand/iterator.h>

#include "failure.h"
#include "memory.h"
#include "object.h"
#include "run.h"
#include "url.h"

#include <string.h>

#define PAGE 100

struct errand_iterator {
    errand_client *client;
    const char *name; /* of the list in the answer; static */
    struct errand_buffer path;
    int by_cursor;
    int is_over;   /* no page follows `page` */
    unsigned next; /* the page to ask for */
    char cursor[ERRAND_CURSOR_BYTES];
    struct errand_object_page *page; /* or NULL */
    size_t i;                        /* the next item of it */
    errand_allocator allocator;
};

static int iterator_new(errand_client *client, const char *name, errand_iterator **ret_iterator,
                        errand_error *error)
{
    errand_iterator *iterator = errand_memory_get(&client->allocator, sizeof(*iterator));

    if (iterator == NULL)
        return errand_fail(error, ERRAND_E_INTERNAL, ERRAND_OUT_OF_MEMORY);
    iterator->client = client;
    iterator->name = name;
    iterator->next = 1;
    iterator->allocator = client->allocator;
    errand_buffer_init_in(&iterator->path, ERRAND_PATH_LIMIT, &iterator->allocator);
    *ret_iterator = iterator;
    return 0;
}

static int numbered_new(errand_client *client, const char *path, const char *name,
                        errand_iterator **ret_iterator, errand_error *error)
{
    errand_iterator *iterator = NULL;
    int r = iterator_new(client, name, &iterator, error);

    if (r == 0)
        r = errand_path_add(&iterator->path, error, path);
    if (r == 0)
        *ret_iterator = iterator;
    else
        errand_iterator_free(iterator);
    return r;
}

int errand_iterate_runs(errand_client *client, const char *runner_id,
                        const errand_run_filter *filter, errand_iterator **ret_iterator,
                        errand_error *error)
{
    errand_iterator *iterator = NULL;
    int r = iterator_new(client, "runs", &iterator, error);

    if (r == 0)
        r = errand_run_list_path(&iterator->path, runner_id, filter, error);
    if (r < 0) {
        errand_iterator_free(iterator);
        return r;
    }
    iterator->by_cursor = 1;
    memcpy(iterator->cursor, "start", sizeof("start"));
    *ret_iterator = iterator;
    return 0;
}

int errand_iterate_runners(errand_client *client, errand_iterator **ret_iterator,
                           errand_error *error)
{
    return numbered_new(client, "/v1/runners", "runners", ret_iterator, error);
}

int errand_iterate_hypervisors(errand_client *client, errand_iterator **ret_iterator,
                               errand_error *error)
{
    return numbered_new(client, "/v1/hypervisors", "hypervisors", ret_iterator, error);
}

static int ask(errand_iterator *iterator, struct errand_object_page **ret_page, errand_error *error)
{
    errand_page_options want = ERRAND_PAGE_OPTIONS_INIT;
    struct errand_buffer path;
    int r;

    want.per_page = PAGE;
    want.page = iterator->by_cursor ? 0 : iterator->next;
    errand_buffer_init_in(&path, ERRAND_PATH_LIMIT, &iterator->allocator);
    (void)errand_buffer_add_text(&path, errand_buffer_text(&iterator->path));
    if (iterator->by_cursor)
        errand_path_add_query_text(&path, "cursor", iterator->cursor);
    r = path.failed ? errand_fail(error, ERRAND_E_INVALID, "the filter is too long")
                    : errand_object_page_get(iterator->client, path.bytes, iterator->name, &want,
                                             ret_page, error);
    errand_buffer_done(&path);
    return r;
}

static int turn_page(errand_iterator *iterator, errand_error *error)
{
    struct errand_object_page *page = NULL;
    int r = ask(iterator, &page, error);

    if (r < 0)
        return r;
    errand_object_page_free(iterator->page);
    iterator->page = page;
    iterator->i = 0;
    iterator->next = page->listing.next;
    memcpy(iterator->cursor, page->listing.cursor, sizeof(iterator->cursor));
    iterator->is_over = iterator->by_cursor ? iterator->cursor[0] == '\0' : iterator->next == 0;
    return 0;
}

/* `name` is the list that the caller believes it to be. */
static int next_object(errand_iterator *iterator, const char *name,
                       const struct errand_object **ret_object, errand_error *error)
{
    if (strcmp(iterator->name, name) != 0)
        return errand_fail(error, ERRAND_E_INVALID, "the iterator is over %s, not %s",
                           iterator->name, name);
    while (iterator->page == NULL || iterator->i == iterator->page->listing.count) {
        int r = iterator->is_over ? 0 : turn_page(iterator, error);

        if (r < 0)
            return r;
        if (iterator->is_over && iterator->i == iterator->page->listing.count)
            return 0;
    }
    *ret_object = &iterator->page->objects[iterator->i++];
    return 1;
}

int errand_iterator_next_run(errand_iterator *iterator, const errand_run **ret_run,
                             errand_error *error)
{
    const struct errand_object *object;
    int r = next_object(iterator, "runs", &object, error);

    if (r > 0)
        *ret_run = (const errand_run *)object;
    return r;
}

int errand_iterator_next_runner(errand_iterator *iterator, const errand_runner **ret_runner,
                                errand_error *error)
{
    const struct errand_object *object;
    int r = next_object(iterator, "runners", &object, error);

    if (r > 0)
        *ret_runner = (const errand_runner *)object;
    return r;
}

int errand_iterator_next_hypervisor(errand_iterator *iterator,
                                    const errand_hypervisor **ret_hypervisor, errand_error *error)
{
    const struct errand_object *object;
    int r = next_object(iterator, "hypervisors", &object, error);

    if (r > 0)
        *ret_hypervisor = (const errand_hypervisor *)object;
    return r;
}

void errand_iterator_free(errand_iterator *iterator)
{
    errand_allocator allocator;

    if (iterator == NULL)
        return;
    allocator = iterator->allocator;
    errand_object_page_free(iterator->page);
    errand_buffer_done(&iterator->path);
    errand_memory_release(&allocator, iterator);
}
