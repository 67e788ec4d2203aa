/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/driver.h"

#include "drivers/docker.h"
#include "drivers/oci.h"
#include "drivers/process.h"

#include <assert.h>

const char *const driver_ability_texts[DRIVER_ABILITY_COUNT] = {
#define DRIVER_ABILITY_TEXT(name, text) [DRIVER_CAN_##name] = (text),
    DRIVER_ABILITIES(DRIVER_ABILITY_TEXT)
#undef DRIVER_ABILITY_TEXT
};

const struct driver *driver_of(enum driver_kind kind)
{
    static const struct driver *const drivers[DRIVER_COUNT] = {
        [DRIVER_OCI] = &oci_driver,
        [DRIVER_DOCKER] = &docker_driver,
        [DRIVER_PROCESS] = &process_driver,
    };
    assert(kind < DRIVER_COUNT);
    return drivers[kind];
}
