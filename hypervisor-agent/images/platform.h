/* SPDX-License-Identifier: Apache-2.0
 *
 * Which images fit a machine: operating system, architecture and variant as image indexes and
 * configurations name them. Source: OCI image-spec, image-index.md "Platform Variants".
 */
#ifndef ERRAND_IMAGES_PLATFORM_H
#define ERRAND_IMAGES_PLATFORM_H

#include "base/buf.h"

/* Texts are borrowed; a NULL or empty one was not given. */
struct platform {
    const char *os;
    const char *architecture;
    const char *variant;
};

/* The machine this runs on; on amd64 the variant is the highest level of the processor. */
const struct platform *platform_host(void);

/* How well an image for `image` suits `machine`: less than 0 not at all, else the higher the
 * better. An image that names nothing suits every machine, but worse than one that does. */
int platform_rank(const struct platform *image, const struct platform *machine);

/* Append "linux/arm64/v8". */
void platform_put(struct buf *b, const struct platform *platform);

#endif
