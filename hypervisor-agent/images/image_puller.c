/* SPDX-License-Identifier: Apache-2.0
 *
 * A job is one pull in a worker thread; requests wait on it. A job that nobody waits for any more
 * is taken out of the puller and told to stop; it frees itself when its thread has come back.
 */
#include "images/image_puller.h"

#include "images/image_engine.h"
#include "images/image_pull.h"
#include "timer.h"

#include <uv.h>

#include <errno.h>
#include <string.h>

#define PROGRESS_INTERVAL_MS 1000
#define UNPACKED_TO_PACKED 4

struct image_request {
    struct job *job;
    struct id project;
    struct timer *timeout; /* owned */
    uint32_t timeout_s;
    struct image_callbacks callbacks;
    struct image_request *next;
};

struct job {
    uv_work_t work;
    struct image_puller *puller; /* NULL once nobody waits for it */
    char *reference;             /* owned; requests with the same one join */
    struct image_pull pull;
    struct image_request *requests; /* owned */
    bool had_room;                  /* room was made for it already */
    struct image *image;            /* owned; the worker's result */
    bool is_private;
    bool is_new; /* of an engine: it was pulled now */
    int rc;
    struct err err;
    struct job *next;
};

struct image_puller {
    struct image_puller_options options;
    struct timer *progress; /* owned; runs while there are jobs */
    struct job *jobs;       /* owned */
};

static void on_progress_due(void *ctx)
{
    struct image_puller *puller = ctx;
    for (struct job *job = puller->jobs; job != NULL; job = job->next) {
        int64_t done = atomic_load(&job->pull.watch.done_bytes);
        int64_t total = atomic_load(&job->pull.watch.total_bytes);
        for (struct image_request *r = job->requests; r != NULL; r = r->next)
            r->callbacks.on_progress(r->callbacks.ctx, done, total);
    }
}

struct image_puller *image_puller_new(const struct image_puller_options *options)
{
    struct image_puller *puller = calloc(1, sizeof(*puller));
    if (puller == NULL)
        return NULL;
    puller->options = *options;
    puller->progress = timer_new(options->loop, on_progress_due, puller);
    if (puller->progress == NULL) {
        free(puller);
        return NULL;
    }
    return puller;
}

static void job_free(struct job *job)
{
    if (job->image != NULL)
        image_pull_drop_layers(&job->pull, job->image);
    image_pull_done(&job->pull);
    image_free(job->image);
    free(job->reference);
    free(job);
}

/* Out of the puller: nobody can join it, its thread is on its own. */
static void job_detach(struct job *job)
{
    struct image_puller *puller = job->puller;
    struct job **at = &puller->jobs;
    while (*at != job)
        at = &(*at)->next;
    *at = job->next;
    job->next = NULL;
    job->puller = NULL;
    if (puller->jobs == NULL)
        timer_stop(puller->progress);
}

static void job_abandon(struct job *job)
{
    job_detach(job);
    atomic_store(&job->pull.watch.cancel, true);
    (void)uv_cancel((uv_req_t *)&job->work);
}

static void request_unlink(struct image_request *request)
{
    struct image_request **at = &request->job->requests;
    while (*at != request)
        at = &(*at)->next;
    *at = request->next;
}

static void request_free(struct image_request *request)
{
    timer_free(request->timeout);
    free(request);
}

void image_request_cancel(struct image_request *request)
{
    if (request == NULL)
        return;
    struct job *job = request->job;
    request_unlink(request);
    request_free(request);
    if (job->requests == NULL && job->puller != NULL)
        job_abandon(job);
}

void image_puller_free(struct image_puller *puller)
{
    if (puller == NULL)
        return;
    while (puller->jobs != NULL) {
        struct job *job = puller->jobs;
        job_abandon(job);
        while (job->requests != NULL)
            image_request_cancel(job->requests);
    }
    timer_free(puller->progress);
    free(puller);
}

static void on_timeout(void *ctx)
{
    struct image_request *request = ctx;
    struct image_callbacks callbacks = request->callbacks;
    struct err why;
    (void)err_set(&why, ERR_UNAVAILABLE, "the image was not here within %u s", request->timeout_s);
    image_request_cancel(request);
    callbacks.on_done(callbacks.ctx, NULL, TERMINATION_IMAGE_PULL_TIMEOUT, &why);
}

static void work(uv_work_t *request)
{
    struct job *job = request->data;
    if (job->pull.engine == NULL) {
        job->rc = image_pull_run(&job->pull, &job->image, &job->is_private, &job->err);
        return;
    }
    job->rc = image_engine_get(&job->pull, &job->image, &job->is_new, &job->err);
    job->is_private = job->pull.login.username != NULL;
}

static enum termination_reason reason_of(int rc)
{
    switch (rc) {
    case ERR_NOT_FOUND:
        return TERMINATION_IMAGE_NOT_FOUND;
    case ERR_UNAUTHENTICATED:
    case ERR_DENIED:
        return TERMINATION_REGISTRY_AUTH_FAILED;
    default:
        return TERMINATION_IMAGE_PULL_FAILED;
    }
}

/* Pulled by tag, the image answers to its digest too. */
static int store_pinned(struct image_store *images, const struct job *job, struct err *e)
{
    struct image *copy = NULL;
    CLEANUP(freep) char *pinned = image_reference_format_pinned(&job->pull.ref, job->image->digest);
    if (pinned == NULL)
        return err_errno(e, ENOMEM, "keep image");
    if (strcmp(pinned, job->reference) == 0)
        return 0;
    int rc = image_copy(job->image, pinned, &copy, e);
    return rc < 0 ? rc : image_store_add(images, copy, e);
}

static int open_to_all(struct job *job, struct err *e)
{
    int rc = 0;
    for (const struct image_request *r = job->requests; rc == 0 && r != NULL; r = r->next)
        rc = image_open_to(job->image, r->project, job->is_private, e);
    return rc;
}

/* The job keeps its image, and so the hold on its layers, until the records are written. */
static int store(struct image_store *images, struct job *job, struct err *e)
{
    struct image *copy = NULL;
    int rc = open_to_all(job, e);
    if (rc == 0)
        rc = store_pinned(images, job, e);
    if (rc == 0)
        rc = image_copy(job->image, job->reference, &copy, e);
    return rc < 0 ? rc : image_store_add(images, copy, e);
}

static const struct image *found(const struct image_store *images, const struct job *job)
{
    return job->pull.engine != NULL ? job->image : image_store_find(images, job->reference);
}

static void answer(struct job *job)
{
    struct image_store *images = job->puller->options.images;
    job_detach(job);
    bool is_kept = job->pull.engine == NULL || job->is_new;
    if (job->rc == 0 && is_kept)
        job->rc = store(images, job, &job->err);
    while (job->requests != NULL) {
        struct image_callbacks callbacks = job->requests->callbacks;
        image_request_cancel(job->requests);
        const struct image *image = job->rc == 0 ? found(images, job) : NULL;
        callbacks.on_done(callbacks.ctx, image, reason_of(job->rc), &job->err);
    }
}

static void after_work(uv_work_t *request, int status);

static void on_room(void *ctx)
{
    struct job *job = ctx;
    if (job->puller == NULL) {
        job_free(job);
        return;
    }
    atomic_store(&job->pull.watch.cancel, false);
    atomic_store(&job->pull.watch.done_bytes, 0);
    if (uv_queue_work(job->puller->options.loop, &job->work, work, after_work) != 0) {
        answer(job);
        job_free(job);
    }
}

/* How much it needs is known only once it is unpacked. */
static bool try_with_more_room(struct job *job)
{
    struct image_cache *cache = job->puller->options.cache;
    int64_t total_bytes = atomic_load(&job->pull.watch.total_bytes);
    if (job->rc != ERR_LIMIT || job->had_room || cache == NULL)
        return false;
    job->had_room = true;
    return image_cache_make_room(cache, total_bytes * UNPACKED_TO_PACKED, on_room, job);
}

static void after_work(uv_work_t *request, int status)
{
    struct job *job = request->data;
    struct image_cache *cache = job->puller != NULL ? job->puller->options.cache : NULL;
    if (job->puller != NULL && status == 0) {
        if (try_with_more_room(job))
            return;
        answer(job);
    }
    job_free(job);
    if (cache != NULL)
        image_cache_look(cache);
}

static struct job *job_new(struct image_puller *puller, const char *reference,
                           const struct registry_login *login, const struct image_wish *wish)
{
    struct job *job = calloc(1, sizeof(*job));
    if (job == NULL)
        return NULL;
    job->pull.rules = puller->options.rules;
    job->pull.layers = puller->options.layers;
    job->pull.engine = puller->options.engine;
    job->pull.may_use_local = wish->may_use_local;
    job->pull.may_pull = wish->may_pull;
    job->reference = strdup(reference);
    if (job->reference == NULL ||
        image_reference_parse(reference, NULL, &job->pull.ref, NULL) < 0 ||
        registry_login_copy(login, &job->pull.login, NULL) < 0) {
        job_free(job);
        return NULL;
    }
    job->work.data = job;
    return job;
}

static struct job *job_for(struct image_puller *puller, const char *reference,
                           const struct registry_login *login, const struct image_wish *wish)
{
    for (struct job *job = puller->jobs; job != NULL; job = job->next)
        if (strcmp(job->reference, reference) == 0 &&
            registry_login_equal(&job->pull.login, login) &&
            job->pull.may_use_local == wish->may_use_local && job->pull.may_pull == wish->may_pull)
            return job;

    struct job *job = job_new(puller, reference, login, wish);
    if (job == NULL || uv_queue_work(puller->options.loop, &job->work, work, after_work) != 0) {
        if (job != NULL)
            job_free(job);
        return NULL;
    }
    if (puller->jobs == NULL)
        timer_start_repeating(puller->progress, PROGRESS_INTERVAL_MS);
    job->puller = puller;
    job->next = puller->jobs;
    puller->jobs = job;
    return job;
}

struct image_request *image_puller_request(struct image_puller *puller,
                                           const struct image_wish *wish,
                                           const struct image_callbacks *callbacks)
{
    static const struct registry_login anonymous;
    CLEANUP(freep) char *reference = image_reference_format(wish->ref);
    struct image_request *request = calloc(1, sizeof(*request));
    if (reference == NULL || request == NULL) {
        free(request);
        return NULL;
    }
    request->callbacks = *callbacks;
    request->project = wish->project;
    request->timeout_s = wish->timeout_s;
    request->timeout = timer_new(puller->options.loop, on_timeout, request);
    if (request->timeout != NULL)
        request->job =
            job_for(puller, reference, wish->login != NULL ? wish->login : &anonymous, wish);
    if (request->job == NULL) {
        request_free(request);
        return NULL;
    }
    request->next = request->job->requests;
    request->job->requests = request;
    timer_start(request->timeout, (uint64_t)wish->timeout_s * 1000);
    return request;
}
