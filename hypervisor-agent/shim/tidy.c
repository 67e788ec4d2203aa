/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/tidy.h"

#include "base/clock.h"
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <time.h>

#define GIVE_UP_US (20 * CLOCK_US_PER_S)
#define FIRST_WAIT_US 500
#define MAX_WAIT_US (100 * CLOCK_US_PER_MS)

int tidy_run_dir(struct err *e)
{
    DIR *dir = opendir(".");
    if (dir == NULL)
        return err_errno(e, errno, "open the run dir");
    int r = 0;
    const struct dirent *entry;
    while (r == 0 && (entry = readdir(dir)) != NULL) {
        if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
            r = dir_remove(entry->d_name, e);
    }
    (void)closedir(dir);
    return r;
}

int tidy_sandbox(const struct driver *driver, struct sandbox *sandbox,
                 const struct run_status *status, struct err *e)
{
    int64_t give_up_us = clock_mono_us() + GIVE_UP_US;
    for (int64_t wait_us = FIRST_WAIT_US;; wait_us *= 2) {
        int r = sandbox != NULL ? driver->destroy(sandbox, e) : driver->reap(status, e);
        if (r == 0 || clock_mono_us() >= give_up_us)
            return r;
        if (wait_us > MAX_WAIT_US)
            wait_us = MAX_WAIT_US;
        struct timespec wait = {.tv_nsec = wait_us * 1000};
        (void)nanosleep(&wait, NULL);
    }
}
