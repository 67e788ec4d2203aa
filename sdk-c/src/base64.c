/* SPDX-License-Identifier: Apache-2.0
 *
 * Four characters at a time; padding is allowed in the last four only.
 */
#include "base64.h"

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

int errand_base64_decode(char *text, size_t n, size_t *ret_n)
{
    size_t used = 0;
    size_t i;
    size_t k;

    if (n % 4 != 0)
        return -1;
    for (i = 0; i < n; i += 4) {
        size_t padding = 0;
        unsigned long group = 0;

        if (i + 4 == n && text[n - 1] == '=')
            padding = text[n - 2] == '=' ? 2 : 1;
        for (k = 0; k < 4; k++) {
            int value = k < 4 - padding ? base64_value(text[i + k]) : 0;

            if (value < 0)
                return -1;
            group = group << 6 | (unsigned long)value;
        }
        text[used] = (char)(group >> 16);
        text[used + 1] = (char)(group >> 8 & 0xff);
        text[used + 2] = (char)(group & 0xff);
        used += 3 - padding;
    }
    text[used] = '\0';
    *ret_n = used;
    return 0;
}
