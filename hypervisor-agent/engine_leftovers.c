/* SPDX-License-Identifier: Apache-2.0
 *
 * A sweep is two turns in a worker thread: one lists, then the loop's thread says which belong to
 * no run, then one removes those. What a sweep holds is its own, so that it may outlive us.
 */
#include "engine_leftovers.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/parse.h"
#include "drivers/docker_request.h"
#include "engine/engine_answer.h"
#include "engine/engine_call.h"
#include "timer.h"
#include "wire/field.h"

#include <jansson.h>
#include <uv.h>

#include <string.h>

#define INTERVAL_MS 30000
#define ANSWER_US (20 * CLOCK_US_PER_S)

struct stray {
    char name[DOCKER_NAME_BYTES];
    struct id run;
    uint32_t attempt;
};

struct sweep {
    uv_work_t work;
    struct engine_leftovers *owner; /* NULL once it is gone */
    char *socket;                   /* owned, as is the next */
    char *run_dirs;                 /* "<data dir>/runs/" */
    struct stray *strays;           /* owned */
    size_t strays_n;
    struct err problem;
};

struct engine_leftovers {
    struct engine_leftovers_parts parts;
    struct timer *timer; /* owned */
    struct sweep *sweep; /* under way, or NULL */
};

static void sweep_free(struct sweep *sweep)
{
    free(sweep->socket);
    free(sweep->run_dirs);
    free(sweep->strays);
    free(sweep);
}

static int ask(const char *socket, const char *method, const char *path, struct engine_call *call,
               struct err *e)
{
    engine_call_init(call);
    return engine_answer_await(
        call, &(struct engine_request){.socket = socket, .method = method, .path = path}, ANSWER_US,
        e);
}

/* in the worker: */

/* One of ours, by its labels. */
static bool read_stray(const struct sweep *sweep, const json_t *container, struct stray *ret_stray)
{
    json_t *labels = NULL;
    const char *dir = NULL;
    const char *attempt = NULL;
    int64_t number = 0;
    size_t n = strlen(sweep->run_dirs);
    if (field_get_object(container, "Labels", &labels, NULL) < 0 ||
        field_get_text(labels, DOCKER_LABEL_RUN_DIR, &dir, NULL) < 0 ||
        strncmp(dir, sweep->run_dirs, n) != 0 ||
        field_get_id(labels, DOCKER_LABEL_RUN, &ret_stray->run, NULL) < 0 ||
        field_get_text(labels, DOCKER_LABEL_ATTEMPT, &attempt, NULL) < 0 ||
        parse_i64(attempt, 1, UINT32_MAX, "attempt", &number, NULL) < 0)
        return false;
    ret_stray->attempt = (uint32_t)number;
    docker_name(ret_stray->run, ret_stray->attempt, ret_stray->name);
    return true;
}

static int read_list(struct sweep *sweep, const struct buf *body, struct err *e)
{
    json_t *list = json_loadb(body->data == NULL ? "" : body->data, body->len, 0, NULL);
    size_t n = json_array_size(list);
    int rc = json_is_array(list) ? 0 : err_set(e, ERR_INTERNAL, "the engine's list is none");
    sweep->strays = n > 0 ? calloc(n, sizeof(*sweep->strays)) : NULL;
    for (size_t i = 0; sweep->strays != NULL && i < n; i++)
        if (read_stray(sweep, json_array_get(list, i), &sweep->strays[sweep->strays_n]))
            sweep->strays_n++;
    json_decref(list);
    return rc;
}

static void list_containers(uv_work_t *work)
{
    static const char path[] =
        "/containers/json?all=1&filters=%7B%22label%22%3A%5B%22" DOCKER_LABEL_RUN_DIR "%22%5D%7D";
    struct sweep *sweep = work->data;
    struct engine_call call;
    if (ask(sweep->socket, "GET", path, &call, &sweep->problem) == 0)
        IGNORE(read_list(sweep, &call.body, &sweep->problem));
    engine_call_done(&call);
}

static void remove_containers(uv_work_t *work)
{
    struct sweep *sweep = work->data;
    for (size_t i = 0; i < sweep->strays_n; i++) {
        struct engine_call call;
        struct err e;
        char path[DOCKER_NAME_BYTES + 32];
        (void)snprintf(path, sizeof(path), "/containers/%s?force=1&v=1", sweep->strays[i].name);
        int rc = ask(sweep->socket, "DELETE", path, &call, &e);
        engine_call_done(&call);
        if (rc < 0 && rc != ERR_NOT_FOUND)
            sweep->problem = e;
    }
}

/* on the loop: */

static void finish(struct sweep *sweep)
{
    struct engine_leftovers *l = sweep->owner;
    if (l != NULL) {
        if (sweep->problem.code != ERR_OK)
            log_warn("engine.unswept error=\"%s\"", sweep->problem.msg);
        l->sweep = NULL;
        timer_start(l->timer, INTERVAL_MS);
    }
    sweep_free(sweep);
}

static void after_remove(uv_work_t *work, int status)
{
    struct sweep *sweep = work->data;
    for (size_t i = 0; status == 0 && sweep->owner != NULL && i < sweep->strays_n; i++)
        log_warn("run.swept run=%s attempt=%u", ID_TEXT(sweep->strays[i].run),
                 sweep->strays[i].attempt);
    finish(sweep);
}

static void keep_unanswered(struct sweep *sweep, const struct run_table *runs)
{
    size_t n = 0;
    for (size_t i = 0; i < sweep->strays_n; i++)
        if (run_table_find(runs, sweep->strays[i].run, sweep->strays[i].attempt) == NULL)
            sweep->strays[n++] = sweep->strays[i];
    sweep->strays_n = n;
}

static void after_list(uv_work_t *work, int status)
{
    struct sweep *sweep = work->data;
    if (sweep->owner != NULL && status == 0)
        keep_unanswered(sweep, sweep->owner->parts.runs);
    if (sweep->owner == NULL || status != 0 || sweep->strays_n == 0 ||
        uv_queue_work(work->loop, work, remove_containers, after_remove) != 0)
        finish(sweep);
}

static void begin(void *ctx)
{
    struct engine_leftovers *l = ctx;
    struct sweep *sweep = l->sweep == NULL ? calloc(1, sizeof(*sweep)) : NULL;
    if (sweep == NULL)
        return;
    sweep->work.data = sweep;
    sweep->owner = l;
    sweep->socket = strdup(l->parts.socket);
    if (asprintf(&sweep->run_dirs, "%s/runs/", l->parts.data_dir) < 0)
        sweep->run_dirs = NULL;
    if (sweep->socket == NULL || sweep->run_dirs == NULL ||
        uv_queue_work(l->parts.loop, &sweep->work, list_containers, after_list) != 0) {
        finish(sweep);
        return;
    }
    l->sweep = sweep;
}

struct engine_leftovers *engine_leftovers_new(const struct engine_leftovers_parts *parts)
{
    struct engine_leftovers *l = calloc(1, sizeof(*l));
    if (l == NULL)
        return NULL;
    l->parts = *parts;
    l->timer = timer_new(parts->loop, begin, l);
    if (l->timer == NULL) {
        free(l);
        return NULL;
    }
    return l;
}

void engine_leftovers_free(struct engine_leftovers *l)
{
    if (l == NULL)
        return;
    if (l->sweep != NULL) {
        l->sweep->owner = NULL;
        (void)uv_cancel((uv_req_t *)&l->sweep->work);
    }
    timer_free(l->timer);
    free(l);
}

void engine_leftovers_start(struct engine_leftovers *l)
{
    begin(l);
}
