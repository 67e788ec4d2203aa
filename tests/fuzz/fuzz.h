/* SPDX-License-Identifier: Apache-2.0
 *
 * What a fuzzer is: libFuzzer calls it, and so does replay.c.
 */
#ifndef ERRAND_TESTS_FUZZ_H
#define ERRAND_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Must not keep anything from one call to the next. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* A property that does not hold: stops here, in every build. */
#define FUZZ_ASSERT(holds)                                                                         \
    do {                                                                                           \
        if (!(holds)) {                                                                            \
            (void)fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #holds);       \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* The same bytes as a text, up to the first NUL; free() it. */
static inline char *fuzz_text(const uint8_t *data, size_t n)
{
    char *text = malloc(n + 1);
    FUZZ_ASSERT(text != NULL);
    if (n > 0)
        memcpy(text, data, n);
    text[n] = '\0';
    return text;
}

#endif
