/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test.h"

#include "launcher.h"
#include "run_life.h"
#include "run_table.h"
#include "wake_socket.h"

#include <signal.h>
#include <string.h>

/* What each state does with each event, spelled out once more: '.' is refused. Columns:
 * image_ready, failed, started, exited, stop, stale, end_acked, log_complete, shim_gone. Letters
 * are the next state's. */
static const char *const expected[LIFE_COUNT] = {
    [LIFE_PULLING] = "SF..FG...",   [LIFE_STARTING] = ".FRFSC...", [LIFE_RUNNING] = "...FRC...",
    [LIFE_FINISHED] = ".....LPH.",  [LIFE_REPORTED] = ".....L.L.", [LIFE_SHIPPED] = ".....LL..",
    [LIFE_CONDEMNED] = ".LCL.....", [LIFE_LEAVING] = "........G",  [LIFE_GONE] = ".........",
};
static const char letters[LIFE_COUNT + 1] = "USRFPHCLG";

static void test_life__every_pair_moves_as_agreed_or_is_refused(void **state)
{
    (void)state;
    for (enum run_life from = 0; from < LIFE_COUNT; from++)
        for (enum run_life_event event = 0; event < LIFE_EVENT_COUNT; event++) {
            const struct run_life_row *row = run_life_next(from, event);
            char got = '.';
            if (row != NULL)
                got = letters[row->to];
            if (got != expected[from][event])
                fail_msg("%s + %s: %c", run_life_name(from), run_life_event_name(event), got);
        }
}

static void test_life__whatever_ends_is_removed_once(void **state)
{
    (void)state;
    for (enum run_life from = 0; from < LIFE_COUNT; from++)
        for (enum run_life_event event = 0; event < LIFE_EVENT_COUNT; event++) {
            const struct run_life_row *row = run_life_next(from, event);
            if (row != NULL)
                assert_int_equal(row->to == LIFE_GONE, row->action == LIFE_ACTION_REMOVE);
        }
}

static void test_table__remembers_what_ended(void **state)
{
    (void)state;
    struct run_table *table = run_table_new();
    struct id id = id_new();
    struct run *run = run_new("/nowhere", id, 2);
    run->memory_mb = 100;
    run->life = LIFE_RUNNING;
    run_table_add(table, run);
    assert_ptr_equal(run_table_find(table, id, 2), run);
    assert_null(run_table_find(table, id, 1));
    assert_int_equal(run_table_memory_mb(table), 100);
    assert_false(run_table_had(table, id, 2));

    run->life = LIFE_FINISHED;
    assert_int_equal(run_table_memory_mb(table), 0);
    assert_int_equal(run_table_count_live(table), 0);

    run_table_bury(table, run);
    run_free(run);
    assert_null(run_table_find(table, id, 2));
    assert_true(run_table_had(table, id, 2));
    assert_false(run_table_had(table, id, 3));
    run_table_free(table);
}

static void test_wake__reads_what_shims_send(void **state)
{
    (void)state;
    static const char text[] = "exited 0197a000-0000-7000-8000-000000000001/12";
    static const char *const bad[] = {
        "",
        "log",
        "log 0197a000-0000-7000-8000-000000000001",
        "log 0197a000-0000-7000-8000-000000000001/0",
        "log 0197a000-0000-7000-8000-000000000001/x",
        "log /1",
        "slept 0197a000-0000-7000-8000-000000000001/1",
        "a/b 0197a000-0000-7000-8000-000000000001",
    };
    enum wake_event event;
    struct id id;
    uint32_t attempt = 0;
    struct err e;
    ASSERT_OK(wake_parse(text, strlen(text), &event, &id, &attempt, &e), e);
    assert_int_equal(event, WAKE_EXITED);
    assert_int_equal(attempt, 12);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (wake_parse(bad[i], strlen(bad[i]), &event, &id, &attempt, &e) != ERR_INVALID)
            fail_msg("accepted '%s'", bad[i]);
}

static void test_signal__by_name_and_number(void **state)
{
    (void)state;
    struct err e;
    int signal = 0;
    ASSERT_OK(launcher_signal_parse("SIGTERM", &signal, &e), e);
    assert_int_equal(signal, SIGTERM);
    ASSERT_OK(launcher_signal_parse("quit", &signal, &e), e);
    assert_int_equal(signal, SIGQUIT);
    ASSERT_OK(launcher_signal_parse("10", &signal, &e), e);
    assert_int_equal(signal, 10);
    assert_int_equal(launcher_signal_parse("SIGNOTHING", &signal, &e), ERR_INVALID);
    assert_int_equal(launcher_signal_parse("0", &signal, &e), ERR_INVALID);
}

TEST_MAIN(cmocka_unit_test(test_life__every_pair_moves_as_agreed_or_is_refused),
          cmocka_unit_test(test_life__whatever_ends_is_removed_once),
          cmocka_unit_test(test_table__remembers_what_ended),
          cmocka_unit_test(test_wake__reads_what_shims_send),
          cmocka_unit_test(test_signal__by_name_and_number))
