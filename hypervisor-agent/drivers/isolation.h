/* SPDX-License-Identifier: Apache-2.0
 *
 * What each sandbox is made of, but for its system calls (seccomp_profile.h). Namespaces, limits,
 * devices and masked paths are the same for all.
 */
#ifndef ERRAND_DRIVERS_ISOLATION_H
#define ERRAND_DRIVERS_ISOLATION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/id.h"
#include "run_spec.h"

struct isolation {
    /* What errand-init and, unless they are dropped, the command may have: a JSON array. */
    const char *capabilities;
    bool drops_capabilities; /* the command and all it starts have none, not even to regain */
    bool no_new_privileges;  /* setuid bits and file capabilities do nothing */
    bool user_namespace;     /* root inside is nobody outside */
};

const struct isolation *isolation_of(enum run_sandbox sandbox);

/* How many user and group ids a user namespace has, from 0 on. */
#define ISOLATION_IDS UINT32_C(65536)

/* The machine's id for the 0 inside: 4096 ranges from 0x70000000 on, which systemd and the usual
 * /etc/subuid leave free. A run's id chooses one, so that two containers seldom share any. */
uint32_t isolation_first_id(struct id run);

#endif
