/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules first, then the bridge, then forwarding: at no moment is there more than in the end.
 */
#include "host_network.h"

#include "base/file.h"
#include "drivers/address_lease.h"
#include "drivers/bridge.h"
#include "drivers/netlink.h"
#include "host_facts.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <spawn.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define RULES_MAX_BYTES ((size_t)4096)

static const char name_characters[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";

bool host_network_name_is_valid(const char *bridge)
{
    size_t n = strlen(bridge);
    return n > 0 && n < IFNAMSIZ && strspn(bridge, name_characters) == n;
}

/* the packet filter */

static void put_input(struct buf *out, const char *bridge, const char *gateway)
{
    buf_printf(out,
               "chain input {\n"
               "type filter hook input priority filter; policy accept;\n"
               "iifname != \"%s\" accept\n"
               "ct state established,related accept\n"
               "ip daddr %s icmp type echo-request accept\n"
               "drop\n"
               "}\n",
               bridge, gateway);
}

static void put_forward(struct buf *out, const char *bridge, const char *subnet)
{
    buf_printf(out,
               "chain forward {\n"
               "type filter hook forward priority filter; policy accept;\n"
               "iifname \"%s\" oifname \"%s\" drop\n"
               "oifname \"%s\" ct state established,related accept\n"
               "oifname \"%s\" drop\n"
               "iifname != \"%s\" accept\n"
               "ip saddr != %s drop\n"
               "ip daddr 169.254.0.0/16 drop\n"
               "meta nfproto ipv6 drop\n"
               "}\n",
               bridge, bridge, bridge, bridge, bridge, subnet);
}

/* A table of the family inet, so that IPv6 does not pass by. `accept` ends this table's chain only:
 * the machine's own rules are heard as well. */
void host_network_put_rules(struct buf *out, const char *bridge, const struct subnet *subnet)
{
    char gateway[INET_ADDRSTRLEN];
    char first[INET_ADDRSTRLEN];
    char text[INET_ADDRSTRLEN + 4];
    (void)subnet_address_text(subnet_gateway(subnet), gateway);
    if (snprintf(text, sizeof(text), "%s/%u", subnet_address_text(subnet->first, first),
                 (unsigned)subnet->prefix) < 0)
        text[0] = '\0';

    buf_printf(out, "add table inet %s\ndelete table inet %s\ntable inet %s {\n", bridge, bridge,
               bridge);
    put_input(out, bridge, gateway);
    put_forward(out, bridge, text);
    buf_printf(out,
               "chain postrouting {\n"
               "type nat hook postrouting priority srcnat; policy accept;\n"
               "ip saddr %s oifname != \"%s\" masquerade\n"
               "}\n}\n",
               text, bridge);
}

static int memfd_with(const struct buf *text, int *ret_fd, struct err *e)
{
    CLEANUP(fd_closep) int fd = memfd_create("nft", MFD_CLOEXEC);
    if (fd < 0 || (text != NULL && write(fd, text->data, text->len) != (ssize_t)text->len) ||
        lseek(fd, 0, SEEK_SET) < 0)
        return err_errno(e, errno, "hand the rules to nft");
    *ret_fd = TAKE_FD(fd);
    return 0;
}

static int run(char *const argv[], int in_fd, int out_fd, int *ret_status, struct err *e)
{
    char *env[] = {NULL};
    pid_t pid;
    posix_spawn_file_actions_t files;
    int r = posix_spawn_file_actions_init(&files);
    if (r != 0)
        return err_errno(e, r, "start %s", argv[0]);
    (void)posix_spawn_file_actions_adddup2(&files, in_fd, STDIN_FILENO);
    (void)posix_spawn_file_actions_adddup2(&files, out_fd, STDOUT_FILENO);
    (void)posix_spawn_file_actions_adddup2(&files, out_fd, STDERR_FILENO);
    r = posix_spawn(&pid, argv[0], &files, NULL, argv, env);
    (void)posix_spawn_file_actions_destroy(&files);
    if (r != 0)
        return err_errno(e, r, "start %s", argv[0]);
    while (waitpid(pid, ret_status, 0) < 0) {
        if (errno != EINTR)
            return err_errno(e, errno, "wait for %s", argv[0]);
    }
    return 0;
}

/* The first line nft said; it has no control characters after that. */
static int refuse(int out_fd, int status, struct err *e)
{
    char said[160];
    ssize_t got = pread(out_fd, said, sizeof(said) - 1, 0);
    said[got > 0 ? got : 0] = '\0';
    said[strcspn(said, "\n")] = '\0';
    return err_set(e, ERR_INTERNAL, "nft refused the rules (status %d): %s", status, said);
}

static int apply_rules(const char *bridge, const struct subnet *subnet, struct err *e)
{
    static const char *const names[] = {"nft", NULL};
    char flag[] = "-f";
    char dash[] = "-";
    int status = 0;
    CLEANUP(freep) char *nft = NULL;
    CLEANUP(fd_closep) int in_fd = -1;
    CLEANUP(fd_closep) int out_fd = -1;
    CLEANUP(buf_done) struct buf rules;
    buf_init(&rules, RULES_MAX_BYTES);
    host_network_put_rules(&rules, bridge, subnet);

    int r = host_facts_find_program(names, &nft, e);
    if (r == 0)
        r = memfd_with(&rules, &in_fd, e);
    if (r == 0)
        r = memfd_with(NULL, &out_fd, e);
    if (r < 0)
        return r;
    char *argv[] = {nft, flag, dash, NULL};
    r = run(argv, in_fd, out_fd, &status, e);
    if (r == 0 && status != 0)
        r = refuse(out_fd, status, e);
    return r;
}

/* the bridge */

/* Another agent with another subnet would pull the ground from under its containers. */
static int check_address(const char *bridge, uint32_t gateway, struct err *e)
{
    struct ifreq request = {.ifr_name = ""};
    struct sockaddr_in has;
    char text[INET_ADDRSTRLEN];
    memcpy(request.ifr_name, bridge, strlen(bridge) + 1);
    CLEANUP(fd_closep) int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return err_errno(e, errno, "look at bridge %s", bridge);
    if (ioctl(fd, SIOCGIFADDR, &request) < 0)
        return 0; /* none, or no bridge yet */
    memcpy(&has, &request.ifr_addr, sizeof(has));
    if (ntohl(has.sin_addr.s_addr) == gateway)
        return 0;
    return err_set(e, ERR_CONFLICT, "bridge %s has the address %s already: choose another name",
                   bridge, subnet_address_text(ntohl(has.sin_addr.s_addr), text));
}

static void put_bridge(struct netlink_batch *batch, const char *bridge, uint32_t gateway)
{
    static const struct ifinfomsg up = {.ifi_flags = IFF_UP, .ifi_change = IFF_UP};
    unsigned char ethernet[BRIDGE_ETHERNET_BYTES];
    bridge_ethernet_address(gateway, ethernet);
    netlink_begin(batch, "make the bridge", RTM_NEWLINK, NLM_F_CREATE, &up, sizeof(up));
    netlink_put_text(batch, IFLA_IFNAME, bridge);
    netlink_put(batch, IFLA_ADDRESS, ethernet, sizeof(ethernet));
    size_t info = netlink_begin_nest(batch, IFLA_LINKINFO);
    netlink_put_text(batch, IFLA_INFO_KIND, "bridge");
    netlink_end_nest(batch, info);
}

static int make_bridge(const char *bridge, const struct subnet *subnet, struct err *e)
{
    struct netlink_batch batch;
    CLEANUP(fd_closep) int fd = -1;
    uint32_t index;
    uint32_t gateway = subnet_gateway(subnet);
    uint32_t in = htonl(gateway);
    int r = netlink_open(&fd, e);
    if (r < 0)
        return r;
    netlink_init(&batch);
    put_bridge(&batch, bridge, gateway);
    r = netlink_send(&batch, fd, e);
    if (r == 0)
        r = netlink_find_device(fd, bridge, &index, e);
    if (r < 0)
        return r;

    const struct ifaddrmsg address = {
        .ifa_family = AF_INET, .ifa_prefixlen = subnet->prefix, .ifa_index = index};
    netlink_init(&batch);
    netlink_begin(&batch, "set the bridge's address", RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE,
                  &address, sizeof(address));
    netlink_put(&batch, IFA_LOCAL, &in, sizeof(in));
    netlink_put(&batch, IFA_ADDRESS, &in, sizeof(in));
    return netlink_send(&batch, fd, e);
}

/* the kernel's switches */

/* Written only when it differs: the first time resets other settings, and /proc may be read-only
 * where somebody else has seen to it. */
static int set_switch(const char *path, struct err *e)
{
    char value = 0;
    CLEANUP(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && read(fd, &value, 1) == 1 && value == '1')
        return 0;
    CLEANUP(fd_closep) int out_fd = open(path, O_WRONLY | O_CLOEXEC);
    if (out_fd < 0 || write(out_fd, "1", 1) != 1)
        return err_errno(e, errno, "set %s", path);
    return 0;
}

static int set_switches(const char *bridge, struct err *e)
{
    char path[128];
    /* there may be no IPv6 to turn off; the rules drop it anyway */
    if (snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/disable_ipv6", bridge) > 0)
        IGNORE(set_switch(path, NULL));
    return set_switch("/proc/sys/net/ipv4/ip_forward", e);
}

int host_network_make(const char *bridge, const struct subnet *subnet, struct err *e)
{
    int r = check_address(bridge, subnet_gateway(subnet), e);
    if (r == 0)
        r = address_lease_make_dir(bridge, e);
    if (r == 0)
        r = apply_rules(bridge, subnet, e);
    if (r == 0)
        r = make_bridge(bridge, subnet, e);
    if (r == 0)
        r = set_switches(bridge, e);
    return r;
}
