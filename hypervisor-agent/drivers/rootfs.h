/* SPDX-License-Identifier: Apache-2.0
 *
 * What a container finds at "/": an overlay of the image's layers with a writable one on top, and
 * the three files in /etc that are its own. In the run dir, which is the working directory.
 *
 * Only the writable layer is on disk. All else a container needs while it lives is in
 * ROOTFS_SCRATCH, a small tmpfs in our own mount namespace, which needs no removing file by file
 * and keeps inodes from coming and going on disk (on ext4 without a journal, each new one searches
 * past all that were freed in the last minute).
 */
#ifndef ERRAND_DRIVERS_ROOTFS_H
#define ERRAND_DRIVERS_ROOTFS_H

#include <stdbool.h>

#include "base/err.h"
#include "run_spec.h"

#define ROOTFS_OVERLAY "overlay" /* the writable layer */
#define ROOTFS_SCRATCH "scratch"

/* Where the scratch directory is mounted too when the container has a user namespace: its root may
 * not pass through the directories that lead to the run dir. */
#define ROOTFS_PASSAGE "/run/errand-box"

/* In the scratch directory: */
#define ROOTFS_DIR "rootfs" /* mount point */
#define ROOTFS_TOP "top"    /* one more layer, over the image's */
#define ROOTFS_INIT "init"  /* errand-init, when the container has a user namespace */
#define ROOTFS_ETC ROOTFS_TOP "/etc"
#define ROOTFS_HOSTS ROOTFS_ETC "/hosts"
#define ROOTFS_HOSTNAME ROOTFS_ETC "/hostname"
#define ROOTFS_RESOLV_CONF ROOTFS_ETC "/resolv.conf"

/* Give the calling process its own mount namespace: later mounts of the host still come in, nothing
 * goes out. */
int rootfs_unshare(struct err *e) MUST_USE;

/* Make the directories, write the files and mount the spec's layers, with shifted owners when the
 * sandbox has a user namespace. The files in /etc come as one
 * more layer, for a file in a layer is cheaper than a bind mount; `*ret_bind_etc` tells when that
 * cannot be, because the image's /etc is a symbolic link, and ROOTFS_HOSTS and the others have to
 * be bound. */
int rootfs_make(const struct run_spec *spec, const char *hostname, bool *ret_bind_etc,
                struct err *e) MUST_USE;

/* Unmount and remove all of it. What is not there is success. */
int rootfs_remove(struct err *e) MUST_USE;

#endif
