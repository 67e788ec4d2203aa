/* SPDX-License-Identifier: Apache-2.0
 *
 * What a process and the children it has waited for have read from and written to storage, as the
 * kernel counts it for every process. Cgroup v1 counts nothing of the kind unless a limit is set.
 */
#ifndef ERRAND_DRIVERS_PROCESS_IO_H
#define ERRAND_DRIVERS_PROCESS_IO_H

#include <stdint.h>
#include <sys/types.h>

struct process_io {
    uint64_t read_bytes;
    uint64_t write_bytes;
};

/* Add the figures of `pid`, which may be a zombie; nothing when it is gone. */
void process_io_add(struct process_io *io, pid_t pid);

#endif
