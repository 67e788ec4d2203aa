/* SPDX-License-Identifier: Apache-2.0
 *
 * Whole files: read with a ceiling, replaced in one step, directories made and removed.
 */
#ifndef ERRAND_BASE_FILE_H
#define ERRAND_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

/* Append the whole file to `b`, whose ceiling is the limit. ERR_NOT_FOUND, ERR_LIMIT, ERR_DENIED.
 */
int file_read(const char *path, struct buf *b, struct err *e) MUST_USE;

/* Write beside it, fsync, rename over it, fsync the directory. */
int file_replace(const char *path, const void *bytes, size_t n, mode_t mode,
                 struct err *e) MUST_USE;

/* mkdir -p. Existing directories are left as they are. */
int dir_make(const char *path, mode_t mode, struct err *e) MUST_USE;

/* rm -rf without following symbolic links or crossing mounts. A missing path is success. */
int dir_remove(const char *path, struct err *e) MUST_USE;

#endif
