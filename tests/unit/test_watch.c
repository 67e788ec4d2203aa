/* SPDX-License-Identifier: Apache-2.0 */
#include "http/watch.h"

#include "support/test.h"

struct counter {
    struct watch watch;
    struct watch_table *table;
    int calls;
    bool leaves;
};

static void count(struct watch *watch)
{
    struct counter *counter = (struct counter *)watch;
    counter->calls++;
    if (counter->leaves)
        watch_remove(counter->table, watch);
}

static void add(struct watch_table *table, struct counter *counter, struct id id)
{
    *counter = (struct counter){.watch = {.id = id, .on_change = count}, .table = table};
    watch_add(table, &counter->watch);
}

static void test_changed__tells_those_of_the_id(void **state)
{
    (void)state;
    struct watch_table *table = watch_table_new();
    struct id ids[2] = {id_new(), id_new()};
    struct counter counters[3];
    add(table, &counters[0], ids[0]);
    add(table, &counters[1], ids[0]);
    add(table, &counters[2], ids[1]);

    watch_changed(table, ids[0]);
    watch_changed(table, id_new());
    assert_int_equal(counters[0].calls, 1);
    assert_int_equal(counters[1].calls, 1);
    assert_int_equal(counters[2].calls, 0);
    assert_ptr_equal(watch_find(table, ids[1]), &counters[2].watch);
    watch_remove(table, &counters[2].watch);
    assert_null(watch_find(table, ids[1]));
    watch_table_free(table);
}

/* Ids that end alike share a chain. */
static void test_changed__lets_a_watch_leave(void **state)
{
    (void)state;
    struct watch_table *table = watch_table_new();
    struct id id = id_new();
    struct counter counters[4];
    for (size_t i = 0; i < 4; i++) {
        id.bytes[0] = (uint8_t)(i / 2);
        add(table, &counters[i], id);
        counters[i].leaves = true;
    }
    watch_changed(table, id);
    assert_int_equal(counters[0].calls + counters[1].calls, 0);
    assert_int_equal(counters[2].calls + counters[3].calls, 2);

    watch_each(table, count);
    watch_each(table, count);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(counters[i].calls, 1);
    watch_table_free(table);
}

TEST_MAIN(cmocka_unit_test(test_changed__tells_those_of_the_id),
          cmocka_unit_test(test_changed__lets_a_watch_leave))
