/* SPDX-License-Identifier: Apache-2.0 */
#include "usage_sampler.h"

#include "base/clock.h"
#include "base/log.h"
#include "drivers/cgroup.h"
#include "timer.h"

#include <errno.h>
#include <stdlib.h>

#define SAMPLES_AN_AGE 60

struct usage_sampler {
    struct usage_sampler_parts parts;
    enum cgroup_layout layout;
    struct timer *timer; /* owned */
};

/* False when there is nothing to be seen: another driver's, or just ended. */
static bool read_group(const struct usage_sampler *s, const struct run *run,
                       struct agent_usage *ret_usage)
{
    char path[256];
    struct cgroup_use use;
    struct cgroup_now now;
    char name[RUN_BOX_NAME_BYTES];
    run_group_name(run, name);
    int n = snprintf(path, sizeof(path), "%s/%s", s->parts.cgroup_parent, name);
    if (n < 0 || (size_t)n >= sizeof(path) || !cgroup_read_now(s->layout, path, &now))
        return false;
    cgroup_read_use(s->layout, path, &use);
    *ret_usage = (struct agent_usage){
        .at_us = clock_now_us(),
        .cpu_ms = (int64_t)(use.cpu_us / CLOCK_US_PER_MS),
        .memory_bytes = (int64_t)now.memory_bytes,
        .io_read_bytes = (int64_t)use.io_read_bytes,
        .io_write_bytes = (int64_t)use.io_write_bytes,
        .processes = (int64_t)now.processes,
    };
    return true;
}

static bool is_due(const struct usage_sampler *s, const struct run *run, int64_t mono_us)
{
    int64_t shortest_us = s->parts.interval_seconds * CLOCK_US_PER_S;
    int64_t interval_us = (clock_now_us() - run->started_at_us) / SAMPLES_AN_AGE;
    if (interval_us < shortest_us)
        interval_us = shortest_us;
    /* the timer may be a little early */
    return run->life == LIFE_RUNNING && run->started_at_us != 0 &&
           mono_us - run->sampled_us >= interval_us - shortest_us / 2;
}

static void look(void *ctx)
{
    const struct usage_sampler *s = ctx;
    int64_t mono_us = clock_mono_us();
    for (struct run *run = run_table_first(s->parts.runs); run != NULL; run = run->next) {
        struct agent_event event = {
            .type = AGENT_EVENT_USAGE, .run_id = run->id, .attempt = run->attempt};
        struct err e;
        if (!is_due(s, run, mono_us) || !read_group(s, run, &event.usage))
            continue;
        run->sampled_us = mono_us;
        if (event_outbox_put(s->parts.outbox, &event, &e) < 0)
            log_debug("usage.lost run=%s error=\"%s\"", ID_TEXT(run->id), e.msg);
    }
}

int usage_sampler_new(const struct usage_sampler_parts *parts, struct usage_sampler **ret_sampler,
                      struct err *e)
{
    enum cgroup_layout layout;
    int rc = cgroup_layout_find(&layout, e);
    if (rc < 0)
        return rc;
    struct usage_sampler *s = calloc(1, sizeof(*s));
    if (s == NULL)
        return err_errno(e, ENOMEM, "usage");
    s->parts = *parts;
    s->layout = layout;
    s->timer = timer_new(parts->loop, look, s);
    if (s->timer == NULL) {
        free(s);
        return err_errno(e, ENOMEM, "usage");
    }
    *ret_sampler = s;
    return 0;
}

void usage_sampler_free(struct usage_sampler *s)
{
    if (s == NULL)
        return;
    timer_free(s->timer);
    free(s);
}

void usage_sampler_start(struct usage_sampler *s)
{
    timer_start_repeating(s->timer, (uint64_t)s->parts.interval_seconds * 1000);
}
