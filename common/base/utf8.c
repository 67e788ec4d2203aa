/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

#include <stdint.h>
#include <string.h>

static bool is_continuation(unsigned char c)
{
    return (c & 0xc0) == 0x80;
}

/* Length of the well-formed sequence at `s`, or 0. Source: The Unicode Standard, table 3-7. */
static size_t sequence_length(const unsigned char *s, size_t n)
{
    unsigned char lead = s[0];
    if (lead < 0x80)
        return 1;
    if (lead < 0xc2 || lead > 0xf4)
        return 0;

    size_t length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (n < length)
        return 0;

    unsigned char low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    unsigned char high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (s[1] < low || s[1] > high)
        return 0;
    for (size_t i = 2; i < length; i++) {
        if (!is_continuation(s[i]))
            return 0;
    }
    return length;
}

bool utf8_is_valid(const char *bytes, size_t n)
{
    const unsigned char *s = (const unsigned char *)bytes;
    while (n > 0) {
        uint64_t word;
        if (n >= sizeof(word)) {
            memcpy(&word, s, sizeof(word));
            if ((word & UINT64_C(0x8080808080808080)) == 0) {
                s += sizeof(word);
                n -= sizeof(word);
                continue;
            }
        }
        size_t length = sequence_length(s, n);
        if (length == 0)
            return false;
        s += length;
        n -= length;
    }
    return true;
}

size_t utf8_length(const char *bytes, size_t n)
{
    size_t length = 0;
    for (size_t i = 0; i < n; i++)
        length += !is_continuation((unsigned char)bytes[i]);
    return length;
}

size_t utf8_floor(const char *bytes, size_t n, size_t total)
{
    const unsigned char *s = (const unsigned char *)bytes;
    if (n >= total || !is_continuation(s[n]))
        return n;
    for (size_t back = 1; back <= 3 && back <= n; back++) {
        size_t start = n - back;
        if (is_continuation(s[start]))
            continue;
        return sequence_length(s + start, total - start) > back ? start : n;
    }
    return n;
}

void utf8_repair(char *bytes, size_t n)
{
    while (n > 0) {
        size_t length = sequence_length((const unsigned char *)bytes, n);
        if (length == 0)
            *bytes = '?';
        length = length > 0 ? length : 1;
        bytes += length;
        n -= length;
    }
}
