/* SPDX-License-Identifier: Apache-2.0
 *
 * Where requests go: the base address once, a path for every call.
 */
#ifndef ERRAND_SDK_URL_H
#define ERRAND_SDK_URL_H

#include <stdint.h>

#include <errand/allocator.h>
#include <errand/error.h>

#include "buffer.h"

#define ERRAND_PATH_LIMIT 8192

/* Check a base address and give a copy without slashes at its end: "http://host:8080/below".
 * Released to the allocator. */
int errand_url_base(const char *url, const errand_allocator *allocator, char **ret_base,
                    errand_error *error);

/* Append `pattern` to an initialised buffer, each "{}" replaced by the next text as one
 * percent-encoded path segment: errand_path_add(&path, &error, "/v1/runs/{}/stop", id).
 * A missing, empty or dotted segment is ERRAND_E_INVALID: it would name another resource. */
int errand_path_add(struct errand_buffer *path, errand_error *error, const char *pattern, ...);

/* Append "?name=value" or "&name=value". */
void errand_path_add_query(struct errand_buffer *path, const char *name, int64_t value);
/* The same with a text, percent-encoded; NULL adds nothing. */
void errand_path_add_query_text(struct errand_buffer *path, const char *name, const char *value);

#endif
