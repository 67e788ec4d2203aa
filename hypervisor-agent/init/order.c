/* SPDX-License-Identifier: Apache-2.0 */
#include "order.h"

#include "init_protocol.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* 0: an order with exactly its descriptors; 1: told that the driver is our parent now. */
static int receive_fds(int channel_fd, int *fds)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int) * INIT_ORDER_FDS)];
    } control;
    struct init_message message;
    struct iovec part = {.iov_base = &message, .iov_len = sizeof(message)};
    struct msghdr header = {
        .msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = control.bytes,
        .msg_controllen = sizeof(control.bytes),
    };

    ssize_t got;
    do {
        got = recvmsg(channel_fd, &header, MSG_CMSG_CLOEXEC);
    } while (got < 0 && errno == EINTR);
    if (got > 0 && message.kind == INIT_ADOPTED && header.msg_controllen == 0)
        return 1;
    if (got < 1 || message.kind != INIT_ORDER)
        return -1;

    const struct cmsghdr *rights = CMSG_FIRSTHDR(&header);
    if (rights == NULL || rights->cmsg_type != SCM_RIGHTS ||
        rights->cmsg_len != CMSG_LEN(sizeof(int) * INIT_ORDER_FDS))
        return -1;
    memcpy(fds, CMSG_DATA(rights), sizeof(int) * INIT_ORDER_FDS);
    return 0;
}

/* Private and writable: nothing is shared with the driver, and the file can be closed. */
static char *map_order(int fd, size_t *ret_n)
{
    struct stat st;
    if (fstat(fd, &st) < 0 || st.st_size < (off_t)sizeof(struct init_order))
        return NULL;
    void *bytes = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    (void)close(fd);
    if (bytes == MAP_FAILED)
        return NULL;
    *ret_n = (size_t)st.st_size;
    return bytes;
}

/* The text at `*at`, which moves behind it; NULL when the order is too short. */
static char *next_text(char **at, const char *end)
{
    char *text = *at;
    if (text >= end)
        return NULL;
    char *nul = memchr(text, '\0', (size_t)(end - text));
    if (nul == NULL)
        return NULL;
    *at = nul + 1;
    return text;
}

static char **next_texts(char **at, const char *end, size_t n, size_t spare)
{
    if (n > (size_t)(end - *at))
        return NULL;
    char **texts = calloc(n + spare + 1, sizeof(*texts));
    for (size_t i = 0; texts != NULL && i < n; i++) {
        texts[i] = next_text(at, end);
        if (texts[i] == NULL)
            return NULL;
    }
    return texts;
}

static int parse(char *bytes, size_t n, struct order *order)
{
    struct init_order header;
    memcpy(&header, bytes, sizeof(header));
    if (header.argc < 1 || header.text_bytes != n - sizeof(header))
        return -1;

    char *at = bytes + sizeof(header);
    const char *end = bytes + n;
    order->cwd = next_text(&at, end);
    order->user = next_text(&at, end);
    order->argv = next_texts(&at, end, header.argc, 0);
    order->env = next_texts(&at, end, header.envc, ORDER_ENV_SPARE);
    order->envc = header.envc;
    order->drops_capabilities = header.drop != 0;
    if (order->cwd == NULL || order->user == NULL || order->argv == NULL || order->env == NULL)
        return -1;
    return 0;
}

int order_receive(int channel_fd, struct order *ret_order)
{
    int fds[INIT_ORDER_FDS];
    int r;
    while ((r = receive_fds(channel_fd, fds)) > 0) {
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
            return -1;
    }
    if (r < 0)
        return -1;

    size_t n;
    char *bytes = map_order(fds[INIT_ORDER_FD_ORDER], &n);
    if (bytes == NULL || parse(bytes, n, ret_order) < 0)
        return -1;
    ret_order->out_fd = fds[INIT_ORDER_FD_STDOUT];
    ret_order->err_fd = fds[INIT_ORDER_FD_STDERR];
    return 0;
}

const char *order_env_get(const struct order *order, const char *key)
{
    size_t n = strlen(key);
    for (size_t i = 0; i < order->envc; i++) {
        if (strncmp(order->env[i], key, n) == 0 && order->env[i][n] == '=')
            return order->env[i] + n + 1;
    }
    return NULL;
}

void order_env_default(struct order *order, const char *key, const char *value)
{
    if (order_env_get(order, key) != NULL)
        return;

    size_t key_n = strlen(key);
    size_t value_n = strlen(value);
    char *text = malloc(key_n + value_n + 2);
    if (text == NULL)
        return;
    memcpy(text, key, key_n);
    text[key_n] = '=';
    memcpy(text + key_n + 1, value, value_n + 1);
    order->env[order->envc++] = text;
}
