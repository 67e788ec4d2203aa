/* SPDX-License-Identifier: Apache-2.0
 *
 * The kernel works through a datagram of requests before send returns, and queues an answer for
 * each that failed and for the last, which alone asks for one.
 */
#include "drivers/netlink.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

static unsigned char *reserve(struct netlink_batch *batch, size_t n)
{
    size_t padded = (n + NLMSG_ALIGNTO - 1) & ~((size_t)NLMSG_ALIGNTO - 1);
    if (padded > sizeof(batch->bytes) - batch->len)
        abort();
    unsigned char *at = batch->bytes + batch->len;
    memset(at, 0, padded);
    batch->len += padded;
    return at;
}

static struct nlmsghdr *last_request(struct netlink_batch *batch)
{
    return (struct nlmsghdr *)(void *)(batch->bytes + batch->last);
}

int netlink_open(int *ret_fd, struct err *e)
{
    static const int one = 1;
    CLEANUP(fd_closep) int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd < 0)
        return err_errno(e, errno, "open a netlink socket");
    /* answers without a copy of the request */
    (void)setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one));
    *ret_fd = TAKE_FD(fd);
    return 0;
}

static bool put_name(struct ifreq *request, const char *name)
{
    size_t n = strlen(name);
    if (n >= sizeof(request->ifr_name))
        return false;
    *request = (struct ifreq){.ifr_name = ""};
    memcpy(request->ifr_name, name, n);
    return true;
}

bool netlink_device_is_up(int fd, const char *name)
{
    struct ifreq request;
    return put_name(&request, name) && ioctl(fd, SIOCGIFFLAGS, &request) == 0 &&
           (request.ifr_flags & IFF_RUNNING) != 0;
}

int netlink_find_device(int fd, const char *name, uint32_t *ret_index, struct err *e)
{
    struct ifreq request;
    if (!put_name(&request, name))
        return err_set(e, ERR_INVALID, "network device %s: the name is too long", name);
    if (ioctl(fd, SIOCGIFINDEX, &request) < 0)
        return err_errno(e, errno == ENODEV ? ENOENT : errno, "find network device %s", name);
    *ret_index = (uint32_t)request.ifr_ifindex;
    return 0;
}

void netlink_init(struct netlink_batch *batch)
{
    batch->len = 0;
    batch->last = 0;
    batch->n = 0;
}

static void finish_last(struct netlink_batch *batch)
{
    if (batch->n > 0)
        last_request(batch)->nlmsg_len = (uint32_t)(batch->len - batch->last);
}

void netlink_begin(struct netlink_batch *batch, const char *what, uint16_t type, uint16_t flags,
                   const void *body, size_t n)
{
    if (batch->n == NETLINK_BATCH_REQUESTS)
        abort();
    finish_last(batch);
    batch->last = batch->len;
    batch->what[batch->n++] = what;
    const struct nlmsghdr header = {
        .nlmsg_type = type,
        .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags),
        .nlmsg_seq = batch->n,
    };
    netlink_put_raw(batch, &header, sizeof(header));
    netlink_put_raw(batch, body, n);
}

void netlink_put_raw(struct netlink_batch *batch, const void *bytes, size_t n)
{
    memcpy(reserve(batch, n), bytes, n);
}

void netlink_put(struct netlink_batch *batch, uint16_t type, const void *value, size_t n)
{
    const struct nlattr head = {.nla_len = (uint16_t)(sizeof(head) + n), .nla_type = type};
    netlink_put_raw(batch, &head, sizeof(head));
    netlink_put_raw(batch, value, n);
}

void netlink_put_u8(struct netlink_batch *batch, uint16_t type, uint8_t value)
{
    netlink_put(batch, type, &value, sizeof(value));
}

void netlink_put_u32(struct netlink_batch *batch, uint16_t type, uint32_t value)
{
    netlink_put(batch, type, &value, sizeof(value));
}

void netlink_put_text(struct netlink_batch *batch, uint16_t type, const char *text)
{
    netlink_put(batch, type, text, strlen(text) + 1);
}

size_t netlink_begin_nest(struct netlink_batch *batch, uint16_t type)
{
    size_t nest = batch->len;
    netlink_put(batch, (uint16_t)(type | NLA_F_NESTED), "", 0);
    return nest;
}

void netlink_end_nest(struct netlink_batch *batch, size_t nest)
{
    struct nlattr *head = (struct nlattr *)(void *)(batch->bytes + nest);
    head->nla_len = (uint16_t)(batch->len - nest);
}

struct answer {
    struct nlmsghdr header;
    struct nlmsgerr error;
    char more[256]; /* is not looked at */
};

static int receive(int fd, const struct netlink_batch *batch, struct answer *ret_answer,
                   struct err *e)
{
    ssize_t got;
    do {
        got = recv(fd, ret_answer, sizeof(*ret_answer), 0);
    } while (got < 0 && errno == EINTR);
    if (got < 0)
        return err_errno(e, errno, "%s", batch->what[0]);
    uint32_t seq = ret_answer->header.nlmsg_seq;
    if ((size_t)got < offsetof(struct answer, error) + sizeof(int) ||
        ret_answer->header.nlmsg_type != NLMSG_ERROR || seq == 0 || seq > batch->n)
        return err_set(e, ERR_INTERNAL, "%s: the kernel's answer makes no sense", batch->what[0]);
    return 0;
}

int netlink_send(struct netlink_batch *batch, int fd, struct err *e)
{
    struct answer answer = {.header = {.nlmsg_seq = 0}};
    int result = 0;
    finish_last(batch);
    last_request(batch)->nlmsg_flags |= NLM_F_ACK;
    if (send(fd, batch->bytes, batch->len, 0) != (ssize_t)batch->len)
        return err_errno(e, errno, "%s", batch->what[0]);
    while (answer.header.nlmsg_seq != batch->n) {
        int r = receive(fd, batch, &answer, e);
        if (r < 0)
            return r;
        if (answer.error.error != 0 && result == 0)
            result =
                err_errno(e, -answer.error.error, "%s", batch->what[answer.header.nlmsg_seq - 1]);
    }
    return result;
}
