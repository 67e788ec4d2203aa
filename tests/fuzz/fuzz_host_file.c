/* SPDX-License-Identifier: Apache-2.0
 *
 * Files of the host and its kernel, any bytes: control groups, /proc, resolv.conf. Each of them is
 * the input (open is wrapped), and none is written.
 */
#include "fuzz/fuzz.h"

#include "base/buf.h"
#include "drivers/cgroup.h"
#include "drivers/process_io.h"
#include "drivers/resolv_conf.h"
#include "host_facts.h"
#include "subnet.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

static const uint8_t *content;
static size_t content_n;

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);

int __wrap_open(const char *path, int flags, ...)
{
    if (content == NULL)
        return __real_open(path, flags);
    FUZZ_ASSERT((flags & (O_WRONLY | O_RDWR | O_CREAT)) == 0);
    int fd = memfd_create("file", MFD_CLOEXEC);
    FUZZ_ASSERT(fd >= 0 && write(fd, content, content_n) == (ssize_t)content_n);
    FUZZ_ASSERT(lseek(fd, 0, SEEK_SET) == 0);
    return fd;
}

/* So an optimised build spells it. */
int __wrap___open_2(const char *path, int flags);

int __wrap___open_2(const char *path, int flags)
{
    return __wrap_open(path, flags);
}

static void check_pid(pid_t pid, void *ctx)
{
    (void)ctx;
    FUZZ_ASSERT(pid > 0);
}

static void try_cgroup(void)
{
    struct cgroup_use use;
    struct cgroup_now now;
    struct process_io io = {0};
    for (enum cgroup_layout layout = CGROUP_V1; layout <= CGROUP_HYBRID; layout++) {
        cgroup_read_use(layout, "/errand/x", &use);
        (void)cgroup_read_now(layout, "/errand/x", &now);
        cgroup_each_process(layout, "/errand/x", check_pid, NULL);
    }
    process_io_add(&io, 1);
}

/* Each line of it is one of the input's; a name server is an address that is not this host. */
static void try_resolv_conf(const char *text, size_t n)
{
    size_t servers = 0;
    CLEANUP(buf_done) struct buf out;
    buf_init(&out, (size_t)1 << 20);
    size_t told = resolv_conf_filter(text, n, &out);
    char *at = buf_take(&out);
    FUZZ_ASSERT(at != NULL);
    char *rest = at;
    const char *line;
    while ((line = strsep(&rest, "\n")) != NULL) {
        size_t line_n = strlen(line);
        FUZZ_ASSERT(line_n == 0 || memmem(text, n, line, line_n) != NULL);
        servers += strncmp(line, "nameserver", 10) == 0;
        FUZZ_ASSERT(strstr(line, "nameserver 127.") != line);
    }
    FUZZ_ASSERT(servers == told);
    free(at);
}

static void try_subnet(const char *text)
{
    struct subnet subnet;
    if (subnet_parse(text, &subnet, NULL) < 0)
        return;
    char address[INET_ADDRSTRLEN];
    struct in_addr in;
    FUZZ_ASSERT(subnet.prefix >= SUBNET_PREFIX_MIN && subnet.prefix <= SUBNET_PREFIX_MAX);
    uint32_t size = subnet_size(&subnet);
    FUZZ_ASSERT(size > 0 && subnet_address(&subnet, 0) == subnet_gateway(&subnet) + 1);
    uint32_t last = subnet_address(&subnet, size - 1);
    FUZZ_ASSERT((last ^ subnet.first) >> (32 - subnet.prefix) == 0);
    FUZZ_ASSERT(inet_pton(AF_INET, subnet_address_text(last, address), &in) == 1);
    FUZZ_ASSERT(ntohl(in.s_addr) == last);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    uint32_t mb;
    char *text = fuzz_text(data, n);
    content = (const uint8_t *)text;
    content_n = n;
    try_cgroup();
    IGNORE(host_facts_memory_mb(&mb, NULL));
    content = NULL;
    try_resolv_conf(text, n);
    try_subnet(text);
    (void)cgroup_path_is_safe(text);
    free(text);
    return 0;
}
