/* SPDX-License-Identifier: Apache-2.0
 *
 * UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
 */
#ifndef ERRAND_BASE_UTF8_H
#define ERRAND_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

bool utf8_is_valid(const char *bytes, size_t n);

/* Number of code points in valid UTF-8. */
size_t utf8_length(const char *bytes, size_t n);

/* The largest k <= n at which valid UTF-8 may be cut without splitting a code point; n itself when
 * the bytes around it are not UTF-8. */
size_t utf8_floor(const char *bytes, size_t n, size_t total);

/* Make it UTF-8: every byte that is part of no character becomes '?'. */
void utf8_repair(char *bytes, size_t n);

#endif
