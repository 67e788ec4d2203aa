/* SPDX-License-Identifier: Apache-2.0 */
#include "adoption.h"

#include "base/file.h"
#include "base/log.h"
#include "base/parse.h"
#include "run_lock.h"
#include "run_status.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

static const char *const names[] = {
    [ADOPTION_ENDED] = "ended",
    [ADOPTION_RUNNING] = "running",
    [ADOPTION_STARTING] = "starting",
    [ADOPTION_DEAD] = "dead",
};
_Static_assert(ARRAY_LEN(names) == ADOPTION_COUNT, "a name for each");

const char *adoption_name(enum adoption what)
{
    return names[what];
}

static int find_attempt(const char *data_dir, struct id id, const char *name, adoption_fn *found,
                        void *ctx, struct err *e)
{
    int64_t attempt = 0;
    struct err problem;
    if (parse_i64(name, 1, INT32_MAX, "attempt", &attempt, NULL) < 0)
        return 0;
    struct run *run = run_new(data_dir, id, (uint32_t)attempt);
    if (run == NULL)
        return err_errno(e, ENOMEM, "adopt run");
    /* Without its note the shim was never started: the assignment will come again. */
    if (run_note_read(run, &problem) < 0) {
        log_warn("run.unadopted run=%s attempt=%s error=\"%s\"", ID_TEXT(id), name, problem.msg);
        int rc = run_dir_remove(run, e);
        run_free(run);
        return rc;
    }
    found(ctx, run);
    return 0;
}

static int find_attempts(const char *data_dir, const char *run_name, adoption_fn *found, void *ctx,
                         struct err *e)
{
    char path[PATH_MAX];
    struct id id;
    int n = snprintf(path, sizeof(path), "%s/runs/%s", data_dir, run_name);
    if (n < 0 || (size_t)n >= sizeof(path) || id_parse(run_name, strlen(run_name), &id, NULL) < 0)
        return 0;
    DIR *dir = opendir(path);
    if (dir == NULL)
        return err_errno(e, errno, "open %s", path);
    int rc = 0;
    const struct dirent *entry;
    while (rc == 0 && (entry = readdir(dir)) != NULL)
        rc = find_attempt(data_dir, id, entry->d_name, found, ctx, e);
    (void)closedir(dir);
    return rc;
}

int adoption_scan(const char *data_dir, adoption_fn *found, void *ctx, struct err *e)
{
    char path[PATH_MAX];
    int n = snprintf(path, sizeof(path), "%s/runs", data_dir);
    if (n < 0 || (size_t)n >= sizeof(path))
        return err_set(e, ERR_INVALID, "data_dir is too long");
    int rc = dir_make(path, 0700, e);
    if (rc < 0)
        return rc;
    DIR *dir = opendir(path);
    if (dir == NULL)
        return err_errno(e, errno, "open %s", path);
    const struct dirent *entry;
    while (rc == 0 && (entry = readdir(dir)) != NULL)
        rc = find_attempts(data_dir, entry->d_name, found, ctx, e);
    (void)closedir(dir);
    return rc;
}

/* The pid is the shim's for as long as the lock is held: look at it again once the process is held
 * by its descriptor. */
static bool follow(const struct launcher *launcher, struct run *run, pid_t pid,
                   shim_exit_fn *on_exit)
{
    const struct shim_process_options options = {.loop = launcher->loop,
                                                 .program = launcher->shim,
                                                 .run_dir = run->dir,
                                                 .on_exit = on_exit,
                                                 .ctx = run};
    struct err e;
    if (shim_process_adopt(&options, pid, &run->shim, &e) < 0) {
        log_debug("shim.unfollowed run=%s error=\"%s\"", ID_TEXT(run->id), e.msg);
        return false;
    }
    if (run_lock_is_held(run->dir))
        return true;
    shim_process_free(run->shim);
    run->shim = NULL;
    return false;
}

enum adoption adoption_decide(const struct launcher *launcher, struct run *run,
                              shim_exit_fn *on_exit)
{
    struct exit_record end;
    struct run_status status = {.state = RUN_STATUS_CREATED};
    bool is_alive = run_lock_is_held(run->dir) && run_status_read(run->dir, &status, NULL) == 0 &&
                    follow(launcher, run, status.pid, on_exit);
    /* Looked at last: it is the last thing a shim writes. */
    if (exit_record_read(run->dir, &end, NULL) == 0)
        return ADOPTION_ENDED;
    if (!is_alive)
        return ADOPTION_DEAD;
    return status.state == RUN_STATUS_RUNNING ? ADOPTION_RUNNING : ADOPTION_STARTING;
}
