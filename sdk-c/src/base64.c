/* SPDX-License-Identifier: Apache-2.0
 *
 * Four characters at a time; padding is allowed in the last four only.
 */
#include "base64.h"

#include <string.h>

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+')
        return 62;
    return c == '/' ? 63 : -1;
}

int errand_base64_decode(const char *text, size_t n, struct errand_buffer *out)
{
    size_t i;
    size_t k;

    if (n % 4 != 0)
        return -1;
    for (i = 0; i < n; i += 4) {
        size_t padding = 0;
        unsigned long group = 0;
        unsigned char bytes[3];

        if (i + 4 == n && text[n - 1] == '=')
            padding = text[n - 2] == '=' ? 2 : 1;
        for (k = 0; k < 4; k++) {
            int value = k < 4 - padding ? base64_value(text[i + k]) : 0;

            if (value < 0)
                return -1;
            group = group << 6 | (unsigned long)value;
        }
        bytes[0] = (unsigned char)(group >> 16);
        bytes[1] = (unsigned char)(group >> 8 & 0xff);
        bytes[2] = (unsigned char)(group & 0xff);
        if (errand_buffer_add(out, bytes, 3 - padding) < 0)
            return -1;
    }
    return 0;
}
