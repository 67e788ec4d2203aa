/* SPDX-License-Identifier: Apache-2.0
 *
 * The table in docs/drivers.md says what the drivers say of themselves.
 */
#include "support/test.h"

#include "base/file.h"
#include "drivers/driver.h"

#include <string.h>

static void test_driver_abilities__are_the_documented_ones(void **state)
{
    (void)state;
    struct err e;
    char path[512];
    CLEANUP(buf_done) struct buf text;
    buf_init(&text, 1 << 20);
    assert_true(snprintf(path, sizeof(path), "%s/docs/drivers.md", getenv("ERRAND_SOURCE_DIR")) >
                0);
    ASSERT_OK(file_read(path, &text, &e), e);
    const char *table = strstr(buf_text(&text), "| | `oci` | `docker` | `process` |\n");
    assert_non_null(table);
    for (unsigned i = 0; i < DRIVER_ABILITY_COUNT; i++) {
        char row[160];
        const char *said[DRIVER_COUNT];
        for (unsigned kind = 0; kind < DRIVER_COUNT; kind++)
            said[kind] =
                (driver_of((enum driver_kind)kind)->abilities >> i & 1U) != 0 ? "yes" : "no";
        assert_true(snprintf(row, sizeof(row), "\n| %s | %s | %s | %s |\n", driver_ability_texts[i],
                             said[DRIVER_OCI], said[DRIVER_DOCKER], said[DRIVER_PROCESS]) > 0);
        if (strstr(table, row) == NULL)
            fail_msg("docs/drivers.md lacks the row%s", row);
    }
}

static void test_driver_of__has_its_name(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < DRIVER_COUNT; kind++)
        assert_string_equal(driver_of((enum driver_kind)kind)->name, driver_kind_names[kind]);
}

TEST_MAIN(cmocka_unit_test(test_driver_abilities__are_the_documented_ones),
          cmocka_unit_test(test_driver_of__has_its_name))
