/* SPDX-License-Identifier: Apache-2.0
 *
 * One file of a control group: CGROUP_ROOT/<tree><path>/<file>. `tree` is a v1 controller's, or ""
 * on v2; `path` starts with a slash.
 */
#ifndef ERRAND_DRIVERS_CGROUP_FILE_H
#define ERRAND_DRIVERS_CGROUP_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Close-on-exec; -1 with errno. */
int cgroup_file_open(const char *tree, const char *path, const char *file, int flags);

/* False with errno when it is not there or refuses the text. */
bool cgroup_file_write(const char *tree, const char *path, const char *file, const char *text);

/* The same, for what must not be left out. */
int cgroup_file_set(const char *tree, const char *path, const char *file, const char *text,
                    struct err *e) MUST_USE;
int cgroup_file_set_number(const char *tree, const char *path, const char *file, uint64_t value,
                           struct err *e) MUST_USE;

/* The file as text, cut at `size`; "" when it cannot be read. Returns `text`. */
const char *cgroup_file_read(const char *tree, const char *path, const char *file, char *text,
                             size_t size);

#endif
