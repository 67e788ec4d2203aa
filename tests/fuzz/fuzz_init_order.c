/* SPDX-License-Identifier: Apache-2.0
 *
 * The order that PID 1 of a container gets, as bytes in a memory file: texts stay inside it. Any
 * bytes (first byte 0), or bytes with the right length put into their header (1), or, cut at each
 * NUL, as texts that the driver's own sender puts into an order: they arrive as they were (2).
 *
 * What init maps and allocates lives until exec; here it is given back (mmap and calloc are
 * wrapped).
 */
#include "fuzz/fuzz.h"

#include "drivers/init_channel.h"

#include "init/init_protocol.h"
#include "init/order.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define KEPT_MAX 16

static struct {
    bool is_on;
    void *memory[KEPT_MAX];
    size_t memory_n;
    void *map;
    size_t map_n;
} kept;

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__real_mmap(void *at, size_t n, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap(void *at, size_t n, int protection, int flags, int fd, off_t offset);

void *__wrap_calloc(size_t n, size_t size)
{
    void *memory = __real_calloc(n, size);
    if (kept.is_on && kept.memory_n < KEPT_MAX)
        kept.memory[kept.memory_n++] = memory;
    return memory;
}

void *__wrap_mmap(void *at, size_t n, int protection, int flags, int fd, off_t offset)
{
    void *map = __real_mmap(at, n, protection, flags, fd, offset);
    if (kept.is_on) {
        kept.map = map;
        kept.map_n = n;
    }
    return map;
}

static void give_back(void)
{
    for (size_t i = 0; i < kept.memory_n; i++)
        free(kept.memory[i]);
    if (kept.map != NULL && kept.map != MAP_FAILED)
        (void)munmap(kept.map, kept.map_n);
    kept.memory_n = 0;
    kept.map = NULL;
}

static void check_inside(const char *text)
{
    const char *bytes = kept.map;
    FUZZ_ASSERT(text >= bytes && text < bytes + kept.map_n);
    FUZZ_ASSERT(memchr(text, '\0', (size_t)(bytes + kept.map_n - text)) != NULL);
}

static void check_order(struct order *order)
{
    FUZZ_ASSERT(order->argv[0] != NULL);
    check_inside(order->cwd);
    check_inside(order->user);
    for (size_t i = 0; order->argv[i] != NULL; i++)
        check_inside(order->argv[i]);
    for (size_t i = 0; i < order->envc; i++)
        check_inside(order->env[i]);
    size_t envc = order->envc;
    order_env_default(order, "FUZZ", "1");
    FUZZ_ASSERT(order_env_get(order, "FUZZ") != NULL);
    if (order->envc > envc)
        free(order->env[envc]);
    FUZZ_ASSERT(order->out_fd >= 0 && order->err_fd >= 0);
}

/* The order in a memory file and two more descriptors, as init_channel_send_order() has it. */
static void send_bytes(int channel_fd, const uint8_t *bytes, size_t n)
{
    int fds[INIT_ORDER_FDS];
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(fds))];
    } control = {0};
    struct init_message message = {.kind = INIT_ORDER};
    struct iovec part = {.iov_base = &message, .iov_len = sizeof(message)};
    struct msghdr header = {.msg_iov = &part,
                            .msg_iovlen = 1,
                            .msg_control = control.bytes,
                            .msg_controllen = sizeof(control.bytes)};
    for (size_t i = 0; i < INIT_ORDER_FDS; i++)
        fds[i] = i == INIT_ORDER_FD_ORDER ? memfd_create("order", 0) : open("/dev/null", O_WRONLY);
    FUZZ_ASSERT(write(fds[INIT_ORDER_FD_ORDER], bytes, n) == (ssize_t)n);
    struct cmsghdr *rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(fds));
    memcpy(CMSG_DATA(rights), fds, sizeof(fds));
    FUZZ_ASSERT(sendmsg(channel_fd, &header, 0) == (ssize_t)sizeof(message));
    for (size_t i = 0; i < INIT_ORDER_FDS; i++)
        (void)close(fds[i]);
}

static int receive(int fd, struct order *ret_order)
{
    kept.is_on = true;
    int r = order_receive(fd, ret_order);
    kept.is_on = false;
    return r;
}

static void try_bytes(const int *ends, const uint8_t *data, size_t n, bool has_right_length)
{
    struct order order;
    uint8_t *bytes = malloc(n + 1);
    FUZZ_ASSERT(bytes != NULL);
    memcpy(bytes, data, n);
    if (has_right_length && n >= sizeof(struct init_order)) {
        struct init_order head;
        memcpy(&head, bytes, sizeof(head));
        head.text_bytes = (uint32_t)(n - sizeof(head));
        memcpy(bytes, &head, sizeof(head));
    }
    send_bytes(ends[0], bytes, n);
    if (receive(ends[1], &order) == 0)
        check_order(&order);
    free(bytes);
}

static void check_same(char *const *texts, const struct text_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        FUZZ_ASSERT(texts[i] != NULL && strcmp(texts[i], list->items[i]) == 0);
    FUZZ_ASSERT(texts[list->n] == NULL);
}

static void try_texts(const int *ends, const uint8_t *data, size_t n)
{
    CLEANUP(run_spec_done) struct run_spec spec;
    struct order order;
    char *texts = fuzz_text(data, n);
    const char *end = texts + n + 1;
    run_spec_init(&spec);
    FUZZ_ASSERT(text_list_add(&spec.argv, "first", NULL) == 0);
    for (const char *text = texts; text < end; text += strlen(text) + 1)
        FUZZ_ASSERT(text_list_add(strchr(text, '=') != NULL ? &spec.env : &spec.argv, text, NULL) ==
                    0);
    FUZZ_ASSERT(init_channel_send_order(ends[0], &spec, STDERR_FILENO, STDERR_FILENO, NULL) == 0);
    FUZZ_ASSERT(receive(ends[1], &order) == 0);
    check_same(order.argv, &spec.argv);
    check_same(order.env, &spec.env);
    check_order(&order);
    free(texts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    int ends[2];
    if (n == 0)
        return 0;
    FUZZ_ASSERT(init_channel_open(&ends[0], &ends[1], NULL) == 0);
    int first_fd = dup(ends[1]); /* what is received and not used comes from here on */
    FUZZ_ASSERT(first_fd >= 0);
    if (data[0] % 3 == 2)
        try_texts(ends, data + 1, n - 1);
    else
        try_bytes(ends, data + 1, n - 1, data[0] % 3 == 1);
    give_back();
    FUZZ_ASSERT(close_range((unsigned)first_fd, (unsigned)first_fd + INIT_ORDER_FDS, 0) == 0);
    (void)close(ends[0]);
    (void)close(ends[1]);
    return 0;
}
