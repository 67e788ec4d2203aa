/* SPDX-License-Identifier: Apache-2.0 */
#include "subnet.h"

#include "base/parse.h"

#include <arpa/inet.h>
#include <string.h>

/* The network, the gateway and the broadcast address. */
#define RESERVED 3
#define FIRST_FREE 2

int subnet_parse(const char *text, struct subnet *ret_subnet, struct err *e)
{
    char address[INET_ADDRSTRLEN] = "";
    struct in_addr in;
    int64_t prefix;
    const char *slash = strchr(text, '/');
    size_t n = slash == NULL ? 0 : (size_t)(slash - text);
    if (n == 0 || n >= sizeof(address))
        return err_set(e, ERR_INVALID, "must be a subnet like 10.213.0.0/16");
    memcpy(address, text, n);
    int r = parse_i64(slash + 1, SUBNET_PREFIX_MIN, SUBNET_PREFIX_MAX, "its prefix", &prefix, e);
    if (r < 0)
        return r;
    if (inet_pton(AF_INET, address, &in) != 1)
        return err_set(e, ERR_INVALID, "must be a subnet like 10.213.0.0/16");
    struct subnet subnet = {.first = ntohl(in.s_addr), .prefix = (uint8_t)prefix};
    if ((subnet.first & (UINT32_MAX >> subnet.prefix)) != 0)
        return err_set(e, ERR_INVALID, "has bits set beyond its prefix of %d", (int)prefix);
    *ret_subnet = subnet;
    return 0;
}

uint32_t subnet_gateway(const struct subnet *subnet)
{
    return subnet->first + 1;
}

uint32_t subnet_size(const struct subnet *subnet)
{
    return (UINT32_C(1) << (32 - subnet->prefix)) - RESERVED;
}

uint32_t subnet_address(const struct subnet *subnet, uint32_t n)
{
    return subnet->first + FIRST_FREE + n;
}

const char *subnet_address_text(uint32_t address, char text[INET_ADDRSTRLEN])
{
    struct in_addr in = {.s_addr = htonl(address)};
    return inet_ntop(AF_INET, &in, text, INET_ADDRSTRLEN);
}
