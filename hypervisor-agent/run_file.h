/* SPDX-License-Identifier: Apache-2.0
 *
 * Small files in a run dir, read and replaced as wholes.
 *
 * Unlike file_replace() nothing is fsynced: these files have to survive the death of processes,
 * which the page cache does, and not a crash of the machine, after which the container is gone too
 * and the run is reaped. It saves two flushes of the disk a run.
 *
 * Each is a JSON object that begins with its format. A program reads its own format only: agents
 * and shims of two versions meet when a host is upgraded under running containers.
 */
#ifndef ERRAND_HYPERVISOR_AGENT_RUN_FILE_H
#define ERRAND_HYPERVISOR_AGENT_RUN_FILE_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

struct json_t;

/* Counts up when a file's meaning changes so that an older reader would go wrong; a member that is
 * added and may be missing is no such change. */
#define RUN_FILE_FORMAT 1

/* The first member of each. */
void run_file_put_format(struct buf *b);

/* ERR_CONFLICT when the document `name` is of another format: the message says of which. */
int run_file_check_format(const struct json_t *doc, const char *name, struct err *e) MUST_USE;

/* Append <run_dir>/<name> to `b`. ERR_NOT_FOUND also when it is empty: that is what a crash of the
 * machine leaves. */
int run_file_read(const char *run_dir, const char *name, struct buf *b, struct err *e) MUST_USE;

/* Take `n` bytes of the disk for <name>.new, so that replacing <name> finds room on a disk that has
 * become full. */
int run_file_reserve(const char *run_dir, const char *name, size_t n, struct err *e) MUST_USE;

/* Write <name>.new beside it and rename. One writer at a time. */
int run_file_replace(const char *run_dir, const char *name, const void *bytes, size_t n,
                     struct err *e) MUST_USE;

#endif
