/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a run would start sooner: hypervisors that keep its runner's image ready (pins), and those
 * that had its image last. Pins are the database's; which images are where is only remembered from
 * placements, so it may be wrong and costs a pull then.
 */
#ifndef ERRAND_PLACEMENT_WARMTH_H
#define ERRAND_PLACEMENT_WARMTH_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/id.h"

#define WARMTH_IMAGE_PLACES 4     /* hypervisors remembered for each image */
#define WARMTH_PINS_MAX (1 << 17) /* more are not looked at */

struct warmth;

struct warm_pin {
    struct id runner;
    struct id hypervisor;
    int64_t until_us;
};

/* NULL out of memory. */
struct warmth *warmth_new(void);
void warmth_free(struct warmth *warmth);

/* These are all pins there are, sorted by runner. Copied. */
int warmth_set_pins(struct warmth *warmth, const struct warm_pin *pins, size_t n,
                    struct err *e) MUST_USE;

/* The pins of a runner, `*ret_n` of them, expired ones too; borrowed until they are set again. */
const struct warm_pin *warmth_pins(const struct warmth *warmth, struct id runner, size_t *ret_n);

/* A run of this image went there. 0 is no image. */
void warmth_note_image(struct warmth *warmth, uint64_t image, struct id hypervisor);

/* Where it is, the last one first: WARMTH_IMAGE_PLACES ids, nil behind the last. NULL: nowhere. */
const struct id *warmth_image_places(const struct warmth *warmth, uint64_t image);

#endif
