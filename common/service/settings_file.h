/* SPDX-License-Identifier: Apache-2.0
 *
 * The configuration file: lines `name = value`, blank lines, and comments that start with `#`.
 * Space around name and value does not count; a value goes on to the end of its line.
 */
#ifndef ERRAND_SERVICE_SETTINGS_FILE_H
#define ERRAND_SERVICE_SETTINGS_FILE_H

#include "base/err.h"

#define SETTINGS_FILE_MAX_BYTES (64 * 1024)

/* One line of the file; `where` is "path:line". Not zero ends the reading with that result. */
typedef int settings_line_fn(void *ctx, const char *name, const char *value, const char *where,
                             struct err *e);

/* Errors: ERR_NOT_FOUND, ERR_DENIED, ERR_LIMIT, ERR_INVALID for a line of another form, and
 * whatever `on_line` returns. */
int settings_file_read(const char *path, settings_line_fn *on_line, void *ctx,
                       struct err *e) MUST_USE;

#endif
