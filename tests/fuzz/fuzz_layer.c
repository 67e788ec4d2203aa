/* SPDX-License-Identifier: Apache-2.0
 *
 * A layer from a stranger, unpacked for real below a root directory of its own, which this process
 * enters and leaves again. Nothing outside it is another than before; inside there are no devices
 * but whiteouts, no sockets, no attributes that speak to overlayfs or to the host but those that
 * are ours to set, and no more bytes than there may be.
 *
 * The first byte says whether the checksums of tar's headers are put right. Needs root.
 */
#include "fuzz/fuzz.h"

#include "base/file.h"
#include "images/layer_store.h"
#include "images/layer_unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <locale.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#define RIGHT_SUMS 1U
#define BLOCK_BYTES 512
#define SUM_AT 148
#define MAGIC_AT 257
#define LAYER_MAX_BYTES (INT64_C(1) << 20)

static char base[] = "/tmp/errand-fuzz-XXXXXX";
static char layer[sizeof(base) + 8];
static char kept[sizeof(base) + 8];
static struct stat kept_stat;
static int root_fd = -1;
static int cwd_fd = -1;
static int64_t bytes_found;

static void leave(void)
{
    IGNORE(dir_remove(base, NULL));
}

static void prepare(void)
{
    FUZZ_ASSERT(mkdtemp(base) != NULL && atexit(leave) == 0);
    (void)snprintf(layer, sizeof(layer), "%s/layer", base);
    (void)snprintf(kept, sizeof(kept), "%s/kept", base);
    FUZZ_ASSERT(file_replace(kept, "kept", 4, 0600, NULL) == 0 && stat(kept, &kept_stat) == 0);
    root_fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cwd_fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    FUZZ_ASSERT(root_fd >= 0 && cwd_fd >= 0);
    (void)setlocale(LC_CTYPE, "C.UTF-8");
    (void)umask(022);
}

static void put_sums(uint8_t *bytes, size_t n)
{
    for (size_t at = 0; at + BLOCK_BYTES <= n; at += BLOCK_BYTES) {
        uint8_t *head = bytes + at;
        unsigned sum = 0;
        if (memcmp(head + MAGIC_AT, "ustar", 5) != 0)
            continue;
        memset(head + SUM_AT, ' ', 8);
        for (size_t i = 0; i < BLOCK_BYTES; i++)
            sum += head[i];
        char text[8];
        (void)snprintf(text, sizeof(text), "%06o", sum & 0777777U);
        memcpy(head + SUM_AT, text, 7);
    }
}

static int unpack(const uint8_t *data, size_t n, struct err *e)
{
    static const struct layer_limits limits = {.max_bytes = LAYER_MAX_BYTES};
    int fd = memfd_create("layer", MFD_CLOEXEC);
    FUZZ_ASSERT(fd >= 0 && write(fd, data, n) == (ssize_t)n && lseek(fd, 0, SEEK_SET) == 0);
    FUZZ_ASSERT(mkdir(layer, 0755) == 0 && chdir(layer) == 0 && chroot(".") == 0);
    int r = layer_unpack_here(fd, &limits, e);
    FUZZ_ASSERT(fchdir(root_fd) == 0 && chroot(".") == 0 && fchdir(cwd_fd) == 0);
    (void)close(fd);
    return r;
}

static bool is_allowed(const char *path, const char *name)
{
    char value[2];
    if (strncmp(name, "user.", 5) == 0 || strcmp(name, "security.capability") == 0)
        return true;
    return strcmp(name, "trusted.overlay.opaque") == 0 &&
           lgetxattr(path, name, value, sizeof(value)) == 1 && value[0] == 'y';
}

static void check_attributes(const char *path)
{
    char names[64 << 10];
    ssize_t n = llistxattr(path, names, sizeof(names));
    for (ssize_t at = 0; at < n; at += (ssize_t)strlen(names + at) + 1)
        FUZZ_ASSERT(is_allowed(path, names + at));
}

static int check_file(const char *path, const struct stat *st, int flag, struct FTW *at)
{
    (void)flag;
    (void)at;
    bool is_whiteout = S_ISCHR(st->st_mode) && st->st_rdev == makedev(0, 0);
    FUZZ_ASSERT(!S_ISBLK(st->st_mode) && !S_ISSOCK(st->st_mode));
    FUZZ_ASSERT(!S_ISCHR(st->st_mode) || is_whiteout);
    check_attributes(path);
    if (S_ISREG(st->st_mode) && st->st_nlink == 1)
        bytes_found += st->st_size;
    return 0;
}

static void check_outside(void)
{
    struct stat st;
    FUZZ_ASSERT(stat(kept, &st) == 0 && st.st_ino == kept_stat.st_ino && st.st_nlink == 1);
    FUZZ_ASSERT(st.st_size == 4 && st.st_mode == kept_stat.st_mode && st.st_uid == 0);
    FUZZ_ASSERT(st.st_mtim.tv_sec == kept_stat.st_mtim.tv_sec &&
                st.st_ctim.tv_nsec == kept_stat.st_ctim.tv_nsec);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct err e;
    if (geteuid() != 0 || n == 0)
        return 0;
    if (root_fd < 0)
        prepare();
    uint8_t *bytes = malloc(n);
    FUZZ_ASSERT(bytes != NULL);
    memcpy(bytes, data + 1, n - 1);
    if ((data[0] & RIGHT_SUMS) != 0)
        put_sums(bytes, n - 1);
    bytes_found = 0;
    int r = unpack(bytes, n - 1, &e);
    FUZZ_ASSERT(nftw(layer, check_file, 32, FTW_PHYS) == 0);
    FUZZ_ASSERT(r < 0 || bytes_found <= LAYER_MAX_BYTES);
    check_outside();
    FUZZ_ASSERT(dir_remove(layer, NULL) == 0);
    free(bytes);
    return 0;
}
