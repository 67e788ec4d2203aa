/* SPDX-License-Identifier: Apache-2.0
 *
 * The IPv4 subnet of this machine's containers, written "10.213.0.0/16". Its first address is the
 * gateway, the others but the last are for containers.
 */
#ifndef ERRAND_HYPERVISOR_AGENT_SUBNET_H
#define ERRAND_HYPERVISOR_AGENT_SUBNET_H

#include <netinet/in.h>
#include <stdint.h>

#include "base/err.h"

#define SUBNET_PREFIX_MIN 8
#define SUBNET_PREFIX_MAX 28

/* Addresses are in host byte order. */
struct subnet {
    uint32_t first; /* that of the network itself */
    uint8_t prefix; /* SUBNET_PREFIX_MIN..SUBNET_PREFIX_MAX */
};

/* ERR_INVALID: no address and prefix, or bits set beyond the prefix. */
int subnet_parse(const char *text, struct subnet *ret_subnet, struct err *e) MUST_USE;

uint32_t subnet_gateway(const struct subnet *subnet);

/* How many addresses there are for containers, and which is the `n`th of them, from 0. */
uint32_t subnet_size(const struct subnet *subnet);
uint32_t subnet_address(const struct subnet *subnet, uint32_t n);

/* "10.213.0.1". Returns `text`. */
const char *subnet_address_text(uint32_t address, char text[INET_ADDRSTRLEN]);

#endif
