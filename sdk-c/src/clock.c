/* SPDX-License-Identifier: Apache-2.0
 *
 * The monotonic clock, the kernel's randomness, and poll().
 */
#include "clock.h"

#include "cancel.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int64_t errand_clock_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void random_bytes(void *bytes, size_t n)
{
    /* Only asked for a few bytes, which getentropy() gives on every system that has it; should it
     * be missing, the clock and the address keep two clients apart. */
    if (getentropy(bytes, n) < 0) {
        struct timespec now;

        memset(bytes, 0, n);
        (void)clock_gettime(CLOCK_REALTIME, &now);
        memcpy(bytes, &now.tv_nsec, n < sizeof(now.tv_nsec) ? n : sizeof(now.tv_nsec));
    }
}

unsigned errand_random_below(unsigned bound)
{
    unsigned value;

    if (bound == 0)
        return 0;
    random_bytes(&value, sizeof(value));
    return value % bound;
}

int errand_sleep(unsigned delay_ms, const errand_canceler *canceler)
{
    struct pollfd waiting = {errand_canceler_fd(canceler), POLLIN, 0};
    int64_t end_ms = errand_clock_ms() + delay_ms;

    for (;;) {
        int64_t left_ms = end_ms - errand_clock_ms();
        int r;

        if (left_ms < 0)
            left_ms = 0;
        r = poll(&waiting, 1, left_ms > INT_MAX ? INT_MAX : (int)left_ms);
        if (r > 0)
            return 1;
        if (left_ms == 0 || (r < 0 && errno != EINTR))
            return 0;
    }
}

void errand_key_make(char ret_key[ERRAND_KEY_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[(ERRAND_KEY_BYTES - 1) / 2];
    size_t i;

    random_bytes(bytes, sizeof(bytes));
    for (i = 0; i < sizeof(bytes); i++) {
        ret_key[2 * i] = digits[bytes[i] >> 4];
        ret_key[2 * i + 1] = digits[bytes[i] & 0xf];
    }
    ret_key[ERRAND_KEY_BYTES - 1] = '\0';
}
