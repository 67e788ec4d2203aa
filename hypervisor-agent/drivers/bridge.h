/* SPDX-License-Identifier: Apache-2.0
 *
 * A container's place at the machine's bridge (host_network.h makes that): a pair of virtual
 * Ethernet devices, one end at the bridge, the other in the container's network namespace as eth0
 * with an address and a default route.
 *
 * Containers may make frames of their own (CAP_NET_RAW), so nothing is learnt from them: the ends
 * are isolated from each other, Ethernet addresses follow from IP addresses, and the bridge, the
 * machine and the container are told of them.
 *
 * Linux has 1023 ports at a bridge: no machine can run more containers with a network.
 */
#ifndef ERRAND_DRIVERS_BRIDGE_H
#define ERRAND_DRIVERS_BRIDGE_H

#include <net/ethernet.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "drivers/address_lease.h"
#include "run_spec.h"

#define BRIDGE_ETHERNET_BYTES ETH_ALEN

/* The Ethernet address that belongs to an IP address: locally administered, 02:ec:<address>. */
void bridge_ethernet_address(uint32_t address, unsigned char ret_ethernet[BRIDGE_ETHERNET_BYTES]);

/* Connect the network namespace of process `pid` for the run `owner`. What was made stays, whatever
 * happens, until bridge_detach(). Takes about 1 ms, mostly the kernel's making of the devices.
 *
 * In:      spec       network BRIDGE; its `bridge` and `subnet`
 * Out:     ret_lease  set also on failure: none when nothing was made
 * Errors:  ERR_UNAVAILABLE  this machine has no bridge
 */
int bridge_attach(const struct run_spec *spec, const char *owner, pid_t pid,
                  struct address_lease *ret_lease, struct err *e) MUST_USE;

/* Give the address back, once nothing runs in the container. The devices vanish with its namespace,
 * some milliseconds after its last process. The lease is then none. */
void bridge_detach(struct address_lease *lease);

/* The same, for a run whose shim died. */
void bridge_reap(const char *owner);

#endif
