/* SPDX-License-Identifier: Apache-2.0
 *
 * A log entry of the HTTP interface as the bytes the container wrote.
 */
#ifndef ERRAND_SDK_LOG_LINE_H
#define ERRAND_SDK_LOG_LINE_H

#include <jansson.h>

#include <errand/log.h>

#include "buffer.h"

/* Decode {"id","ts","stream","msg"|"msg_base64","partial"?}. The line's texts are borrowed from
 * `entry`, or from `decoded`, which is filled when the bytes came as base64. ERRAND_E_INTERNAL for
 * an entry that makes no sense. */
int errand_log_line_decode(const json_t *entry, struct errand_buffer *decoded,
                           errand_log_line *ret_line, errand_error *error);

#endif
