/* SPDX-License-Identifier: Apache-2.0
 *
 * What every driver has to do, as tests that run against each: through a real errand-shim, with the
 * driver that ERRAND_TEST_DRIVER names. A row that proves an ability is left out for a driver that
 * does not claim it; docs/drivers.md shows who claims what.
 */
#ifndef ERRAND_TESTS_AGENT_CONTRACT_H
#define ERRAND_TESTS_AGENT_CONTRACT_H

#include <stddef.h>
#include <stdint.h>

#include "agent/shim_fixture.h"
#include "drivers/driver.h"

struct contract_row {
    struct CMUnitTest test;
    uint32_t needs; /* DRIVER_CAN(...) of each */
};

#define CONTRACT_ROW(f)                                                                            \
    {                                                                                              \
        .test = SHIM_TEST(f)                                                                       \
    }
#define CONTRACT_ROW_IF(f, abilities)                                                              \
    {                                                                                              \
        .test = SHIM_TEST(f), .needs = (abilities)                                                 \
    }

/* Each ends in a row without a test. */
extern const struct contract_row contract_command[];
extern const struct contract_row contract_output[];
extern const struct contract_row contract_stop[];
extern const struct contract_row contract_limits[];

#endif
