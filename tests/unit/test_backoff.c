/* SPDX-License-Identifier: Apache-2.0 */
#include "base/backoff.h"
#include "support/test.h"

static void test_backoff_next_ms__doubles_within_jitter_up_to_the_ceiling(void **state)
{
    (void)state;
    struct backoff b;
    backoff_init(&b, 10, 1000);
    uint32_t bound = 10;
    for (int i = 0; i < 100; i++) {
        uint32_t delay = backoff_next_ms(&b);
        assert_in_range(delay, bound / 4, bound);
        bound = bound * 2 > 1000 ? 1000 : bound * 2;
    }
    backoff_reset(&b);
    assert_in_range(backoff_next_ms(&b), 2, 10);
}

TEST_MAIN(cmocka_unit_test(test_backoff_next_ms__doubles_within_jitter_up_to_the_ceiling))
