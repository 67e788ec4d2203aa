/* SPDX-License-Identifier: Apache-2.0
 *
 * DIR/env: NAME=value lines a shell can read too, written by `errand up`, 0600.
 */
#ifndef ERRAND_CLI_ENV_FILE_H
#define ERRAND_CLI_ENV_FILE_H

#include <stddef.h>
#include <sys/types.h>

#define ENV_LINES_MAX 256

struct env_file {
    char *lines[ENV_LINES_MAX]; /* owned, as in the file, without their ends */
    size_t n;
};

/* A missing file is an empty one. 0, or -1 with errno, EFBIG for more than ENV_LINES_MAX lines.
 * Free with env_file_done, also after a failure. */
int env_file_read(const char *path, struct env_file *ret_file);
void env_file_done(struct env_file *file);

/* The value of the last NAME=value line, as it stands there; NULL when there is none. Borrowed from
 * the file until it is changed. */
const char *env_file_get(const struct env_file *file, const char *name);

/* Replace the line of `name`, or append one. `value` holds no quotes and no blanks. 0 or -1. */
int env_file_set(struct env_file *file, const char *name, const char *value);

/* Replace the file in one step, 0600, owned by `owner` when that is not -1. 0, or -1 with errno. */
int env_file_write(const struct env_file *file, const char *path, uid_t owner, gid_t group);

#endif
