/* SPDX-License-Identifier: Apache-2.0
 *
 * The run's note is written before the directory takes the run's place, and the run is sent after:
 * an agent that is killed anywhere between leaves either a box or a run dir whose shim has no run
 * yet, which adoption.h knows.
 */
#include "warm_box.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "run_lock.h"
#include "run_status.h"
#include "shim/control.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What its shim, and then a reaper, may take to end it. */
#define END_US (60 * CLOCK_US_PER_S)

static void on_shim_exit(void *ctx);

struct warm_box *warm_box_new(const struct launcher *launcher, struct id id)
{
    struct warm_box *box = calloc(1, sizeof(*box));
    if (box == NULL)
        return NULL;
    box->launcher = launcher;
    box->id = id;
    run_spec_init(&box->spec);
    if (asprintf(&box->dir, "%s/%s", launcher->boxes_dir, ID_TEXT(id)) < 0) {
        free(box);
        return NULL;
    }
    return box;
}

void warm_box_free(struct warm_box *box)
{
    if (box == NULL)
        return;
    shim_process_free(box->shim);
    run_spec_done(&box->spec);
    free(box->dir);
    free(box);
}

static struct shim_process_options options_of(struct warm_box *box)
{
    return (struct shim_process_options){.loop = box->launcher->loop,
                                         .program = box->launcher->shim,
                                         .run_dir = box->dir,
                                         .on_exit = on_shim_exit,
                                         .ctx = box};
}

/* going */

/* With the lock, no shim that has just been started can begin any more. */
static void vanish(struct warm_box *box)
{
    CLEANUP(fd_closep) int lock_fd = -1;
    struct err e = {.code = ERR_OK};
    int rc = run_lock_take(box->dir, &lock_fd, &e);
    if (rc == 0)
        rc = dir_remove(box->dir, &e);
    if (rc < 0 && rc != ERR_NOT_FOUND)
        log_error("box.leftover box=%s error=\"%s\"", ID_TEXT(box->id), e.msg);
    box->life = WARM_BOX_GONE;
    box->on_gone(box);
}

static void reap(struct warm_box *box)
{
    const struct shim_process_options options = options_of(box);
    struct err e;
    shim_process_free(box->shim);
    box->shim = NULL;
    box->is_reaped = true;
    box->life = WARM_BOX_ENDING;
    box->until_us = clock_mono_us() + END_US;
    if (shim_process_reap(&options, &box->shim, &e) == 0)
        return;
    log_error("box.unreaped box=%s error=\"%s\"", ID_TEXT(box->id), e.msg);
    vanish(box);
}

/* A shim that has removed all it made has removed its status last. */
static bool has_left_something(const struct warm_box *box)
{
    struct run_status status;
    return run_status_read(box->dir, &status, NULL) != ERR_NOT_FOUND;
}

static void on_shim_exit(void *ctx)
{
    struct warm_box *box = ctx;
    if (box->life == WARM_BOX_MAKING)
        box->has_failed = true;
    if (!box->is_reaped && has_left_something(box)) {
        log_warn("box.died box=%s", ID_TEXT(box->id));
        reap(box);
        return;
    }
    vanish(box);
}

void warm_box_end(struct warm_box *box)
{
    if (box->life == WARM_BOX_ENDING || box->life == WARM_BOX_GONE)
        return;
    box->life = WARM_BOX_ENDING;
    box->until_us = clock_mono_us() + END_US;
    shim_process_order(box->shim, "kill");
}

void warm_box_inherit(struct warm_box *box)
{
    const struct shim_process_options options = options_of(box);
    struct run_status status;
    shim_process_free(box->shim);
    box->shim = NULL;
    box->life = WARM_BOX_MAKING;
    bool is_alive = run_lock_is_held(box->dir) && run_status_read(box->dir, &status, NULL) == 0 &&
                    shim_process_adopt(&options, status.pid, &box->shim, NULL) == 0;
    if (is_alive && run_lock_is_held(box->dir)) {
        warm_box_end(box);
    } else if (run_lock_is_held(box->dir)) {
        box->life = WARM_BOX_ENDING;
        box->until_us = clock_mono_us() + CLOCK_US_PER_S;
    } else if (has_left_something(box)) {
        reap(box);
    } else {
        vanish(box);
    }
}

/* coming */

int warm_box_start(struct warm_box *box, struct err *e)
{
    CLEANUP(buf_done) struct buf text;
    const struct shim_process_options options = options_of(box);
    buf_init(&text, RUN_SPEC_MAX_BYTES);
    box->life = WARM_BOX_MAKING;
    int rc = run_spec_encode(&box->spec, &text, e);
    if (rc == 0)
        rc = dir_make(box->dir, 0700, e);
    if (rc == 0)
        rc = shim_process_start(&options, &text, &box->shim, e);
    if (rc < 0) {
        box->life = WARM_BOX_GONE;
        (void)rmdir(box->dir);
    }
    return rc;
}

/* giving */

/* rename() needs the directory of the run's attempts. */
static int make_parent(const struct run *run, struct err *e)
{
    CLEANUP(freep) char *parent = strdup(run->dir);
    if (parent == NULL)
        return err_errno(e, ENOMEM, "make %s", run->dir);
    *strrchr(parent, '/') = '\0';
    return dir_make(parent, 0700, e);
}

/* The box has its run's place from the first to the second rename. */
static int move_and_send(const struct warm_box *box, const struct run *run, int spec_fd,
                         struct err *e)
{
    int rc = run_note_write(run, box->dir, e);
    if (rc == 0)
        rc = make_parent(run, e);
    if (rc < 0)
        return rc;
    if (rename(box->dir, run->dir) < 0)
        return err_errno(e, errno, "move %s", box->dir);
    rc = control_send_run(run->dir, spec_fd, e);
    if (rc < 0 && rename(run->dir, box->dir) < 0)
        log_error("box.leftover box=%s error=\"%s\"", ID_TEXT(box->id), strerror(errno));
    return rc;
}

static int spec_file(const struct run_spec *spec, int *ret_fd, struct err *e)
{
    struct buf text;
    buf_init(&text, RUN_SPEC_MAX_BYTES);
    int rc = run_spec_encode(spec, &text, e);
    if (rc == 0)
        rc = shim_process_spec_file(&text, ret_fd, e);
    if (text.data != NULL)
        explicit_bzero(text.data, text.cap);
    buf_done(&text);
    return rc;
}

int warm_box_give(struct warm_box *box, struct run *run, const struct run_spec *spec,
                  shim_exit_fn *on_exit, struct err *e)
{
    CLEANUP(fd_closep) int spec_fd = -1;
    CLEANUP(freep) char *run_dir = strdup(run->dir);
    if (run_dir == NULL)
        return err_errno(e, ENOMEM, "give box %s away", ID_TEXT(box->id));
    int rc = spec_file(spec, &spec_fd, e);
    if (rc < 0)
        return rc;
    run_box_name(box->id, RUN_SPEC_BOX, run->box);
    rc = move_and_send(box, run, spec_fd, e);
    if (rc < 0) {
        run->box[0] = '\0';
        return rc;
    }
    shim_process_pass(box->shim, TAKE_PTR(run_dir), on_exit, run);
    run->shim = TAKE_PTR(box->shim);
    box->life = WARM_BOX_GONE;
    return 0;
}
