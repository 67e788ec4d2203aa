/* SPDX-License-Identifier: Apache-2.0
 *
 * Which engine listens on a socket. Blocks, for some seconds at the most.
 */
#ifndef ERRAND_ENGINE_ENGINE_INFO_H
#define ERRAND_ENGINE_ENGINE_INFO_H

#include <stdbool.h>

#include "base/err.h"

#define ENGINE_VERSION_BYTES 64

struct engine_info {
    bool is_podman;   /* else Docker, or one that answers like it */
    bool has_parents; /* takes a control group to put containers below (driver cgroupfs) */
    char version[ENGINE_VERSION_BYTES];
};

/* ERR_UNAVAILABLE: nobody listens or answers. */
int engine_info_get(const char *socket, struct engine_info *ret_info, struct err *e) MUST_USE;

#endif
