/* SPDX-License-Identifier: Apache-2.0 */
#include "adoption.h"

#include "base/file.h"
#include "base/log.h"
#include "base/parse.h"
#include "run_lock.h"
#include "run_status.h"
#include "shim/spool_segment.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

/* While a shim that has the lock writes its status: five seconds. */
#define STATUS_RETRY_NS 2000000
#define STATUS_RETRIES 2500

/* While a box takes what it was sent: a fifth of a second. */
#define UNTOLD_RETRIES 100

static const char *const names[] = {
    [ADOPTION_ENDED] = "ended", [ADOPTION_RUNNING] = "running", [ADOPTION_STARTING] = "starting",
    [ADOPTION_DEAD] = "dead",   [ADOPTION_UNBEGUN] = "unbegun", [ADOPTION_FOREIGN] = "foreign",
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
    int rc = run_note_read(run, &problem);
    if (rc == 0)
        return found(ctx, run, e);
    if (rc == ERR_CONFLICT) {
        rc = err_set(e, rc, "run %s: %s", ID_TEXT(id), problem.msg);
    } else {
        log_warn("run.unadopted run=%s attempt=%s error=\"%s\"", ID_TEXT(id), name, problem.msg);
        rc = run_dir_remove(run, e);
    }
    run_free(run);
    return rc;
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

/* A shim takes its lock first and writes its status next. */
static int read_status(const struct run *run, struct run_status *ret_status, struct err *e)
{
    static const struct timespec pause = {.tv_nsec = STATUS_RETRY_NS};
    int rc = run_status_read(run->dir, ret_status, e);
    for (int i = 0; rc == ERR_NOT_FOUND && i < STATUS_RETRIES && run_lock_is_held(run->dir); i++) {
        (void)nanosleep(&pause, NULL);
        rc = run_status_read(run->dir, ret_status, e);
    }
    return rc;
}

/* Lines that were not shipped yet are what a crash of the machine may leave without a status. */
static bool has_lines(const struct run *run)
{
    char path[PATH_MAX];
    char name[SPOOL_SEGMENT_NAME_BYTES];
    struct stat st;
    uint64_t first;
    uint64_t last;
    if (spool_segment_bounds(run->dir, &first, &last, NULL) < 0)
        return false;
    spool_segment_name(last, name);
    int n = snprintf(path, sizeof(path), "%s/%s", run->dir, name);
    return last > 1 || (n > 0 && (size_t)n < sizeof(path) && stat(path, &st) == 0 &&
                        st.st_size > SPOOL_SEGMENT_HEADER_BYTES);
}

/* The agent died between making the dir and the shim's first step. Under the lock no shim can begin
 * any more; the assignment comes again. */
static bool remove_unbegun(const struct run *run)
{
    struct run_status status;
    struct exit_record end;
    struct err e;
    CLEANUP(fd_closep) int lock_fd = -1;
    if (run_lock_take(run->dir, &lock_fd, NULL) < 0 ||
        run_status_read(run->dir, &status, NULL) != ERR_NOT_FOUND ||
        exit_record_read(run->dir, &end, NULL) != ERR_NOT_FOUND || has_lines(run))
        return false;
    if (run_dir_remove(run, &e) == 0)
        return true;
    log_error("run.leftover run=%s attempt=%u error=\"%s\"", ID_TEXT(run->id), run->attempt, e.msg);
    return false;
}

static void pause_shortly(void)
{
    static const struct timespec pause = {.tv_nsec = STATUS_RETRY_NS};
    (void)nanosleep(&pause, NULL);
}

static bool is_untold(const struct run *run, struct run_status *ret_status)
{
    return run_status_read(run->dir, ret_status, NULL) == 0 && ret_status->attempt == RUN_SPEC_BOX;
}

static void kill_shim(const struct run *run, pid_t pid)
{
    CLEANUP(fd_closep) int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (pidfd < 0 || !run_lock_is_held(run->dir))
        return;
    (void)syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
    for (int i = 0; i < STATUS_RETRIES && run_lock_is_held(run->dir); i++)
        pause_shortly();
}

/* The agent died between moving a box to the run's place and telling it of the run; or told it just
 * now. What stays untold becomes a box again, which the pool removes; the assignment comes again.
 */
static bool remove_untold(const struct launcher *launcher, const struct run *run)
{
    struct run_status status;
    char path[PATH_MAX];
    for (int i = 0; i < UNTOLD_RETRIES && is_untold(run, &status); i++)
        pause_shortly();
    if (!is_untold(run, &status))
        return false;
    kill_shim(run, status.pid);
    int n = snprintf(path, sizeof(path), "%s/%s", launcher->boxes_dir, ID_TEXT(status.run));
    if (!is_untold(run, &status) || n < 0 || (size_t)n >= sizeof(path) ||
        dir_make(launcher->boxes_dir, 0700, NULL) < 0 || rename(run->dir, path) < 0)
        return false;
    IGNORE(run_dir_remove(run, NULL)); /* what is left of it: the directory above */
    return true;
}

enum adoption adoption_decide(const struct launcher *launcher, struct run *run,
                              shim_exit_fn *on_exit, struct err *e)
{
    struct exit_record end;
    struct run_status status = {.state = RUN_STATUS_CREATED};
    if (remove_unbegun(run) || remove_untold(launcher, run))
        return ADOPTION_UNBEGUN;
    int rc = read_status(run, &status, e);
    if (rc == ERR_CONFLICT)
        return ADOPTION_FOREIGN;
    bool is_alive =
        rc == 0 && run_lock_is_held(run->dir) && follow(launcher, run, status.pid, on_exit);
    run->ends_by_us = status.ends_by_us;
    /* Looked at last: it is the last thing a shim writes. */
    rc = exit_record_read(run->dir, &end, e);
    if (rc == ERR_CONFLICT)
        return ADOPTION_FOREIGN;
    if (rc == 0)
        return ADOPTION_ENDED;
    if (!is_alive)
        return ADOPTION_DEAD;
    return status.state == RUN_STATUS_RUNNING ? ADOPTION_RUNNING : ADOPTION_STARTING;
}
