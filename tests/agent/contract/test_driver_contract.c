/* SPDX-License-Identifier: Apache-2.0
 *
 * The contract as one program; contract.h. An argument chooses rows: "test_contract__stop*".
 */
#include "agent/contract/contract.h"

#define ROWS_MAX 80

static size_t add_rows(struct CMUnitTest *tests, size_t n, const struct contract_row *rows)
{
    uint32_t abilities = driver_of(shim_driver())->abilities;
    for (const struct contract_row *row = rows; row->test.test_func != NULL; row++) {
        if ((row->needs & ~abilities) != 0)
            continue;
        assert_true(n < ROWS_MAX);
        tests[n++] = row->test;
    }
    return n;
}

int main(int argc, char **argv)
{
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    struct CMUnitTest tests[ROWS_MAX];
    size_t n = add_rows(tests, 0, contract_command);
    n = add_rows(tests, n, contract_output);
    n = add_rows(tests, n, contract_stop);
    n = add_rows(tests, n, contract_limits);
    int failed = _cmocka_run_group_tests("contract", tests, n, shim_group_setup, NULL);
    return failed + shim_group_count_left();
}
