/* SPDX-License-Identifier: Apache-2.0
 *
 * The masker alone: lines of 80 bytes through it in reads of 64 KiB, with so many secrets, beside a
 * plain copy of the same bytes. Prints JSON rows.
 */
#include "shim/masker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LINE_BYTES 80
#define TEXT_BYTES (MASKER_READ_BYTES / LINE_BYTES * LINE_BYTES)
#define ROUNDS 4000

static char text[TEXT_BYTES];
static size_t taken;

static double now_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void emit(void *sink, const char *bytes, size_t n)
{
    memcpy(sink, bytes, n);
    taken += n;
}

static void make_text(void)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789 /:.=-_ETAOINSHRDLU";
    unsigned random = 7;
    for (size_t i = 0; i < TEXT_BYTES; i++) {
        random = random * 1664525 + 1013904223;
        text[i] = i % LINE_BYTES == LINE_BYTES - 1 ? '\n'
                                                   : letters[(random >> 8) % (sizeof(letters) - 1)];
    }
}

static double copy_lines_s(char *sink)
{
    double from = now_s();
    for (int i = 0; i < ROUNDS; i++)
        emit(sink, text, TEXT_BYTES);
    return (double)TEXT_BYTES / LINE_BYTES * ROUNDS / (now_s() - from);
}

/* Tokens of 40 letters, or 0 on failure. */
static double mask_lines_s(size_t secrets, char *sink)
{
    struct err e;
    struct masker masker;
    unsigned random = 11;
    struct secret_set *set = secret_set_new();
    for (size_t i = 0; i < secrets; i++) {
        char value[41];
        for (size_t j = 0; j < sizeof(value) - 1; j++) {
            random = random * 1664525 + 1013904223;
            value[j] = (char)('a' + (random >> 8) % 26);
        }
        if (set == NULL || secret_set_add(set, value, sizeof(value) - 1, &e) < 0)
            return 0;
    }
    if (secret_set_prepare(set, &e) < 0 || masker_init(&masker, set, emit, sink, &e) < 0)
        return 0;
    double from = now_s();
    for (int i = 0; i < ROUNDS; i++) {
        size_t room;
        memcpy(masker_room(&masker, &room), text, TEXT_BYTES);
        masker_take(&masker, TEXT_BYTES);
    }
    double lines_s = (double)TEXT_BYTES / LINE_BYTES * ROUNDS / (now_s() - from);
    masker_done(&masker);
    secret_set_free(set);
    return lines_s;
}

int main(void)
{
    static char sink[2 * TEXT_BYTES];
    static const size_t numbers[] = {1, 20, 200};
    make_text();
    double copied = copy_lines_s(sink);
    (void)printf("[");
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        double masked = mask_lines_s(numbers[i], sink);
        if (masked <= 0)
            return 1;
        (void)printf("%s\n  {\"subject\":\"masker, %zu secrets\",\"metric\":\"lines of 80 bytes\","
                     "\"value\":%.0f,\"unit\":\"lines/s\",\"n\":%zu,\"spread\":0,"
                     "\"ratio_to\":{\"memcpy\":%.3f}}",
                     i == 0 ? "" : ",", numbers[i], masked,
                     (size_t)ROUNDS * TEXT_BYTES / LINE_BYTES, masked / copied);
    }
    (void)printf("\n]\n");
    return taken == 0;
}
