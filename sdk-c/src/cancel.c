/* SPDX-License-Identifier: Apache-2.0
 *
 * A canceler is a pipe nobody empties: writing to it is allowed in a signal handler and in any
 * thread, and every poll() from then on sees it readable.
 */
#include "cancel.h"

#include "failure.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct errand_canceler {
    int read_fd;
    int write_fd;
};

int errand_canceler_new(errand_canceler **ret_canceler, errand_error *error)
{
    errand_canceler *canceler = malloc(sizeof(*canceler));
    int fds[2];

    if (canceler == NULL)
        return errand_fail(error, ERRAND_E_INTERNAL, ERRAND_OUT_OF_MEMORY);
    if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0) {
        int errnum = errno;

        free(canceler);
        return errand_fail(error, ERRAND_E_INTERNAL, "open a pipe: %s", strerror(errnum));
    }
    canceler->read_fd = fds[0];
    canceler->write_fd = fds[1];
    *ret_canceler = canceler;
    return 0;
}

void errand_canceler_free(errand_canceler *canceler)
{
    if (canceler == NULL)
        return;
    (void)close(canceler->read_fd);
    (void)close(canceler->write_fd);
    free(canceler);
}

void errand_canceler_cancel(errand_canceler *canceler)
{
    int errnum = errno;
    /* A full pipe is as good as a written one. */
    ssize_t written = write(canceler->write_fd, "x", 1);

    (void)written;
    errno = errnum;
}

int errand_canceler_fd(const errand_canceler *canceler)
{
    return canceler == NULL ? -1 : canceler->read_fd;
}

int errand_canceler_is_used(const errand_canceler *canceler)
{
    struct pollfd waiting = {errand_canceler_fd(canceler), POLLIN, 0};

    return poll(&waiting, 1, 0) > 0;
}
