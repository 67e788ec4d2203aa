/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/driver.h"

#include "drivers/oci.h"

#include <assert.h>

const struct driver *driver_of(enum driver_kind kind)
{
    static const struct driver *const drivers[DRIVER_COUNT] = {
        [DRIVER_OCI] = &oci_driver,
    };
    assert(kind < DRIVER_COUNT && drivers[kind] != NULL);
    return drivers[kind];
}
