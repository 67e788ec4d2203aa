/* SPDX-License-Identifier: Apache-2.0
 *
 * Boxes are made one at a time for each runner, and not in the same moment in which one is given
 * away: the run that has just got it wants the processor more.
 */
#include "warm_pool.h"

#include "base/backoff.h"
#include "base/clock.h"
#include "base/log.h"
#include "run_status.h"
#include "timer.h"
#include "warm_box.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define TICK_MS 1000
#define REFILL_MS 20
#define RETRY_FIRST_MS 1000
#define RETRY_MAX_MS 300000

/* A shim goes by itself, without an agent, so much later than the agent would have ended it. */
#define WAIT_LONGER_SECONDS 60

/* What one runner wants. */
struct want {
    struct id runner;
    uint32_t n;
    struct sandbox_wish wish;
    char *reference; /* owned */
    char digest[DIGEST_TEXT_BYTES];
    struct backoff backoff;
    int64_t retry_us; /* monotonic; no sooner */
    struct want *next;
};

struct warm_pool {
    struct warm_pool_parts parts;
    struct want *wants;     /* owned */
    struct warm_box *boxes; /* owned */
    struct timer *tick;     /* owned; runs while there is anything */
    struct timer *refill;   /* owned */
    bool is_draining;
};

static void want_free(struct want *want)
{
    free(want->reference);
    free(want);
}

static struct want *find_want(const struct warm_pool *pool, struct id runner)
{
    struct want *want = pool->wants;
    while (want != NULL && !id_equal(want->runner, runner))
        want = want->next;
    return want;
}

static struct warm_box *find_box(const struct warm_pool *pool, struct id id)
{
    struct warm_box *box = pool->boxes;
    while (box != NULL && !id_equal(box->id, id))
        box = box->next;
    return box;
}

/* boxes */

static void forget(struct warm_pool *pool, struct warm_box *box)
{
    struct warm_box **at = &pool->boxes;
    while (*at != box)
        at = &(*at)->next;
    *at = box->next;
    warm_box_free(box);
}

static void note_failure(struct want *want)
{
    uint32_t retry_ms = backoff_next_ms(&want->backoff);
    want->retry_us = clock_mono_us() + retry_ms * CLOCK_US_PER_MS;
    log_warn("box.unmade runner=%s retry_ms=%u", ID_TEXT(want->runner), retry_ms);
}

static void on_gone(struct warm_box *box)
{
    struct warm_pool *pool = box->ctx;
    struct want *want = find_want(pool, box->runner);
    if (box->has_failed && want != NULL)
        note_failure(want);
    log_debug("box.gone box=%s", ID_TEXT(box->id));
    forget(pool, box);
    timer_start(pool->refill, REFILL_MS);
}

static struct warm_box *add_box(struct warm_pool *pool, struct id id)
{
    struct warm_box *box = warm_box_new(pool->parts.launcher, id);
    if (box == NULL)
        return NULL;
    box->on_gone = on_gone;
    box->ctx = pool;
    box->next = pool->boxes;
    pool->boxes = box;
    if (!timer_is_running(pool->tick))
        timer_start_repeating(pool->tick, TICK_MS);
    return box;
}

static int begin(struct warm_pool *pool, const struct want *want, const struct image *image,
                 struct warm_box *box, struct err *e)
{
    int rc = launcher_box_spec(pool->parts.launcher, box->id, image, &want->wish, &box->spec, e);
    if (rc < 0)
        return rc;
    box->runner = want->runner;
    box->spec.wait_seconds = pool->parts.seconds + WAIT_LONGER_SECONDS;
    box->until_us =
        clock_mono_us() + (box->spec.start_timeout_seconds + WAIT_LONGER_SECONDS) * CLOCK_US_PER_S;
    return warm_box_start(box, e);
}

static void make(struct warm_pool *pool, struct want *want, const struct image *image)
{
    struct err e;
    struct warm_box *box = add_box(pool, id_new());
    if (box == NULL) {
        note_failure(want);
        return;
    }
    if (begin(pool, want, image, box, &e) == 0)
        return;
    log_error("box.unstarted runner=%s error=\"%s\"", ID_TEXT(want->runner), e.msg);
    note_failure(want);
    forget(pool, box);
}

/* filling */

struct count {
    uint32_t here; /* made or being made */
    uint32_t making;
};

static struct count count(const struct warm_pool *pool, const struct want *want)
{
    struct count n = {0};
    for (const struct warm_box *box = pool->boxes; box != NULL; box = box->next) {
        bool is_coming = box->life == WARM_BOX_MAKING;
        if (!id_equal(box->runner, want->runner) || (!is_coming && box->life != WARM_BOX_READY))
            continue;
        n.here++;
        n.making += is_coming;
    }
    return n;
}

static uint32_t count_all(const struct warm_pool *pool)
{
    uint32_t n = 0;
    for (const struct warm_box *box = pool->boxes; box != NULL; box = box->next)
        n++;
    return n;
}

static const struct image *image_of(const struct warm_pool *pool, const struct want *want)
{
    const struct image *image = image_store_find(pool->parts.images, want->reference);
    return image != NULL && strcmp(image->digest, want->digest) == 0 ? image : NULL;
}

static void fill(struct warm_pool *pool)
{
    int64_t mono_us = clock_mono_us();
    for (struct want *want = pool->wants; want != NULL && !pool->is_draining; want = want->next) {
        struct count n = count(pool, want);
        const struct image *image = image_of(pool, want);
        if (image != NULL && n.here < want->n && n.making == 0 && mono_us >= want->retry_us &&
            count_all(pool) < pool->parts.max)
            make(pool, want, image);
    }
}

static void on_refill(void *ctx)
{
    fill(ctx);
}

/* A box that is late where it should be ends, and one that does not end is killed: then it is
 * reaped. May free it. */
static void look_at(struct warm_box *box, int64_t mono_us)
{
    if (mono_us < box->until_us)
        return;
    if (box->life != WARM_BOX_ENDING)
        warm_box_end(box);
    else if (box->shim != NULL)
        shim_process_signal(box->shim, SIGKILL);
    else
        warm_box_inherit(box);
}

static void on_tick(void *ctx)
{
    struct warm_pool *pool = ctx;
    int64_t mono_us = clock_mono_us();
    for (struct warm_box *box = pool->boxes, *next; box != NULL; box = next) {
        next = box->next;
        look_at(box, mono_us);
    }
    fill(pool);
    if (pool->boxes == NULL && pool->wants == NULL)
        timer_stop(pool->tick);
}

/* what is wanted */

/* Those whose sandbox is another now, or too many. */
static void end_surplus(struct warm_pool *pool, const struct want *want)
{
    const struct image *image = image_of(pool, want);
    uint32_t kept = 0;
    for (struct warm_box *box = pool->boxes; box != NULL; box = box->next) {
        if (!id_equal(box->runner, want->runner) || box->life == WARM_BOX_ENDING)
            continue;
        CLEANUP(run_spec_done) struct run_spec now;
        run_spec_init(&now);
        bool is_right =
            image != NULL && kept < want->n &&
            launcher_box_spec(pool->parts.launcher, box->id, image, &want->wish, &now, NULL) == 0 &&
            run_spec_fits(&now, &box->spec);
        if (is_right)
            kept++;
        else
            warm_box_end(box);
    }
}

static struct want *add_want(struct warm_pool *pool, struct id runner)
{
    struct want *want = calloc(1, sizeof(*want));
    if (want == NULL)
        return NULL;
    want->runner = runner;
    backoff_init(&want->backoff, RETRY_FIRST_MS, RETRY_MAX_MS);
    want->next = pool->wants;
    pool->wants = want;
    return want;
}

void warm_pool_want(struct warm_pool *pool, struct id runner, uint32_t n,
                    const struct sandbox_wish *wish, const char *reference, const char *digest)
{
    struct want *want = find_want(pool, runner);
    if (n == 0 || pool->parts.max == 0) {
        warm_pool_drop(pool, runner);
        return;
    }
    char *copy = strdup(reference);
    if (want == NULL && copy != NULL)
        want = add_want(pool, runner);
    if (want == NULL || copy == NULL) {
        free(copy);
        log_error("box.unstarted runner=%s error=\"out of memory\"", ID_TEXT(runner));
        return;
    }
    free(want->reference);
    want->reference = copy;
    want->n = n;
    want->wish = *wish;
    want->retry_us = 0;
    memcpy(want->digest, digest, strnlen(digest, sizeof(want->digest) - 1) + 1);
    end_surplus(pool, want);
    fill(pool);
}

void warm_pool_drop(struct warm_pool *pool, struct id runner)
{
    for (struct want **at = &pool->wants; *at != NULL; at = &(*at)->next) {
        struct want *want = *at;
        if (!id_equal(want->runner, runner))
            continue;
        *at = want->next;
        want_free(want);
        break;
    }
    for (struct warm_box *box = pool->boxes; box != NULL; box = box->next)
        if (id_equal(box->runner, runner))
            warm_box_end(box);
}

void warm_pool_wake(struct warm_pool *pool, struct id id)
{
    struct warm_box *box = find_box(pool, id);
    if (box == NULL || box->life != WARM_BOX_MAKING)
        return;
    struct want *want = find_want(pool, box->runner);
    box->life = WARM_BOX_READY;
    box->until_us = clock_mono_us() + pool->parts.seconds * CLOCK_US_PER_S;
    log_debug("box.ready box=%s runner=%s", ID_TEXT(id), ID_TEXT(box->runner));
    if (want != NULL)
        backoff_reset(&want->backoff);
    fill(pool);
}

/* The one that has waited longest. */
static struct warm_box *find_fitting(const struct warm_pool *pool, struct id runner,
                                     const struct run_spec *spec)
{
    struct warm_box *found = NULL;
    for (struct warm_box *box = pool->boxes; box != NULL; box = box->next)
        if (box->life == WARM_BOX_READY && id_equal(box->runner, runner) &&
            run_spec_fits(spec, &box->spec))
            found = box;
    return found;
}

bool warm_pool_give(struct warm_pool *pool, struct run *run, const struct run_spec *spec,
                    shim_exit_fn *on_exit)
{
    struct warm_box *box;
    struct err e;
    while ((box = find_fitting(pool, run->assignment.runner_id, spec)) != NULL) {
        bool is_given = warm_box_give(box, run, spec, on_exit, &e) == 0;
        timer_start(pool->refill, REFILL_MS);
        if (!is_given) {
            log_warn("box.ungiven box=%s error=\"%s\"", ID_TEXT(box->id), e.msg);
            warm_box_end(box);
            continue;
        }
        log_debug("box.given box=%s run=%s", ID_TEXT(box->id), ID_TEXT(run->id));
        forget(pool, box);
        return true;
    }
    return false;
}

bool warm_pool_knows(const struct warm_pool *pool, const char *name)
{
    for (const struct warm_box *box = pool->boxes; box != NULL; box = box->next) {
        char its_name[RUN_BOX_NAME_BYTES];
        run_box_name(box->id, RUN_SPEC_BOX, its_name);
        if (strcmp(its_name, name) == 0)
            return true;
    }
    return false;
}

/* life */

static void inherit(struct warm_pool *pool, const char *name)
{
    struct id id;
    if (id_parse(name, strlen(name), &id, NULL) < 0)
        return;
    struct warm_box *box = add_box(pool, id);
    if (box != NULL)
        warm_box_inherit(box);
}

void warm_pool_start(struct warm_pool *pool)
{
    DIR *dir = opendir(pool->parts.launcher->boxes_dir);
    const struct dirent *entry;
    while (dir != NULL && (entry = readdir(dir)) != NULL)
        inherit(pool, entry->d_name);
    if (dir != NULL)
        (void)closedir(dir);
}

void warm_pool_drain(struct warm_pool *pool)
{
    pool->is_draining = true;
    for (struct warm_box *box = pool->boxes; box != NULL; box = box->next)
        warm_box_end(box);
}

bool warm_pool_is_empty(const struct warm_pool *pool)
{
    return pool->boxes == NULL;
}

int warm_pool_new(const struct warm_pool_parts *parts, struct warm_pool **ret_pool, struct err *e)
{
    struct warm_pool *pool = calloc(1, sizeof(*pool));
    if (pool == NULL)
        return err_errno(e, ENOMEM, "pool");
    pool->parts = *parts;
    pool->tick = timer_new(parts->launcher->loop, on_tick, pool);
    pool->refill = timer_new(parts->launcher->loop, on_refill, pool);
    if (pool->tick == NULL || pool->refill == NULL) {
        warm_pool_free(pool);
        return err_errno(e, ENOMEM, "pool");
    }
    *ret_pool = pool;
    return 0;
}

void warm_pool_free(struct warm_pool *pool)
{
    if (pool == NULL)
        return;
    while (pool->boxes != NULL)
        forget(pool, pool->boxes);
    while (pool->wants != NULL) {
        struct want *want = pool->wants;
        pool->wants = want->next;
        want_free(want);
    }
    timer_free(pool->tick);
    timer_free(pool->refill);
    free(pool);
}
