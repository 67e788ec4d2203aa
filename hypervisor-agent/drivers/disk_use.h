/* SPDX-License-Identifier: Apache-2.0
 *
 * How much disk a directory takes, counted file by file.
 */
#ifndef ERRAND_DRIVERS_DISK_USE_H
#define ERRAND_DRIVERS_DISK_USE_H

#include <stdint.h>
#include <sys/types.h>

/* What every file and directory counts at least, so that empty ones are not for nothing. */
#define DISK_USE_FILE_BYTES 4096

/* The bytes of all files below `path`, not beyond its file system; files with several names count
 * once when all names are there. Stops at `enough`. Trees too deep to be walked count as enough. */
uint64_t disk_use_of_tree(const char *path, uint64_t enough);

/* The bytes of files of overlays that the process holds open and that have no name any more. */
uint64_t disk_use_of_unnamed(pid_t pid);

#endif
