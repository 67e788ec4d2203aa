/* SPDX-License-Identifier: Apache-2.0
 *
 * Labels: short texts by key, of runs, runners and hypervisors.
 */
#ifndef ERRAND_MODEL_LABEL_H
#define ERRAND_MODEL_LABEL_H

#include <stdbool.h>
#include <stddef.h>

/* 1..LIMIT_LABEL_KEY_MAX of [A-Za-z0-9] with any of [._/-] between. For `n` bytes that need not end
 * in NUL. */
bool label_key_is_valid(const char *key, size_t n);

/* UTF-8 of at most LIMIT_LABEL_VALUE_MAX code points, without NUL. */
bool label_value_is_valid(const char *value, size_t n);

#endif
