/* SPDX-License-Identifier: Apache-2.0
 *
 * What a fuzzer is: libFuzzer calls it, and so does replay.c.
 */
#ifndef ERRAND_TESTS_FUZZ_H
#define ERRAND_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* Must not keep anything from one call to the next. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* A property that does not hold: stops here, in every build. */
#define FUZZ_ASSERT(holds)                                                                         \
    do {                                                                                           \
        if (!(holds))                                                                              \
            abort();                                                                               \
    } while (0)

#endif
