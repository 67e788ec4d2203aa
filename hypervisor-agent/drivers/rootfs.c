/* SPDX-License-Identifier: Apache-2.0
 *
 * Layers are named to the kernel as /proc/self/fd/N: mount options are one page, which full paths
 * of a deep image would fill, and no character in a path needs escaping.
 */
#include "drivers/rootfs.h"

#include "base/buf.h"
#include "base/file.h"

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

/* Docker's ceiling; fds and the page of options bear more */
#define LAYERS_MAX 128
#define OPTIONS_MAX_BYTES 4095

struct overlay_fds {
    int fds[LAYERS_MAX + 2];
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

/* volatile: unmounting does not flush the host's file system; the upper layer dies with the run.
 * Kernels before 5.10 do not know it. */
static int mount_overlay(struct buf *options, struct err *e)
{
    size_t n = options->len;
    buf_add_text(options, ",volatile");
    if (!buf_ok(options))
        return err_set(e, ERR_LIMIT, "mount the image: too many layers");
    if (mount("overlay", ROOTFS_DIR, "overlay", 0, buf_text(options)) == 0)
        return 0;
    if (errno != EINVAL)
        return err_errno(e, errno, "mount the image");

    options->len = n;
    if (mount("overlay", ROOTFS_DIR, "overlay", 0, buf_text(options)) < 0)
        return err_errno(e, errno, "mount the image (is the data directory itself an overlay?)");
    return 0;
}

static int make_directory(const char *path, mode_t mode, struct err *e)
{
    if (mkdir(path, mode) < 0)
        return err_errno(e, errno, "make directory %s", path);
    return 0;
}

/* The upper directory's mode is that of the container's "/". */
static int make_directories(struct err *e)
{
    static const struct {
        const char *path;
        mode_t mode;
    } wanted[] = {
        {ROOTFS_DIR, 0700}, {ROOTFS_ETC, 0700}, {ROOTFS_OVERLAY, 0700}, {UPPER, 0755}, {WORK, 0700},
    };
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
        int r = make_directory(wanted[i].path, wanted[i].mode, e);
        if (r < 0)
            return r;
    }
    return 0;
}

static int write_file(const char *path, const struct buf *text, struct err *e)
{
    CLEANUP(fd_closep) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0)
        return err_errno(e, errno, "create %s", path);
    if (write(fd, text->data, text->len) != (ssize_t)text->len)
        return err_errno(e, ENOSPC, "write %s", path);
    return 0;
}

static int write_etc(const char *hostname, struct err *e)
{
    CLEANUP(buf_done) struct buf text;
    buf_init(&text, 4096);
    buf_printf(&text,
               "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n"
               "fe00::0\tip6-localnet\nff00::0\tip6-mcastprefix\nff02::1\tip6-allnodes\n"
               "ff02::2\tip6-allrouters\n127.0.1.1\t%s\n",
               hostname);
    int r = write_file(ROOTFS_HOSTS, &text, e);
    buf_clear(&text);
    buf_printf(&text, "%s\n", hostname);
    if (r == 0)
        r = write_file(ROOTFS_HOSTNAME, &text, e);
    buf_clear(&text);
    buf_add_text(&text, "# no network, no name servers\n");
    if (r == 0)
        r = write_file(ROOTFS_RESOLV_CONF, &text, e);
    return r;
}

int rootfs_unshare(struct err *e)
{
    if (unshare(CLONE_NEWNS) < 0)
        return err_errno(e, errno, "make a mount namespace");
    if (mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) < 0)
        return err_errno(e, errno, "make mounts private");
    return 0;
}

int rootfs_make(const struct text_list *layers, const char *hostname, struct err *e)
{
    CLEANUP(overlay_fds_done) struct overlay_fds fds = {.n = 0};
    CLEANUP(buf_done) struct buf options;
    buf_init(&options, OPTIONS_MAX_BYTES);
    if (layers->n > LAYERS_MAX)
        return err_set(e, ERR_LIMIT, "mount the image: more than %d layers", LAYERS_MAX);

    int r = make_directories(e);
    if (r == 0)
        r = write_etc(hostname, e);
    for (size_t i = layers->n; r == 0 && i > 0; i--)
        r = add_directory(&fds, &options, i == layers->n ? "lowerdir=" : ":", layers->items[i - 1],
                          e);
    if (r == 0)
        r = add_directory(&fds, &options, ",upperdir=", UPPER, e);
    if (r == 0)
        r = add_directory(&fds, &options, ",workdir=", WORK, e);
    if (r == 0)
        r = mount_overlay(&options, e);
    return r;
}

int rootfs_remove(struct err *e)
{
    if (umount2(ROOTFS_DIR, MNT_DETACH) < 0 && errno != EINVAL && errno != ENOENT)
        return err_errno(e, errno, "unmount the image");
    int r = dir_remove(ROOTFS_DIR, e);
    if (r == 0)
        r = dir_remove(ROOTFS_ETC, e);
    if (r == 0)
        r = dir_remove(ROOTFS_OVERLAY, e);
    return r;
}
