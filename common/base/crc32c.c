/* SPDX-License-Identifier: Apache-2.0
 *
 * Every log record is summed twice on its way, so the speed of this shows in lines per second: the
 * instruction takes 8 bytes a step, the table one.
 */
#include "base/crc32c.h"

#include <string.h>

/* 0x1edc6f41 with its bits reversed */
#define POLYNOMIAL UINT32_C(0x82f63b78)

static uint32_t table[256];

/* Before main, so that threads never race for it; 256 entries cost a few microseconds. */
__attribute__((constructor)) static void table_fill(void)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t crc = i;
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ (POLYNOMIAL & (0 - (crc & 1)));
        table[i] = crc;
    }
}

uint32_t crc32c_portable(uint32_t crc, const void *bytes, size_t n)
{
    const unsigned char *p = bytes;
    crc = ~crc;
    for (size_t i = 0; i < n; i++)
        crc = (crc >> 8) ^ table[(crc ^ p[i]) & 0xff];
    return ~crc;
}

#if defined(__x86_64__)

__attribute__((target("sse4.2"))) static uint32_t crc32c_sse42(uint32_t crc, const void *bytes,
                                                               size_t n)
{
    const unsigned char *p = bytes;
    uint64_t state = ~crc;
    for (; n >= 8; n -= 8, p += 8) {
        uint64_t word;
        memcpy(&word, p, sizeof(word));
        state = __builtin_ia32_crc32di(state, word);
    }
    crc = (uint32_t)state;
    for (; n > 0; n--, p++)
        crc = __builtin_ia32_crc32qi(crc, *p);
    return ~crc;
}

uint32_t crc32c(uint32_t crc, const void *bytes, size_t n)
{
    if (__builtin_cpu_supports("sse4.2"))
        return crc32c_sse42(crc, bytes, n);
    return crc32c_portable(crc, bytes, n);
}

#else

uint32_t crc32c(uint32_t crc, const void *bytes, size_t n)
{
    return crc32c_portable(crc, bytes, n);
}

#endif
