/* SPDX-License-Identifier: Apache-2.0
 *
 * log_writer N [EVERY_US]: N lines of 80 bytes to stdout, as fast as they are taken, or one each
 * EVERY_US. A line has its number and the time it was written at, in microseconds:
 *
 *   0000000001 1766000000123456 cache hit worker user ...
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE_BYTES 80
#define HEAD_BYTES 28
#define VARIANTS 4096
#define LINES_A_WRITE 800

static char variants[VARIANTS][LINE_BYTES];

/* So that packing them is no easier than packing real ones. */
static void make_variants(void)
{
    static const char *const words[] = {"GET",  "POST", "/v1/runs", "ok",    "failed", "user",
                                        "42ms", "miss", "hit",      "INFO",  "WARN",   "retry",
                                        "wait", "open", "queue",    "worker"};
    uint32_t random = 7;
    for (size_t i = 0; i < VARIANTS; i++) {
        size_t n = HEAD_BYTES;
        while (n < LINE_BYTES - 1) {
            random = random * 1664525 + 1013904223;
            const char *word = words[random >> 28];
            for (; *word != '\0' && n < LINE_BYTES - 1; word++)
                variants[i][n++] = *word;
            if (n < LINE_BYTES - 1)
                variants[i][n++] = ' ';
        }
        variants[i][n] = '\n';
    }
}

static void put_number(char *at, size_t digits, uint64_t value)
{
    for (size_t i = digits; i > 0; i--, value /= 10)
        at[i - 1] = (char)('0' + value % 10);
    at[digits] = ' ';
}

static int write_all(const char *at, size_t n)
{
    while (n > 0) {
        ssize_t put = write(STDOUT_FILENO, at, n);
        if (put <= 0)
            return -1;
        at += put;
        n -= (size_t)put;
    }
    return 0;
}

static int write_lines(uint64_t first, size_t n)
{
    static char out[LINES_A_WRITE * LINE_BYTES];
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    uint64_t now_us = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
    for (size_t i = 0; i < n; i++) {
        char *line = out + i * LINE_BYTES;
        memcpy(line, variants[(first + i) % VARIANTS], LINE_BYTES);
        put_number(line, 10, first + i);
        put_number(line + 11, 16, now_us);
    }
    return write_all(out, n * LINE_BYTES);
}

int main(int argc, char **argv)
{
    uint64_t total = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
    long every_us = argc > 2 ? strtol(argv[2], NULL, 10) : 0; /* lint: allow */
    size_t at_once = every_us > 0 ? 1 : LINES_A_WRITE;
    make_variants();
    for (uint64_t done = 0; done < total;) {
        size_t n = total - done < at_once ? (size_t)(total - done) : at_once;
        if (write_lines(done + 1, n) < 0)
            return 1;
        done += n;
        struct timespec pause = {.tv_sec = every_us / 1000000,
                                 .tv_nsec = every_us % 1000000 * 1000};
        if (every_us > 0)
            (void)nanosleep(&pause, NULL);
    }
    return total == 0;
}
