/* SPDX-License-Identifier: Apache-2.0
 *
 * Notifications say when to look, never what is there; a tick each second looks anyway. Any failure
 * of the session ends it with all that was in memory, and the next one loads everything anew.
 */
#include "scheduler.h"

#include "base/backoff.h"
#include "base/clock.h"
#include "base/log.h"
#include "service/process.h"
#include "store/db.h"
#include "store/lease_store.h"

#include "fleet_sync.h"
#include "leader.h"
#include "queue.h"
#include "reaper.h"
#include "retention.h"
#include "timers.h"
#include "totals.h"
#include "warm_orders.h"

#include <poll.h>
#include <signal.h>
#include <string.h>

#define TICK_US CLOCK_US_PER_S
#define STANDBY_US (200 * CLOCK_US_PER_MS)
#define TICKS_PER_RELOAD 5 /* of the whole fleet, and of what is held back */
#define TICKS_PER_TOTAL 2
#define TICKS_PER_RETENTION 60
#define BACKOFF_FIRST_MS 50
#define BACKOFF_MAX_MS 1000

/* What lives as long as one database session. */
struct session {
    const struct scheduler_options *options;
    struct db *db;       /* owned */
    struct fleet *fleet; /* owned */
    struct fleet_sync sync;
    struct queue queue;
    struct reaper reaper;
    struct timers timers;
    bool runs_were_added;
    bool warmth_was_asked;
    bool runs_wait; /* some did not fit at the last look */
    bool is_cut;    /* the last pass has more to do */
    unsigned ticks;
    int64_t next_tick_us;
};

/* The time in which a hypervisor may act for a run without a word from us ends that much before we
 * give the run to another. */
static int64_t lease_of(int64_t silence_s)
{
    int64_t margin_s = silence_s / 10 > 2 ? silence_s / 10 : 2;
    return silence_s > margin_s ? silence_s - margin_s : 1;
}

static struct queue_options queue_options_of(const struct scheduler_options *options)
{
    return (struct queue_options){
        .leases = {.start_s = lease_of(options->lost_after_s),
                   .run_s = lease_of(options->lost_after_s + options->lost_grace_s)},
        .hold_after_us = options->hold_after_s * CLOCK_US_PER_S,
    };
}

static void session_done(struct session *s)
{
    queue_done(&s->queue);
    fleet_freep(&s->fleet);
    db_closep(&s->db);
}

static int session_init(struct session *s, const struct scheduler_options *options, struct err *e)
{
    *s = (struct session){.options = options, .fleet = fleet_new()};
    if (s->fleet == NULL)
        return err_set(e, ERR_INTERNAL, "start a session: out of memory");
    fleet_set_policy(s->fleet, options->policy);
    struct queue_options queue_options = queue_options_of(options);
    int r = db_open(options->database_url, "errand-scheduler", &s->db, e);
    if (r == 0)
        r = lease_store_prepare_session(s->db, e);
    if (r == 0)
        r = queue_init(&s->queue, s->db, s->fleet, &queue_options, e);
    fleet_sync_init(&s->sync, s->db, s->fleet);
    timers_init(&s->timers, s->db);
    return r;
}

/* Sleep until a signal, something from the database (unless `db` is NULL) or the timeout. True when
 * a signal asks to stop. */
static bool wait_for(const struct scheduler_options *options, const struct db *db, int64_t wait_us)
{
    struct pollfd fds[] = {
        {.fd = options->signal_fd, .events = POLLIN},
        {.fd = db == NULL ? -1 : db_fd(db), .events = POLLIN},
    };
    watchdog_feed(options->watchdog);
    int64_t wait_ms = wait_us <= 0 ? 0 : (wait_us + CLOCK_US_PER_MS - 1) / CLOCK_US_PER_MS;
    (void)poll(fds, ARRAY_LEN(fds), (int)wait_ms);
    int signum = process_signal_next(options->signal_fd);
    return signum == SIGTERM || signum == SIGINT;
}

static void on_notice(void *user, const char *channel, const char *payload)
{
    struct session *s = user;
    if (strcmp(channel, "errand_queue") == 0)
        s->runs_were_added = true;
    else if (strcmp(channel, "errand_warm") == 0)
        s->warmth_was_asked = s->warmth_was_asked || payload[0] == '\0';
    else if (strcmp(channel, "errand_run") == 0)
        fleet_sync_note_run(&s->sync, payload);
    else
        fleet_sync_note_hypervisor(&s->sync, payload);
}

static int pass(struct session *s, enum queue_mode mode, struct err *e)
{
    struct queue_outcome outcome;
    int r = queue_pass(&s->queue, mode, &outcome, e);
    if (r < 0)
        return r;
    s->is_cut = outcome.is_cut;
    s->runs_wait = outcome.runs_wait || outcome.is_cut;
    return 0;
}

static int look_at_fleet(struct session *s, bool is_full, struct err *e)
{
    bool has_more;
    return is_full ? fleet_sync_all(&s->sync, &has_more, e)
                   : fleet_sync_noted(&s->sync, &has_more, e);
}

/* While nothing waits, nobody needs to know at once what became free. */
static bool wants_notes(const struct session *s)
{
    return s->runs_wait || s->runs_were_added || s->timers.some_are_held;
}

static int tick(struct session *s, struct err *e)
{
    bool fleet_changed = false;
    bool added = false;
    bool is_full = s->ticks % TICKS_PER_RELOAD == 0;
    s->next_tick_us = clock_mono_us() + TICK_US;
    int r = leader_renew(s->db, e);
    if (r == 0)
        r = reaper_tick(&s->reaper, &fleet_changed, e);
    if (r == 0)
        r = timers_tick(&s->timers, &added, e);
    if (r == 0 && is_full)
        r = timers_sweep(&s->timers, &added, e);
    if (r == 0)
        r = timers_look(&s->timers, e);
    if (r == 0 && (is_full || fleet_changed || wants_notes(s)))
        r = look_at_fleet(s, is_full || fleet_changed, e);
    if (r == 0)
        r = warm_orders_place(s->db, e);
    if (r == 0 && s->ticks % TICKS_PER_RETENTION == 0)
        r = retention_tick(s->db, s->options->log_days, e);
    if (r == 0)
        r = queue_write_counts(&s->queue, e);
    if (r == 0 && s->ticks % TICKS_PER_TOTAL == 0)
        r = totals_tick(s->db, e);
    s->ticks++;
    s->runs_were_added = false;
    return r < 0 ? r : pass(s, QUEUE_EXPLAIN, e);
}

/* Runs changed: one may have left a slot of its runner to another, or room on its hypervisor. */
static int take_notes(struct session *s, bool *ret_has_more, struct err *e)
{
    bool added = false;
    int r = 0;
    if (s->timers.some_are_held && s->sync.runs_n > 0)
        r = timers_admit_after(&s->timers, s->sync.runs, s->sync.runs_n, &added, e);
    s->runs_were_added |= added;
    if (r == 0)
        r = fleet_sync_noted(&s->sync, ret_has_more, e);
    return r;
}

/* One turn of work, the most urgent first. What became free and what became warm is learnt before
 * a run is placed: it would go elsewhere. */
static int work(struct session *s, struct err *e)
{
    if (clock_mono_us() >= s->next_tick_us)
        return tick(s, e);

    bool has_more = false;
    int r = s->warmth_was_asked ? warm_orders_place(s->db, e) : 0;
    s->warmth_was_asked = false;
    if (r == 0 && wants_notes(s) && fleet_sync_has_notes(&s->sync))
        r = take_notes(s, &has_more, e);
    bool were_added = s->runs_were_added;
    s->runs_were_added = false;
    if (r == 0 && (s->is_cut || were_added || (s->runs_wait && has_more)))
        r = pass(s, QUEUE_PLACE, e);
    return r == 0 && were_added ? timers_look(&s->timers, e) : r;
}

static bool has_work(const struct session *s)
{
    return s->is_cut || s->warmth_was_asked || s->runs_were_added ||
           (wants_notes(s) && fleet_sync_has_notes(&s->sync));
}

/* Listen before the first look, so that nothing falls between. */
static int start_leading(struct session *s, struct err *e)
{
    static const char *const channels[] = {"errand_queue", "errand_run", "errand_fleet",
                                           "errand_warm"};
    int r = 0;
    for (size_t i = 0; r == 0 && i < ARRAY_LEN(channels); i++)
        r = db_listen(s->db, channels[i], e);
    if (r < 0)
        return r;
    log_info("scheduler.leads");
    reaper_init(&s->reaper, s->db, s->options->lost_after_s, s->options->lost_grace_s);
    s->next_tick_us = clock_mono_us();
    return 0;
}

/* Until a signal or an error. */
static int lead(struct session *s, struct err *e)
{
    int r = start_leading(s, e);
    while (r == 0) {
        r = work(s, e);
        if (r == 0)
            r = db_take_notices(s->db, on_notice, s, e); /* some came with the answers */
        if (r < 0)
            break;
        int64_t wait_us = has_work(s) ? 0 : s->next_tick_us - clock_mono_us();
        if (wait_for(s->options, s->db, wait_us))
            return 0;
        r = db_take_notices(s->db, on_notice, s, e);
    }
    return r;
}

/* Until a signal or an error; leads as soon as nobody else does. */
static int serve(struct session *s, struct err *e)
{
    bool leads = false;
    int r = leader_try(s->db, &leads, e);
    if (r == 0 && !leads)
        log_info("scheduler.stands_by");
    while (r == 0 && !leads) {
        if (wait_for(s->options, NULL, STANDBY_US))
            return 0;
        r = leader_try(s->db, &leads, e);
    }
    return r < 0 ? r : lead(s, e);
}

void scheduler_run(const struct scheduler_options *options)
{
    struct backoff backoff;
    backoff_init(&backoff, BACKOFF_FIRST_MS, BACKOFF_MAX_MS);
    for (;;) {
        struct err e;
        CLEANUP(session_done) struct session s;
        int r = session_init(&s, options, &e);
        if (r == 0) {
            (void)process_notify("READY=1", NULL);
            backoff_reset(&backoff);
            r = serve(&s, &e);
        }
        if (r == 0)
            return;
        log_error("scheduler.session_lost error=\"%s\"", e.msg);
        if (wait_for(options, NULL, backoff_next_ms(&backoff) * CLOCK_US_PER_MS))
            return;
    }
}
