/* SPDX-License-Identifier: Apache-2.0
 *
 * The program `errand-agent --unpack DIR`: unpacks one image layer, a tar from a stranger, from its
 * standard input into DIR.
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

/* What one layer may unpack to. */
#define LAYER_UNPACKED_MAX_BYTES (INT64_C(64) << 30)

/* Does not return. Exit 0 when done and on disk, else 1 with one line on stderr. Needs root. */
_Noreturn void layer_unpack_main(const char *dir);

#endif
