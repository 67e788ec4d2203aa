/* SPDX-License-Identifier: Apache-2.0 */
#include "model/label.h"

#include "base/utf8.h"
#include "model/limits.h"

#include <string.h>

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool label_key_is_valid(const char *key, size_t n)
{
    if (n == 0 || n > LIMIT_LABEL_KEY_MAX)
        return false;
    for (size_t i = 0; i < n; i++) {
        bool is_between = i > 0 && i + 1 < n && memchr("._/-", key[i], 4) != NULL;
        if (!is_alnum(key[i]) && !is_between)
            return false;
    }
    return true;
}

bool label_value_is_valid(const char *value, size_t n)
{
    return memchr(value, '\0', n) == NULL && utf8_is_valid(value, n) &&
           utf8_length(value, n) <= LIMIT_LABEL_VALUE_MAX;
}
