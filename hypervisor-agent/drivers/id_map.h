/* SPDX-License-Identifier: Apache-2.0
 *
 * One directory with its owners shifted: a second mount of it, through which the file that is 0's
 * on disk is `first`'s. So images are unpacked once and serve every user namespace.
 * Source: mount_setattr(2), "ID-mapped mounts"; layers of an overlay may be such since Linux 5.19.
 */
#ifndef ERRAND_DRIVERS_ID_MAP_H
#define ERRAND_DRIVERS_ID_MAP_H

#include <stdint.h>

#include "base/err.h"

/* A user namespace with nobody in it that maps `n` ids from 0 to those from `first`. */
int id_map_open(uint32_t first, uint32_t n, int *ret_namespace_fd, struct err *e) MUST_USE;

/* Mount `directory` (a path, or from a descriptor /proc/self/fd/N) at the empty directory `target`
 * through the namespace's map, read-only. ERR_INVALID: its file system has no such mounts. */
int id_map_mount(int namespace_fd, const char *directory, const char *target,
                 struct err *e) MUST_USE;

#endif
