/* SPDX-License-Identifier: Apache-2.0
 *
 * One execution of crun or runc: started detached from us, its complaints read from a pipe.
 */
#ifndef ERRAND_DRIVERS_OCI_RUNTIME_H
#define ERRAND_DRIVERS_OCI_RUNTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "drivers/cgroup.h"

#define OCI_RUNTIME_SAID_BYTES 2048

struct oci_runtime {
    pid_t pid;      /* 0 = not started */
    int words_fd;   /* its stdout and stderr; -1 once closed */
    bool is_killed; /* by us */
    bool ended;
    int status;                        /* as waitpid gives it, once ended */
    char said[OCI_RUNTIME_SAID_BYTES]; /* the start of what it wrote */
    size_t said_n;
};

void oci_runtime_init(struct oci_runtime *runtime);

/* What to start: `program --root runtime run --detach --preserve-fds 1 --bundle . <id>` in
 * `bundle`, with `channel_fd` as the container's descriptor 3 and nothing else of ours. */
struct oci_runtime_order {
    const char *program;
    const char *bundle;
    const char *id;
    enum cgroup_layout layout;
    const char *cgroup; /* made already */
    int channel_fd;
};

/* It is killed when we die. crun runs in the control group from its first instruction and leaves
 * groups alone; runc insists on moving the container there itself. */
int oci_runtime_start(struct oci_runtime *runtime, const struct oci_runtime_order *order,
                      struct err *e) MUST_USE;

bool oci_runtime_is_crun(const char *program);

/* When words_fd is readable. Closes it at its end. */
void oci_runtime_read_words(struct oci_runtime *runtime);

/* It was reaped, with this status of waitpid: read what is left of its words. */
void oci_runtime_set_ended(struct oci_runtime *runtime, int status);

void oci_runtime_kill(struct oci_runtime *runtime);

/* KILL what a dead shim's execution for `id` is still doing, found by the environment it was given,
 * until nothing is found; a detaching crun has left its process group and its parent behind. */
void oci_runtime_kill_strays(const char *id);

/* The last line it said as UTF-8 for people, or how it ended; cut to `size`. */
void oci_runtime_complaint(const struct oci_runtime *runtime, char *text, size_t size);

/* Kills and reaps what still runs. */
void oci_runtime_done(struct oci_runtime *runtime);

#endif
