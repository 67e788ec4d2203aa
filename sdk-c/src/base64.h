/* SPDX-License-Identifier: Apache-2.0
 *
 * Standard base64 (RFC 4648, section 4) to bytes.
 */
#ifndef ERRAND_SDK_BASE64_H
#define ERRAND_SDK_BASE64_H

#include <stddef.h>

/* Decode in place; a NUL follows the bytes, where text[n] was at the latest. -1 for anything that
 * is not complete, padded base64. */
int errand_base64_decode(char *text, size_t n, size_t *ret_n);

#endif
