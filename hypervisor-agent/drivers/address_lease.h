/* SPDX-License-Identifier: Apache-2.0
 *
 * Which container has which address, without anybody who keeps the list: a lease is a symbolic link
 * ADDRESS_LEASE_DIR/<bridge>/<address> that points at its owner's name. Making one is a single
 * system call that fails when the address is taken, so any number of shims of any number of agents
 * may do it at once. The directory is in a tmpfs: no lease outlives a restart of the machine.
 */
#ifndef ERRAND_DRIVERS_ADDRESS_LEASE_H
#define ERRAND_DRIVERS_ADDRESS_LEASE_H

#include <net/if.h>
#include <stdint.h>

#include "base/err.h"
#include "subnet.h"

#define ADDRESS_LEASE_DIR "/run/errand/net"

/* bridge and address, between them a slash */
#define ADDRESS_LEASE_NAME_BYTES (IFNAMSIZ + INET_ADDRSTRLEN)

struct address_lease {
    char bridge[IFNAMSIZ];
    uint32_t address; /* 0 = none */
};

/* Make the directory of a bridge's leases; existing is success. */
int address_lease_make_dir(const char *bridge, struct err *e) MUST_USE;

/* Take a free address of the subnet. ERR_LIMIT: there is none. */
int address_lease_take(const char *bridge, const struct subnet *subnet, const char *owner,
                       struct address_lease *ret_lease, struct err *e) MUST_USE;

/* The lease of `owner`, at whichever bridge; address 0 when it has none. Reads all leases. */
void address_lease_find(const char *owner, struct address_lease *ret_lease);

/* Give it back; the lease is then none, and giving back none is nothing. */
void address_lease_release(struct address_lease *lease);

#endif
