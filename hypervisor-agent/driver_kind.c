/* SPDX-License-Identifier: Apache-2.0 */
#include "driver_kind.h"

#include <stddef.h>

const char *const driver_kind_names[DRIVER_COUNT + 1] = {
    [DRIVER_OCI] = "oci",
    [DRIVER_DOCKER] = "docker",
    [DRIVER_PROCESS] = "process",
    [DRIVER_COUNT] = NULL,
};
