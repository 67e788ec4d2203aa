/* SPDX-License-Identifier: Apache-2.0
 *
 * Files that hold keys: read only when nobody else may read them, created in one step and never
 * overwritten.
 */
#ifndef ERRAND_AUTH_KEY_FILE_H
#define ERRAND_AUTH_KEY_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "auth/secret.h"
#include "base/err.h"

/* The whole file, at most `max` bytes.
 * Out:     ret_content  owned, free with secret_free
 * Errors:  ERR_NOT_FOUND
 *          ERR_DENIED   group or others have a right on it, or it belongs to another user
 *          ERR_LIMIT    larger than `max`
 *          ERR_INVALID  not a regular file */
int key_file_read(const char *path, size_t max, struct secret **ret_content,
                  struct err *e) MUST_USE;

/* Write a new file, mode 0600, complete or not at all. `*ret_created` is false, and nothing is
 * written, when it exists already. */
int key_file_create(const char *path, const void *bytes, size_t n, bool *ret_created,
                    struct err *e) MUST_USE;

#endif
