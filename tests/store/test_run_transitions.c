/* SPDX-License-Identifier: Apache-2.0
 *
 * Every statement that moves a run, from every state: it moves the run as common/model/run_state.h
 * has it for one of its events, or not at all.
 */
#include "model/run_state.h"

#include "store/agent_store.h"
#include "store/queue_store.h"
#include "store/run_store.h"

#include "queue_fixture.h"

#include <string.h>

static struct db *db;

static int start(void **state)
{
    (void)state;
    db = test_database_migrated();
    fixture_script(db, "SET synchronous_commit = off");
    return 0;
}

static int stop(void **state)
{
    (void)state;
    db_closep(&db);
    return 0;
}

/* The run that is to be moved. */
struct subject {
    struct id run;
    struct id hypervisor;
};

static void run_statement(const struct statement *statement, struct params *p)
{
    rows_free(fixture_run(db, statement, p));
}

static void do_assign(const struct subject *s)
{
    struct params p;
    queue_store_assign_params(&p, &(struct queue_assignment){s->run, s->hypervisor}, 1,
                              &(struct queue_leases){1, 1});
    run_statement(&queue_store_assign, &p);
}

static void do_stop(const struct subject *s)
{
    struct params p;
    run_store_place_params(&p, (struct run_place){.project = fixture_project(), .run = s->run});
    run_statement(&run_store_stop, &p);
}

static void take_silent(const struct statement *statement)
{
    struct params p;
    hypervisor_store_silence_params(&p, &(struct hypervisor_silence){3600, 30});
    run_statement(statement, &p);
}

static void do_requeue(const struct subject *s)
{
    (void)s;
    take_silent(&queue_store_requeue_silent);
}

static void do_fail_lost(const struct subject *s)
{
    (void)s;
    take_silent(&queue_store_fail_silent);
}

static void do_start(const struct subject *s)
{
    struct params p;
    struct agent_fence fence = {s->run, 1, s->hypervisor};
    agent_store_started_params(&p, &fence, &(struct agent_start){.at_us = 1});
    run_statement(&agent_store_started, &p);
}

static void finish(const struct subject *s, int code, enum termination_reason reason)
{
    struct params p;
    struct agent_fence fence = {s->run, 1, s->hypervisor};
    struct agent_finish end = {
        .at_us = 1, .has_exit_code = true, .exit_code = code, .reason = reason};
    agent_store_finished_params(&p, &fence, &end);
    run_statement(&agent_store_finished, &p);
}

static void do_succeed(const struct subject *s)
{
    finish(s, 0, TERMINATION_EXITED);
}

static void do_fail(const struct subject *s)
{
    finish(s, 1, TERMINATION_EXITED);
}

static void do_give_up(const struct subject *s)
{
    finish(s, 137, TERMINATION_HYPERVISOR_LOST);
}

static void do_expire(const struct subject *s)
{
    (void)s;
    struct params p;
    params_init(&p, 64);
    params_add_i64(&p, 10);
    run_statement(&queue_store_expire, &p);
}

static void do_release(const struct subject *s)
{
    (void)s;
    struct params p;
    params_init(&p, 64);
    params_add_i64(&p, 10);
    run_statement(&queue_store_release_due, &p);
}

static void do_admit(const struct subject *s)
{
    (void)s;
    struct params p;
    queue_store_admit_all_params(&p, (struct id){0}, 10);
    run_statement(&queue_store_admit_all, &p);
}

/* How a run may be beside its state. */
enum {
    STOPPING = 1, /* a stop was asked for */
    RETRYING = 2, /* its policy tries everything again */
    EXPIRED = 4,
    HELD = 8,      /* by its runner's limit */
    SKIPPING = 16, /* whose runner has another that is open */
    MASKS = 32,
};

static const struct {
    const char *name;
    void (*act)(const struct subject *s);
    unsigned events; /* it may be one of these */
} acts[] = {
    {"assign", do_assign, 1u << RUN_EVENT_ASSIGN},
    {"stop", do_stop, 1u << RUN_EVENT_CANCEL},
    {"requeue_silent", do_requeue, 1u << RUN_EVENT_REQUEUE | 1u << RUN_EVENT_CANCEL},
    {"fail_silent", do_fail_lost,
     1u << RUN_EVENT_FAIL | 1u << RUN_EVENT_RETRY | 1u << RUN_EVENT_CANCEL},
    {"started", do_start, 1u << RUN_EVENT_START},
    {"finished 0", do_succeed, 1u << RUN_EVENT_SUCCEED | 1u << RUN_EVENT_CANCEL},
    {"finished 1", do_fail, 1u << RUN_EVENT_FAIL | 1u << RUN_EVENT_RETRY | 1u << RUN_EVENT_CANCEL},
    {"finished lost", do_give_up,
     1u << RUN_EVENT_FAIL | 1u << RUN_EVENT_RETRY | 1u << RUN_EVENT_REQUEUE |
         1u << RUN_EVENT_CANCEL},
    {"expire", do_expire, 1u << RUN_EVENT_FAIL},
    {"release_due", do_release, 0},
    {"admit", do_admit, 1u << RUN_EVENT_CANCEL},
};

static void set(struct id run, const char *assignment)
{
    fixture_script(db, "UPDATE runs SET %s WHERE id = '%s'", assignment, ID_TEXT(run));
}

static struct subject make(enum run_state from, unsigned mask)
{
    struct subject s;
    fixture_script(db, "DELETE FROM runs; DELETE FROM hypervisors");
    s.hypervisor = queue_fixture_hypervisor(db, 4096);
    fixture_script(db, "UPDATE hypervisors SET last_seen_at = now() - interval '60 seconds'");
    bool is_placed = from != RUN_PENDING;
    s.run = fixture_run_in(db, run_state_name(from), is_placed ? s.hypervisor : (struct id){0});
    if ((mask & STOPPING) != 0)
        set(s.run, "stop_requested = true");
    if ((mask & RETRYING) != 0)
        set(s.run, "retry = '{\"max_attempts\":9,\"delay_seconds\":1,\"factor\":1,\"jitter\":0,"
                   "\"max_delay_seconds\":1,\"on\":[\"failed\",\"hypervisor_lost\"]}'");
    if ((mask & EXPIRED) != 0)
        set(s.run, "pending_until = now() - interval '1 second', due_at = now()");
    if ((mask & HELD) != 0 && !is_placed) {
        fixture_script(db,
                       "UPDATE runners SET max_concurrency = 1, on_overlap = 'skip' WHERE id ="
                       " (SELECT runner_id FROM runs WHERE id = '%s')",
                       ID_TEXT(s.run));
        set(s.run, "hold = 'concurrency_limit'");
    }
    if ((mask & SKIPPING) != 0) {
        struct id other = fixture_run_in(db, "succeeded", s.hypervisor);
        fixture_script(db,
                       "UPDATE runs SET state = 'running', slot = 1, hypervisor_id = NULL,"
                       " runner_id = (SELECT runner_id FROM runs WHERE id = '%s')"
                       " WHERE id = '%s'",
                       ID_TEXT(s.run), ID_TEXT(other));
    }
    return s;
}

static enum run_state state_of(struct id run)
{
    struct err e;
    enum run_state state = RUN_STATE_COUNT;
    ASSERT_OK(
        run_state_parse(fixture_text(db, "SELECT state FROM runs WHERE id = '%s'", ID_TEXT(run)),
                        &state, &e),
        e);
    return state;
}

/* Moves seen, to prove that the statements did something. */
static bool seen[RUN_STATE_COUNT][RUN_EVENT_COUNT];

static void check_move(const char *name, enum run_state from, enum run_state to, unsigned events)
{
    bool is_allowed = from == to;
    for (enum run_event event = 0; event < RUN_EVENT_COUNT; event++) {
        enum run_state next;
        if ((events & 1u << event) == 0 || run_state_next(from, event, &next, NULL) < 0)
            continue;
        if (next != to)
            continue;
        is_allowed = true;
        if (from != to)
            seen[from][event] = true;
    }
    if (!is_allowed)
        fail_msg("%s moved a run from %s to %s", name, run_state_name(from), run_state_name(to));
}

static void test_statements__move_runs_as_the_table_has_it(void **state)
{
    (void)state;
    for (enum run_state from = 0; from < RUN_STATE_COUNT; from++) {
        unsigned masks = from == RUN_PENDING ? MASKS : EXPIRED;
        for (unsigned mask = 0; mask < masks; mask++) {
            for (size_t i = 0; i < ARRAY_LEN(acts); i++) {
                struct subject s = make(from, mask);
                acts[i].act(&s);
                check_move(acts[i].name, from, state_of(s.run), acts[i].events);
            }
        }
    }
    size_t n;
    const struct run_state_rule *rules = run_state_rules(&n);
    for (size_t i = 0; i < n; i++)
        if (!seen[rules[i].from][rules[i].event])
            fail_msg("no statement did %s to a run that was %s", run_event_name(rules[i].event),
                     run_state_name(rules[i].from));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_statements__move_runs_as_the_table_has_it),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
