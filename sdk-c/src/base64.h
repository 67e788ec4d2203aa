/* SPDX-License-Identifier: Apache-2.0
 *
 * Standard base64 (RFC 4648, section 4) to bytes.
 */
#ifndef ERRAND_SDK_BASE64_H
#define ERRAND_SDK_BASE64_H

#include "buffer.h"

/* Append the bytes to `out`. -1 for anything that is not complete, padded base64, or when `out`
 * refuses. */
int errand_base64_decode(const char *text, size_t n, struct errand_buffer *out);

#endif
