/* SPDX-License-Identifier: Apache-2.0 */
#include "base/id.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"

#define SEQUENCE_BITS 12

static void fill_random(uint8_t *bytes, size_t n)
{
    while (n > 0) {
        ssize_t got = getrandom(bytes, n, 0);
        assert(got > 0 || errno == EINTR);
        if (got > 0) {
            bytes += got;
            n -= (size_t)got;
        }
    }
}

/* Milliseconds and a 12-bit sequence as one number that only grows; a full sequence borrows from
 * the next millisecond. */
static uint64_t next_tick(uint16_t random_start)
{
    static _Thread_local uint64_t last;

    uint64_t now = (uint64_t)(clock_now_us() / CLOCK_US_PER_MS) << SEQUENCE_BITS;
    uint64_t tick = now | (random_start & 0x7ff);
    if (tick <= last)
        tick = last + 1;
    last = tick;
    return tick;
}

struct id id_new(void)
{
    struct id id;
    fill_random(id.bytes, sizeof(id.bytes));

    uint64_t tick = next_tick((uint16_t)(id.bytes[6] << 8 | id.bytes[7]));
    uint64_t ms = tick >> SEQUENCE_BITS;
    for (int i = 0; i < 6; i++)
        id.bytes[i] = (uint8_t)(ms >> (40 - 8 * i));
    id.bytes[6] = (uint8_t)(0x70 | ((tick >> 8) & 0x0f));
    id.bytes[7] = (uint8_t)tick;
    id.bytes[8] = (uint8_t)(0x80 | (id.bytes[8] & 0x3f));
    return id;
}

char *id_format(struct id id, char *text)
{
    static const char digits[] = "0123456789abcdef";
    char *out = text;
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *out++ = '-';
        *out++ = digits[id.bytes[i] >> 4];
        *out++ = digits[id.bytes[i] & 15];
    }
    *out = '\0';
    return text;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static bool parse_text(const char *text, struct id *ret_id)
{
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            if (*text++ != '-')
                return false;
        }
        int high = hex_value(text[0]);
        int low = high < 0 ? -1 : hex_value(text[1]);
        if (low < 0)
            return false;
        ret_id->bytes[i] = (uint8_t)(high << 4 | low);
        text += 2;
    }
    return true;
}

int id_parse(const char *text, size_t n, struct id *ret_id, struct err *e)
{
    struct id id;
    if (n != ID_TEXT_BYTES - 1 || !parse_text(text, &id))
        return err_set(e, ERR_INVALID, "'%.*s' is not a UUID", (int)(n < 40 ? n : 40), text);
    *ret_id = id;
    return 0;
}

bool id_equal(struct id a, struct id b)
{
    return memcmp(a.bytes, b.bytes, sizeof(a.bytes)) == 0;
}

bool id_is_nil(struct id id)
{
    static const struct id nil;
    return id_equal(id, nil);
}
