/* SPDX-License-Identifier: Apache-2.0
 *
 * The pair is made by one request: the host's end at the bridge and up, the other end in the
 * container's namespace from its first moment, so there is no name to collide with the host's.
 */
#include "drivers/bridge.h"

#include "drivers/netlink.h"
#include "subnet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define LOOPBACK_INDEX 1
#define CONTAINER_DEVICE "eth0"

/* A second at most; it takes none, unless the machine is busy. */
#define CARRIER_WAIT_NS 100000
#define CARRIER_WAITS 10000

/* One attachment in the making. */
struct ends {
    uint32_t address;
    uint32_t gateway;
    uint8_t prefix;
    char name[IFNAMSIZ]; /* of the host's end */
    uint32_t bridge_index;
    int host_fd; /* netlink sockets */
    int container_fd;
    int namespace_fd;
};

static void ends_done(struct ends *ends)
{
    fd_closep(&ends->host_fd);
    fd_closep(&ends->container_fd);
    fd_closep(&ends->namespace_fd);
}

void bridge_ethernet_address(uint32_t address, unsigned char ret_ethernet[BRIDGE_ETHERNET_BYTES])
{
    ret_ethernet[0] = 0x02;
    ret_ethernet[1] = 0xec;
    for (int i = 0; i < 4; i++)
        ret_ethernet[2 + i] = (unsigned char)(address >> (24 - 8 * i));
}

static void device_name(uint32_t address, char name[IFNAMSIZ])
{
    if (snprintf(name, IFNAMSIZ, "errand%08x", address) < 0)
        name[0] = '\0';
}

static void put_ethernet(struct netlink_batch *batch, uint16_t type, uint32_t address)
{
    unsigned char ethernet[BRIDGE_ETHERNET_BYTES];
    bridge_ethernet_address(address, ethernet);
    netlink_put(batch, type, ethernet, sizeof(ethernet));
}

/* the machine's side */

static void put_peer(struct netlink_batch *batch, const struct ends *ends)
{
    static const struct ifinfomsg any = {.ifi_family = AF_UNSPEC};
    size_t info = netlink_begin_nest(batch, IFLA_LINKINFO);
    netlink_put_text(batch, IFLA_INFO_KIND, "veth");
    size_t data = netlink_begin_nest(batch, IFLA_INFO_DATA);
    size_t peer = netlink_begin_nest(batch, VETH_INFO_PEER);
    netlink_put_raw(batch, &any, sizeof(any));
    netlink_put_text(batch, IFLA_IFNAME, CONTAINER_DEVICE);
    netlink_put_u32(batch, IFLA_NET_NS_FD, (uint32_t)ends->namespace_fd);
    put_ethernet(batch, IFLA_ADDRESS, ends->address);
    netlink_end_nest(batch, peer);
    netlink_end_nest(batch, data);
    netlink_end_nest(batch, info);
}

static int make_pair(const struct ends *ends, struct err *e)
{
    static const struct ifinfomsg up = {.ifi_flags = IFF_UP, .ifi_change = IFF_UP};
    struct netlink_batch batch;
    netlink_init(&batch);
    netlink_begin(&batch, "make the network devices", RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &up,
                  sizeof(up));
    netlink_put_text(&batch, IFLA_IFNAME, ends->name);
    netlink_put_u32(&batch, IFLA_MASTER, ends->bridge_index);
    put_peer(&batch, ends);
    return netlink_send(&batch, ends->host_fd, e);
}

/* A namespace lives as long as a connection that is not done closing. */
static int make_pair_anew(const struct ends *ends, struct err *e)
{
    static const struct ifinfomsg any = {.ifi_family = AF_UNSPEC};
    struct netlink_batch batch;
    struct err first;
    int r = make_pair(ends, &first);
    if (r == 0)
        return 0;
    if (r != ERR_CONFLICT)
        return err_set(e, first.code, "%s", first.msg);
    netlink_init(&batch);
    netlink_begin(&batch, "remove a dead run's devices", RTM_DELLINK, 0, &any, sizeof(any));
    netlink_put_text(&batch, IFLA_IFNAME, ends->name);
    IGNORE(netlink_send(&batch, ends->host_fd, NULL)); /* they may have gone by themselves */
    return make_pair(ends, e);
}

static void put_port_rules(struct netlink_batch *batch, uint32_t index)
{
    const struct ifinfomsg port = {.ifi_family = AF_BRIDGE, .ifi_index = (int)index};
    netlink_begin(batch, "isolate the container", RTM_SETLINK, 0, &port, sizeof(port));
    size_t rules = netlink_begin_nest(batch, IFLA_PROTINFO);
    netlink_put_u8(batch, IFLA_BRPORT_ISOLATED, 1);
    netlink_put_u8(batch, IFLA_BRPORT_LEARNING, 0);
    netlink_put_u8(batch, IFLA_BRPORT_UNICAST_FLOOD, 0);
    netlink_put_u8(batch, IFLA_BRPORT_MCAST_FLOOD, 0);
    netlink_put_u8(batch, IFLA_BRPORT_BCAST_FLOOD, 0);
    netlink_end_nest(batch, rules);
}

static void put_neighbour(struct netlink_batch *batch, uint16_t type, uint16_t flags,
                          uint32_t index, uint32_t address)
{
    const struct ndmsg neighbour = {
        .ndm_family = AF_INET, .ndm_ifindex = (int)index, .ndm_state = NUD_PERMANENT};
    uint32_t in = htonl(address);
    netlink_begin(batch, "set the neighbour's address", type, flags, &neighbour, sizeof(neighbour));
    netlink_put(batch, NDA_DST, &in, sizeof(in));
    put_ethernet(batch, NDA_LLADDR, address);
}

/* What the bridge and the machine would else learn from what the container sends. */
static int fix_place(const struct ends *ends, struct err *e)
{
    struct netlink_batch batch;
    uint32_t index;
    int r = netlink_find_device(ends->host_fd, ends->name, &index, e);
    if (r < 0)
        return r;
    const struct ndmsg place = {.ndm_family = AF_BRIDGE,
                                .ndm_ifindex = (int)index,
                                .ndm_state = NUD_NOARP,
                                .ndm_flags = NTF_MASTER};
    netlink_init(&batch);
    put_port_rules(&batch, index);
    netlink_begin(&batch, "set the bridge's way", RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE,
                  &place, sizeof(place));
    put_ethernet(&batch, NDA_LLADDR, ends->address);
    put_neighbour(&batch, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, ends->bridge_index,
                  ends->address);
    return netlink_send(&batch, ends->host_fd, e);
}

/* the container's side */

/* A socket belongs to the namespace it was made in; the shim has one thread. */
static int open_inside(struct ends *ends, pid_t pid, struct err *e)
{
    char path[64];
    if (snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid) < 0)
        path[0] = '\0';
    CLEANUP(fd_closep) int own_fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    ends->namespace_fd = open(path, O_RDONLY | O_CLOEXEC);
    if (own_fd < 0 || ends->namespace_fd < 0 || setns(ends->namespace_fd, CLONE_NEWNET) < 0)
        return err_errno(e, errno, "enter the container's network");
    int r = netlink_open(&ends->container_fd, e);
    if (setns(own_fd, CLONE_NEWNET) < 0)
        abort(); /* nothing more may be done from in there; the reaper cleans up */
    return r;
}

static void put_link_up(struct netlink_batch *batch, uint32_t index)
{
    const struct ifinfomsg up = {
        .ifi_index = (int)index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
    netlink_begin(batch, "set a network device up", RTM_NEWLINK, 0, &up, sizeof(up));
}

static void put_address(struct netlink_batch *batch, const struct ends *ends, uint32_t eth0)
{
    const struct ifaddrmsg address = {
        .ifa_family = AF_INET, .ifa_prefixlen = ends->prefix, .ifa_index = eth0};
    uint32_t in = htonl(ends->address);
    netlink_begin(batch, "set the address", RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &address,
                  sizeof(address));
    netlink_put(batch, IFA_LOCAL, &in, sizeof(in));
    netlink_put(batch, IFA_ADDRESS, &in, sizeof(in));
}

static void put_default_route(struct netlink_batch *batch, const struct ends *ends, uint32_t eth0)
{
    static const struct rtmsg route = {.rtm_family = AF_INET,
                                       .rtm_table = RT_TABLE_MAIN,
                                       .rtm_protocol = RTPROT_BOOT,
                                       .rtm_scope = RT_SCOPE_UNIVERSE,
                                       .rtm_type = RTN_UNICAST};
    uint32_t gateway = htonl(ends->gateway);
    netlink_begin(batch, "set the default route", RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &route,
                  sizeof(route));
    netlink_put(batch, RTA_GATEWAY, &gateway, sizeof(gateway));
    netlink_put_u32(batch, RTA_OIF, eth0);
}

static int set_inside_up(const struct ends *ends, struct err *e)
{
    uint32_t eth0;
    struct netlink_batch batch;
    int r = netlink_find_device(ends->container_fd, CONTAINER_DEVICE, &eth0, e);
    if (r < 0)
        return r;
    netlink_init(&batch);
    put_link_up(&batch, LOOPBACK_INDEX);
    put_link_up(&batch, eth0);
    put_address(&batch, ends, eth0);
    put_neighbour(&batch, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, eth0, ends->gateway);
    put_default_route(&batch, ends, eth0);
    return netlink_send(&batch, ends->container_fd, e);
}

/* both */

/* The kernel takes note of a carrier in its own time, and until then drops what is sent: the first
 * packet of a command that is executed at once would come a second later, when it is sent again. */
static void await_carrier(const struct ends *ends)
{
    static const struct timespec wait = {.tv_nsec = CARRIER_WAIT_NS};
    for (int i = 0; i < CARRIER_WAITS; i++) {
        if (netlink_device_is_up(ends->host_fd, ends->name) &&
            netlink_device_is_up(ends->container_fd, CONTAINER_DEVICE))
            return;
        (void)nanosleep(&wait, NULL);
    }
}

static int connect_ends(struct ends *ends, const char *bridge, pid_t pid, struct err *e)
{
    int r = netlink_open(&ends->host_fd, e);
    if (r < 0)
        return r;
    if (netlink_find_device(ends->host_fd, bridge, &ends->bridge_index, NULL) < 0)
        return err_set(e, ERR_UNAVAILABLE, "bridge %s is gone; start errand-agent again", bridge);
    r = open_inside(ends, pid, e);
    if (r == 0)
        r = make_pair_anew(ends, e);
    if (r == 0)
        r = fix_place(ends, e);
    if (r == 0)
        r = set_inside_up(ends, e);
    if (r == 0)
        await_carrier(ends);
    return r;
}

int bridge_attach(const struct run_spec *spec, const char *owner, pid_t pid,
                  struct address_lease *ret_lease, struct err *e)
{
    struct subnet subnet;
    ret_lease->address = 0;
    if (spec->bridge == NULL || spec->subnet == NULL)
        return err_set(e, ERR_UNAVAILABLE, "this machine has no container network");
    int r = subnet_parse(spec->subnet, &subnet, e);
    if (r == 0)
        r = address_lease_take(spec->bridge, &subnet, owner, ret_lease, e);
    if (r < 0)
        return r;

    CLEANUP(ends_done)
    struct ends ends = {
        .address = ret_lease->address,
        .gateway = subnet_gateway(&subnet),
        .prefix = subnet.prefix,
        .host_fd = -1,
        .container_fd = -1,
        .namespace_fd = -1,
    };
    device_name(ends.address, ends.name);
    return connect_ends(&ends, spec->bridge, pid, e);
}

/* The devices are left to the kernel, which removes them with the container's namespace: to ask for
 * it takes 30 ms and keeps every other start on this machine waiting. */
void bridge_detach(struct address_lease *lease)
{
    struct netlink_batch batch;
    uint32_t bridge_index;
    CLEANUP(fd_closep) int fd = -1;
    if (lease->address == 0)
        return;
    if (netlink_open(&fd, NULL) == 0 &&
        netlink_find_device(fd, lease->bridge, &bridge_index, NULL) == 0) {
        netlink_init(&batch);
        put_neighbour(&batch, RTM_DELNEIGH, 0, bridge_index, lease->address);
        IGNORE(netlink_send(&batch, fd, NULL));
    }
    address_lease_release(lease);
}

void bridge_reap(const char *owner)
{
    struct address_lease lease;
    address_lease_find(owner, &lease);
    bridge_detach(&lease);
}
