/* SPDX-License-Identifier: Apache-2.0
 *
 * The program `errand-agent --unpack DIR MAX_BYTES FLOOR_BYTES`: unpacks one image layer, a tar
 * from a stranger, from its standard input into DIR.
 *
 * It is a process of its own that is confined to DIR (chroot) before it reads the first byte, so
 * that whatever a name, a symbolic link or a hard link in the tar says, it says it about DIR. It
 * keeps owners, modes, setuid bits, times, user.* attributes and file capabilities; whiteouts
 * become overlayfs's own; device nodes and sockets are left out, for a container's /dev is its
 * runtime's. Formats: tar (ustar, pax, GNU), plain, gzip or zstd. Source: OCI image-spec, layer.md;
 * Documentation/filesystems/overlayfs.rst "whiteouts and opaque directories".
 */
#ifndef ERRAND_IMAGES_LAYER_UNPACK_H
#define ERRAND_IMAGES_LAYER_UNPACK_H

#include <stdbool.h>

#include "base/err.h"

struct layer_limits;

/* The most a layer may unpack to when nothing else is said, and how many names it may hold. */
#define LAYER_UNPACKED_MAX_BYTES (INT64_C(64) << 30)
#define LAYER_ENTRIES_MAX 2000000

/* On the layer's directory: about how much of the disk it takes, in decimal. */
#define LAYER_BYTES_ATTRIBUTE "trusted.errand.bytes"

/* How the program ends, beside 0 and death. */
#define LAYER_UNPACK_FAILED 1    /* not a layer, or the disk refuses */
#define LAYER_UNPACK_DISK_FULL 3 /* less than FLOOR_BYTES would stay free */

/* True when these are the arguments of the program. */
bool layer_unpack_is_asked(int argc, char *const *argv);

/* The program's work alone, for tests: unpack what `fd` gives into the working directory, which is
 * this process's root directory already. ERR_LIMIT: the disk is full. */
int layer_unpack_here(int fd, const struct layer_limits *limits, struct err *e) MUST_USE;

/* Does not return. Exit 0 when done and on disk, else one line on stderr says why. Needs root. */
_Noreturn void layer_unpack_main(char *const *argv);

#endif
