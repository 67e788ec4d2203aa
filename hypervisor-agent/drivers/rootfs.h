/* SPDX-License-Identifier: Apache-2.0
 *
 * What a container finds at "/": an overlay of the image's layers with a writable one on top, and
 * the three files in /etc that are its own. All in the run dir, which is the working directory.
 */
#ifndef ERRAND_DRIVERS_ROOTFS_H
#define ERRAND_DRIVERS_ROOTFS_H

#include "base/err.h"
#include "run_spec.h"

#define ROOTFS_DIR "rootfs"      /* mount point */
#define ROOTFS_OVERLAY "overlay" /* the writable layer */
#define ROOTFS_ETC "etc"
#define ROOTFS_HOSTS ROOTFS_ETC "/hosts"
#define ROOTFS_HOSTNAME ROOTFS_ETC "/hostname"
#define ROOTFS_RESOLV_CONF ROOTFS_ETC "/resolv.conf"

/* Give the calling process its own mount namespace: later mounts of the host still come in, nothing
 * goes out. */
int rootfs_unshare(struct err *e) MUST_USE;

/* Make the directories, write the files and mount. */
int rootfs_make(const struct text_list *layers, const char *hostname, struct err *e) MUST_USE;

/* Unmount and remove all of it. What is not there is success. */
int rootfs_remove(struct err *e) MUST_USE;

#endif
