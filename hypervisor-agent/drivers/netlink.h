/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests to the kernel's routing and link tables (rtnetlink), several in one system call.
 * Source: rtnetlink(7), netlink(7).
 *
 *     struct netlink_batch batch;
 *     netlink_init(&batch);
 *     netlink_begin(&batch, "set eth0 up", RTM_NEWLINK, 0, &link, sizeof(link));
 *     netlink_put_text(&batch, IFLA_IFNAME, "eth0");
 *     ...
 *     return netlink_send(&batch, fd, e);
 */
#ifndef ERRAND_DRIVERS_NETLINK_H
#define ERRAND_DRIVERS_NETLINK_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define NETLINK_BATCH_BYTES 2048
#define NETLINK_BATCH_REQUESTS 8

struct netlink_batch {
    union {
        struct nlmsghdr header;
        unsigned char bytes[NETLINK_BATCH_BYTES];
    };
    size_t len;
    size_t last;                              /* offset of the request being written */
    const char *what[NETLINK_BATCH_REQUESTS]; /* what each does, for errors; static texts */
    uint32_t n;
};

/* A socket of the calling thread's network namespace, close-on-exec. */
int netlink_open(int *ret_fd, struct err *e) MUST_USE;

/* The index of a device in the socket's namespace. ERR_NOT_FOUND */
int netlink_find_device(int fd, const char *name, uint32_t *ret_index, struct err *e) MUST_USE;

/* Whether it passes packets: set up, with a carrier, and the kernel has taken note of it. */
bool netlink_device_is_up(int fd, const char *name);

void netlink_init(struct netlink_batch *batch);

/* Begin one more request: NLM_F_ flags besides REQUEST, and the structure it starts with. A batch
 * that overflows is a mistake in the program and aborts. */
void netlink_begin(struct netlink_batch *batch, const char *what, uint16_t type, uint16_t flags,
                   const void *body, size_t n);

/* Attributes of the request begun last. */
void netlink_put(struct netlink_batch *batch, uint16_t type, const void *value, size_t n);
void netlink_put_u8(struct netlink_batch *batch, uint16_t type, uint8_t value);
void netlink_put_u32(struct netlink_batch *batch, uint16_t type, uint32_t value);
void netlink_put_text(struct netlink_batch *batch, uint16_t type, const char *text);

/* Attributes put between the two are inside one of `type`; give end what begin returned. */
size_t netlink_begin_nest(struct netlink_batch *batch, uint16_t type);
void netlink_end_nest(struct netlink_batch *batch, size_t nest);

/* Bytes that are no attribute: the head of a nested message. */
void netlink_put_raw(struct netlink_batch *batch, const void *bytes, size_t n);

/* Send all and wait until all are done; none is left out because another failed. The error is the
 * first's: ERR_CONFLICT for what exists, ERR_NOT_FOUND for what does not. */
int netlink_send(struct netlink_batch *batch, int fd, struct err *e) MUST_USE;

#endif
