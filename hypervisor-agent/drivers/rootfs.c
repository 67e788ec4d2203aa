/* SPDX-License-Identifier: Apache-2.0
 *
 * Layers are named to the kernel as /proc/self/fd/N: mount options are one page, which full paths
 * of a deep image would fill, and no character in a path needs escaping.
 */
#include "drivers/rootfs.h"

#include "base/buf.h"
#include "base/file.h"
#include "drivers/id_map.h"
#include "drivers/isolation.h"
#include "drivers/resolv_conf.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define UPPER ROOTFS_OVERLAY "/upper"
#define WORK ROOTFS_OVERLAY "/work"
#define MOUNT_POINT ROOTFS_SCRATCH "/" ROOTFS_DIR
#define SHIFTED ROOTFS_SCRATCH "/layers" /* mount points of layers with shifted owners */

#define ETC_FILE_MAX_BYTES ((size_t)32 * 1024)

/* Docker's ceiling; fds and the page of options bear more */
#define LAYERS_MAX 128
#define OPTIONS_MAX_BYTES 4095

/* Who is root inside: 0, or where a user namespace's ids begin. */
struct owners {
    uint32_t first;
    int namespace_fd; /* -1 = no user namespace */
};

static void owners_done(struct owners *owners)
{
    fd_closep(&owners->namespace_fd);
}

struct overlay_fds {
    int fds[LAYERS_MAX + 3];
    size_t n;
};

static void overlay_fds_done(struct overlay_fds *fds)
{
    for (size_t i = 0; i < fds->n; i++)
        (void)close(fds->fds[i]);
}

static int add_directory(struct overlay_fds *fds, struct buf *options, const char *before,
                         const char *path, struct err *e)
{
    int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(e, errno, "open layer %s", path);
    fds->fds[fds->n++] = fd;
    buf_printf(options, "%s/proc/self/fd/%d", before, fd);
    return 0;
}

/* A layer of the image. */
static int add_layer(struct overlay_fds *fds, struct buf *options, const char *path,
                     const struct owners *owners, struct err *e)
{
    const char *before = fds->n == 0 ? "" : ":";
    char shifted[sizeof(SHIFTED) + 16];
    if (owners->namespace_fd < 0)
        return add_directory(fds, options, before, path, e);
    if (snprintf(shifted, sizeof(shifted), SHIFTED "/%zu", fds->n) < 0 || mkdir(shifted, 0700) < 0)
        return err_errno(e, errno, "make directory %s", shifted);
    int r = id_map_mount(owners->namespace_fd, path, shifted, e);
    return r < 0 ? r : add_directory(fds, options, before, shifted, e);
}

/* volatile: unmounting does not flush the host's file system; the upper layer dies with the run.
 * Kernels before 5.10 do not know it. */
static int mount_overlay(struct buf *options, struct err *e)
{
    size_t n = options->len;
    buf_add_text(options, ",volatile");
    if (!buf_ok(options))
        return err_set(e, ERR_LIMIT, "mount the image: too many layers");
    if (mount("overlay", MOUNT_POINT, "overlay", 0, buf_text(options)) == 0)
        return 0;
    if (errno != EINVAL)
        return err_errno(e, errno, "mount the image");

    options->len = n;
    if (mount("overlay", MOUNT_POINT, "overlay", 0, buf_text(options)) < 0)
        return err_errno(e, errno, "mount the image (is the data directory itself an overlay?)");
    return 0;
}

static int make_directory(const char *path, mode_t mode, struct err *e)
{
    if (mkdir(path, mode) < 0)
        return err_errno(e, errno, "make directory %s", path);
    return 0;
}

static int own(const char *path, const struct owners *owners, uid_t uid, gid_t gid, struct err *e)
{
    if (chown(path, owners->first + uid, owners->first + gid) < 0)
        return err_errno(e, errno, "own %s", path);
    return 0;
}

/* The upper directory's mode is that of the container's "/". */
static int make_directories(const struct owners *owners, struct err *e)
{
    int r = make_directory(ROOTFS_OVERLAY, 0700, e);
    if (r == 0)
        r = make_directory(UPPER, 0755, e);
    if (r == 0)
        r = own(UPPER, owners, 0, 0, e);
    if (r == 0)
        r = make_directory(WORK, 0700, e);
    if (r == 0)
        r = make_directory(ROOTFS_SCRATCH, 0700, e);
    if (r == 0 && mount("errand", ROOTFS_SCRATCH, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
                        owners->namespace_fd < 0 ? "mode=0700,size=4m" : "mode=0711,size=4m") < 0)
        r = err_errno(e, errno, "mount " ROOTFS_SCRATCH);
    if (r == 0)
        r = make_directory(MOUNT_POINT, 0700, e);
    if (r == 0)
        r = make_directory(SHIFTED, 0700, e);
    if (r == 0)
        r = make_directory(ROOTFS_SCRATCH "/" ROOTFS_TOP, 0755, e);
    return r;
}

static int write_file(const char *path, const struct buf *text, const struct owners *owners,
                      struct err *e)
{
    CLEANUP(fd_closep) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0)
        return err_errno(e, errno, "create %s", path);
    if (write(fd, text->data, text->len) != (ssize_t)text->len)
        return err_errno(e, ENOSPC, "write %s", path);
    return own(path, owners, 0, 0, e);
}

static int write_etc(const char *hostname, enum run_network network, const struct owners *owners,
                     struct err *e)
{
    CLEANUP(buf_done) struct buf text;
    buf_init(&text, ETC_FILE_MAX_BYTES);
    buf_printf(&text,
               "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n"
               "fe00::0\tip6-localnet\nff00::0\tip6-mcastprefix\nff02::1\tip6-allnodes\n"
               "ff02::2\tip6-allrouters\n127.0.1.1\t%s\n",
               hostname);
    int r = write_file(ROOTFS_SCRATCH "/" ROOTFS_HOSTS, &text, owners, e);
    buf_clear(&text);
    buf_printf(&text, "%s\n", hostname);
    if (r == 0)
        r = write_file(ROOTFS_SCRATCH "/" ROOTFS_HOSTNAME, &text, owners, e);
    buf_clear(&text);
    if (network == RUN_NETWORK_BRIDGE)
        resolv_conf_put(&text);
    else
        buf_add_text(&text, "# no network, no name servers\n");
    if (r == 0)
        r = write_file(ROOTFS_SCRATCH "/" ROOTFS_RESOLV_CONF, &text, owners, e);
    return r;
}

/* The image's /etc as the topmost layer that has one shows it; mode 0 when none has. */
static struct stat find_etc(const struct text_list *layers)
{
    struct stat st = {.st_mode = 0};
    for (size_t i = layers->n; i > 0; i--) {
        CLEANUP(fd_closep) int fd = open(layers->items[i - 1], O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (fd >= 0 && fstatat(fd, "etc", &st, AT_SYMLINK_NOFOLLOW) == 0)
            return st;
    }
    return (struct stat){.st_mode = 0};
}

/* Owner and mode of a directory in several layers are the topmost layer's: ours takes over what the
 * image's says. */
static int make_etc(const struct run_spec *spec, const char *hostname, const struct owners *owners,
                    bool *ret_bind_etc, struct err *e)
{
    struct stat st = find_etc(&spec->layers);
    mode_t mode = S_ISDIR(st.st_mode) ? st.st_mode & 07777 : 0755;
    int r = make_directory(ROOTFS_SCRATCH "/" ROOTFS_ETC, mode, e);
    if (r == 0)
        r = own(ROOTFS_SCRATCH "/" ROOTFS_ETC, owners, st.st_uid, st.st_gid, e);
    if (r == 0)
        r = write_etc(hostname, spec->network, owners, e);
    *ret_bind_etc = st.st_mode != 0 && !S_ISDIR(st.st_mode);
    return r;
}

/* runc follows links at these places while it still sees the machine's files: an image could have
 * it write there, as root. */
static int check_mount_points(struct err *e)
{
    static const char *const names[] = {"dev", "proc", "sys"};
    CLEANUP(fd_closep) int fd = open(MOUNT_POINT, O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct stat st;
    if (fd < 0)
        return err_errno(e, errno, "open the image");
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (fstatat(fd, names[i], &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(st.st_mode))
            return err_set(e, ERR_INVALID, "the image's /%s is no directory", names[i]);
    }
    return 0;
}

/* What the container's root cannot reach by its own path: the bundle and errand-init. */
static int make_passage(const char *init, struct err *e)
{
    CLEANUP(fd_closep)
    int fd = open(ROOTFS_SCRATCH "/" ROOTFS_INIT, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 || mount(init, ROOTFS_SCRATCH "/" ROOTFS_INIT, NULL, MS_BIND, NULL) < 0)
        return err_errno(e, errno, "bind %s", init);
    int r = dir_make(ROOTFS_PASSAGE, 0755, e);
    if (r == 0 && mount(ROOTFS_SCRATCH, ROOTFS_PASSAGE, NULL, MS_BIND | MS_REC, NULL) < 0)
        r = err_errno(e, errno, "bind " ROOTFS_PASSAGE);
    return r;
}

static int open_owners(const struct run_spec *spec, struct owners *owners, struct err *e)
{
    if (!isolation_of(spec->sandbox)->user_namespace)
        return 0;
    owners->first = isolation_first_id(spec->run);
    return id_map_open(owners->first, ISOLATION_IDS, &owners->namespace_fd, e);
}

int rootfs_unshare(struct err *e)
{
    if (unshare(CLONE_NEWNS) < 0)
        return err_errno(e, errno, "make a mount namespace");
    if (mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) < 0)
        return err_errno(e, errno, "make mounts private");
    return 0;
}

int rootfs_make(const struct run_spec *spec, const char *hostname, bool *ret_bind_etc,
                struct err *e)
{
    const struct text_list *layers = &spec->layers;
    CLEANUP(owners_done) struct owners owners = {.namespace_fd = -1};
    CLEANUP(overlay_fds_done) struct overlay_fds fds = {.n = 0};
    CLEANUP(buf_done) struct buf options;
    buf_init(&options, OPTIONS_MAX_BYTES);
    if (layers->n > LAYERS_MAX)
        return err_set(e, ERR_LIMIT, "mount the image: more than %d layers", LAYERS_MAX);

    int r = open_owners(spec, &owners, e);
    if (r == 0)
        r = make_directories(&owners, e);
    if (r == 0)
        r = make_etc(spec, hostname, &owners, ret_bind_etc, e);
    buf_add_text(&options, "lowerdir=");
    if (r == 0 && !*ret_bind_etc)
        r = add_directory(&fds, &options, "", ROOTFS_SCRATCH "/" ROOTFS_TOP, e);
    for (size_t i = layers->n; r == 0 && i > 0; i--)
        r = add_layer(&fds, &options, layers->items[i - 1], &owners, e);
    if (r == 0)
        r = add_directory(&fds, &options, ",upperdir=", UPPER, e);
    if (r == 0)
        r = add_directory(&fds, &options, ",workdir=", WORK, e);
    if (r == 0)
        r = mount_overlay(&options, e);
    if (r == 0)
        r = check_mount_points(e);
    if (r == 0 && owners.namespace_fd >= 0)
        r = make_passage(spec->init, e);
    return r;
}

int rootfs_remove(struct err *e)
{
    /* with all that is mounted below; the passage is in the mount namespace of the shim only */
    (void)umount2(ROOTFS_PASSAGE, MNT_DETACH);
    if (umount2(ROOTFS_SCRATCH, MNT_DETACH) < 0 && errno != EINVAL && errno != ENOENT)
        return err_errno(e, errno, "unmount " ROOTFS_SCRATCH);
    return 0;
}
