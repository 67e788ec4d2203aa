/* SPDX-License-Identifier: Apache-2.0
 *
 * errand-shim: runs one container for one run and outlives the agent that started it.
 */
#include "base/clock.h"
#include "base/log.h"
#include "drivers/driver.h"
#include "run_lock.h"
#include "run_spec.h"
#include "shim/reap.h"
#include "shim/shim.h"
#include "shim/spec_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define EXIT_USAGE 2

static const char usage[] =
    "usage: errand-shim RUN_DIR < SPEC.json    run one attempt\n"
    "       errand-shim --reap RUN_DIR         clear up after a shim that died\n"
    "       errand-shim --help | --version\n"
    "Started by errand-agent; see hypervisor-agent/run_spec.h.\n";

/* Nothing of the agent's stays open but stderr, and no terminal or directory of its is held. */
static int detach(const char *run_dir, struct err *e)
{
    (void)setsid();
    (void)close_range(STDERR_FILENO + 1, ~0U, 0);
    (void)umask(022);
    if (chdir(run_dir) < 0)
        return err_errno(e, errno, "enter %s", run_dir);
    return 0;
}

static int close_stdin(struct err *e)
{
    CLEANUP(fd_closep) int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (fd < 0 || dup2(fd, STDIN_FILENO) < 0 || dup2(fd, STDOUT_FILENO) < 0)
        return err_errno(e, errno, "open /dev/null");
    return 0;
}

static int run(const char *run_dir, struct err *e)
{
    CLEANUP(run_spec_done) struct run_spec spec;
    CLEANUP(fd_closep) int lock_fd = -1;
    run_spec_init(&spec);
    int r = detach(run_dir, e);
    if (r == 0)
        r = run_lock_take(".", &lock_fd, e);
    if (r == 0)
        r = spec_file_read(STDIN_FILENO, &spec, e);
    if (r == 0)
        r = close_stdin(e);
    if (r == 0)
        r = shim_run(&spec, driver_of(spec.driver), e);
    return r;
}

static int reap(const char *run_dir, struct err *e)
{
    CLEANUP(fd_closep) int lock_fd = -1;
    int r = detach(run_dir, e);
    if (r == 0)
        r = run_lock_wait(".", &lock_fd, e);
    if (r == 0)
        r = reap_run(run_dir, e);
    return r;
}

int main(int argc, char **argv)
{
    struct err e = {.code = ERR_OK};
    int r;
    log_init("errand-shim", LOG_LEVEL_INFO);
    if (argc == 2 && strcmp(argv[1], "--help") == 0)
        return fputs(usage, stdout) < 0;
    if (argc == 2 && strcmp(argv[1], "--version") == 0)
        return puts("errand-shim " ERRAND_VERSION_TEXT) < 0;
    if (argc == 3 && strcmp(argv[1], "--reap") == 0) {
        r = reap(argv[2], &e);
    } else if (argc == 2 && argv[1][0] != '-') {
        r = run(argv[1], &e);
    } else {
        (void)fputs(usage, stderr);
        return EXIT_USAGE;
    }
    if (r < 0)
        log_error("shim.failed run_dir=%s error=\"%s\"", argv[argc - 1], e.msg);
    return r < 0;
}
