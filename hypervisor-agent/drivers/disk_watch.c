/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/disk_watch.h"

#include "drivers/disk_use.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* What others free hides what this container takes; so count now and then in any case. */
#define COUNT_AT_LEAST_EVERY_S 60

void disk_watch_init(struct disk_watch *watch)
{
    *watch = (struct disk_watch){.timer_fd = -1, .result_fd = -1};
}

static uint64_t taken_of(const char *dir)
{
    struct statvfs fs;
    if (statvfs(dir, &fs) < 0)
        return 0;
    return (uint64_t)(fs.f_blocks - fs.f_bfree) * (uint64_t)fs.f_frsize;
}

int disk_watch_start(struct disk_watch *watch, struct err *e)
{
    static const struct itimerspec every_second = {.it_interval.tv_sec = 1, .it_value.tv_sec = 1};
    if (watch->limit_bytes == 0)
        return 0;
    watch->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (watch->timer_fd < 0 || timerfd_settime(watch->timer_fd, 0, &every_second, NULL) < 0)
        return err_errno(e, errno, "watch the disk");
    watch->taken_then = taken_of(watch->dir);
    return 0;
}

static void add_unnamed(pid_t pid, void *ctx)
{
    uint64_t *bytes = ctx;
    *bytes += disk_use_of_unnamed(pid);
}

static void count(const struct disk_watch *watch, int out_fd) __attribute__((noreturn));

static void count(const struct disk_watch *watch, int out_fd)
{
    struct rlimit files;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)setpriority(PRIO_PROCESS, 0, 10);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    uint64_t enough = watch->limit_bytes + 1;
    uint64_t bytes = disk_use_of_tree(watch->dir, enough);
    if (bytes < enough)
        cgroup_each_process(watch->layout, watch->cgroup, add_unnamed, &bytes);
    ssize_t put = write(out_fd, &bytes, sizeof(bytes));
    _exit(put == (ssize_t)sizeof(bytes) ? 0 : 1);
}

static void start_counter(struct disk_watch *watch)
{
    int result[2];
    if (pipe2(result, O_CLOEXEC) < 0)
        return;
    watch->taken_then = taken_of(watch->dir);
    pid_t pid = fork();
    if (pid == 0)
        count(watch, result[1]);
    (void)close(result[1]);
    if (pid < 0) {
        (void)close(result[0]);
        return;
    }
    watch->counter = pid;
    watch->result_fd = result[0];
    watch->seconds = 0;
}

void disk_watch_tick(struct disk_watch *watch)
{
    uint64_t expirations;
    ssize_t got = read(watch->timer_fd, &expirations, sizeof(expirations));
    if (got != (ssize_t)sizeof(expirations) || watch->counter != 0)
        return;
    uint64_t taken = taken_of(watch->dir);
    uint64_t more = taken > watch->taken_then ? taken - watch->taken_then : 0;
    watch->seconds++;
    if (watch->counted + more > watch->limit_bytes || watch->seconds >= COUNT_AT_LEAST_EVERY_S)
        start_counter(watch);
}

bool disk_watch_take(struct disk_watch *watch, pid_t pid)
{
    uint64_t bytes;
    if (watch->counter == 0 || pid != watch->counter)
        return false;
    if (read(watch->result_fd, &bytes, sizeof(bytes)) == (ssize_t)sizeof(bytes)) {
        watch->counted = bytes;
        watch->is_over = watch->is_over || bytes > watch->limit_bytes;
    }
    watch->counter = 0;
    fd_closep(&watch->result_fd);
    watch->result_fd = -1;
    return true;
}

void disk_watch_stop(struct disk_watch *watch)
{
    if (watch->counter > 0)
        (void)kill(watch->counter, SIGKILL);
    fd_closep(&watch->timer_fd);
    watch->timer_fd = -1;
}

void disk_watch_done(struct disk_watch *watch)
{
    disk_watch_stop(watch);
    fd_closep(&watch->result_fd);
    disk_watch_init(watch);
}
