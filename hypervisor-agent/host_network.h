/* SPDX-License-Identifier: Apache-2.0
 *
 * The machine's side of the containers' network: a bridge, the subnet behind it, and the packet
 * filter's table that says what may pass. Containers reach what the machine reaches through its
 * other interfaces, under the machine's address, but neither the machine itself (but for a ping of
 * the gateway), nor each other, nor 169.254.0.0/16, where clouds keep their credentials. Nothing
 * reaches a container.
 *
 * All of it stays when the agent ends: containers outlive agents.
 */
#ifndef ERRAND_HYPERVISOR_AGENT_HOST_NETWORK_H
#define ERRAND_HYPERVISOR_AGENT_HOST_NETWORK_H

#include "base/buf.h"
#include "base/err.h"
#include "subnet.h"

/* Whether it can be a bridge's name here: 1 to 15 of a-z, 0-9, - and _. */
bool host_network_name_is_valid(const char *bridge);

/* Append the nftables script that makes the table named like the bridge, replacing one of that name
 * in the same transaction. */
void host_network_put_rules(struct buf *out, const char *bridge, const struct subnet *subnet);

/* Make sure that everything is there. Blocks for some 20 ms; several agents may do it at once, and
 * share the bridge. Turns IPv4 forwarding on for the machine.
 *
 * Errors:  ERR_CONFLICT   the bridge exists and has another subnet
 *          ERR_NOT_FOUND  nft is not installed
 *          others         the kernel or nft refused; the message has what it said
 */
int host_network_make(const char *bridge, const struct subnet *subnet, struct err *e) MUST_USE;

#endif
