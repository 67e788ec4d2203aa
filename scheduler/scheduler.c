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

#include "fleet.h"
#include "fleet_sync.h"
#include "leader.h"
#include "queue.h"
#include "reaper.h"
#include "retention.h"

#include <poll.h>
#include <signal.h>
#include <string.h>

#define TICK_US CLOCK_US_PER_S
#define TICKS_PER_RELOAD 5 /* of the whole fleet, when nothing waits for it */
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
    bool runs_were_added;
    bool runs_wait; /* some did not fit at the last look */
    bool is_cut;    /* the last pass has more to do */
    unsigned ticks;
    int64_t next_tick_us;
};

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
    int r = db_open(options->database_url, "errand-scheduler", &s->db, e);
    if (r == 0)
        r = lease_store_prepare_session(s->db, e);
    if (r == 0)
        r = queue_init(&s->queue, s->db, s->fleet, e);
    if (r == 0)
        fleet_sync_init(&s->sync, s->db, s->fleet);
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
    else if (strcmp(channel, "errand_run") == 0)
        fleet_sync_note_run(&s->sync, payload);
    else
        fleet_sync_note_hypervisor(&s->sync, payload);
}

static int pass(struct session *s, enum queue_mode mode, struct err *e)
{
    struct queue_outcome outcome;
    bool is_first_part = !s->is_cut;
    int r = queue_pass(&s->queue, mode, &outcome, e);
    if (r < 0)
        return r;
    s->is_cut = outcome.is_cut;
    if (mode != QUEUE_FILL && is_first_part)
        s->runs_wait = false;
    s->runs_wait = s->runs_wait || outcome.passed_over > 0 || outcome.is_cut;
    return 0;
}

static int tick(struct session *s, struct err *e)
{
    bool fleet_changed = false;
    bool has_more;
    s->next_tick_us = clock_mono_us() + TICK_US;
    int r = leader_renew(s->db, e);
    if (r == 0)
        r = reaper_tick(&s->reaper, &fleet_changed, e);
    if (r == 0 && (fleet_changed || s->runs_wait || s->ticks % TICKS_PER_RELOAD == 0))
        r = fleet_sync_all(&s->sync, &has_more, e);
    if (r == 0 && s->ticks % TICKS_PER_RETENTION == 0)
        r = retention_tick(s->db, s->options->log_days, e);
    s->ticks++;
    if (!s->is_cut)
        s->runs_were_added = false;
    return r < 0 ? r : pass(s, QUEUE_EXPLAIN_ALL, e);
}

/* One turn of work, the most urgent first. */
static int work(struct session *s, struct err *e)
{
    if (clock_mono_us() >= s->next_tick_us)
        return tick(s, e);
    if (s->is_cut)
        return pass(s, QUEUE_FILL, e);

    bool has_more = false;
    if (s->runs_were_added || (s->runs_wait && fleet_sync_has_notes(&s->sync))) {
        int r = fleet_sync_noted(&s->sync, &has_more, e);
        if (r < 0)
            return r;
    }
    if (s->runs_were_added) {
        s->runs_were_added = false;
        return pass(s, QUEUE_EXPLAIN_NEW, e);
    }
    return has_more ? pass(s, QUEUE_FILL, e) : 0;
}

static bool has_work(const struct session *s)
{
    return s->is_cut || s->runs_were_added || (s->runs_wait && fleet_sync_has_notes(&s->sync));
}

/* Listen before the first look, so that nothing falls between. */
static int start_leading(struct session *s, struct err *e)
{
    static const char *const channels[] = {"errand_queue", "errand_run", "errand_fleet"};
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
        if (wait_for(s->options, NULL, TICK_US))
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
