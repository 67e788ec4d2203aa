/* SPDX-License-Identifier: Apache-2.0
 *
 * Warm pins: a hypervisor keeps a runner's image ready until a time, and placement sends its runs
 * there while there is room. Who warms up makes and renews pins; the scheduler reads them and
 * removes those that are over.
 */
#ifndef ERRAND_STORE_PIN_STORE_H
#define ERRAND_STORE_PIN_STORE_H

#include <stdint.h>

#include "base/id.h"
#include "store/db.h"

struct pin {
    struct id runner;
    struct id hypervisor;
    const char *image_digest; /* "sha256:..." that was pulled */
    int64_t pool;             /* sandboxes kept ready */
    int64_t seconds;          /* from now on */
};

/* Make it or renew it; the runner's warmed_at becomes now. One row, none when runner or hypervisor
 * are gone. Afterwards: BUS_FLEET of the hypervisor. */
extern const struct statement pin_store_put;
void pin_store_put_params(struct params *p, const struct pin *pin);

/* Forget all pins of a runner ($1), as when its image is another. */
extern const struct statement pin_store_drop;
void pin_store_drop_params(struct params *p, struct id runner);

/* All pins that are valid, sorted by runner, at most `$1`. Rows: pin_store_read(). */
extern const struct statement pin_store_load;
/* Those of one runner, `$1`. */
extern const struct statement pin_store_load_of_runner;

struct valid_pin {
    struct id runner;
    struct id hypervisor;
    int64_t until_us;
};

void pin_store_read(const struct rows *rows, int row, struct valid_pin *ret_pin);

/* Remove at most `$1` that are over. */
extern const struct statement pin_store_expire;

#endif
