/* SPDX-License-Identifier: Apache-2.0
 *
 * A box: a sandbox that waits for its run, with a shim of its own (run_spec.h says what the two
 * leave for each other). It is <data_dir>/boxes/<id> until it is given to a run, whose dir and shim
 * it then becomes; nobody else can have it after. One that is not wanted any more is killed by its
 * shim, and reaped when the shim has died over it.
 */
#ifndef ERRAND_HYPERVISOR_AGENT_WARM_BOX_H
#define ERRAND_HYPERVISOR_AGENT_WARM_BOX_H

#include "base/err.h"
#include "launcher.h"
#include "run.h"

enum warm_box_life {
    WARM_BOX_MAKING,
    WARM_BOX_READY,
    WARM_BOX_ENDING, /* its shim, or the reaper after it, removes it */
    WARM_BOX_GONE,   /* nothing of it is left, or nothing more can be done */
};

struct warm_box {
    const struct launcher *launcher;
    struct id id;
    struct id runner;
    enum warm_box_life life;
    char *dir;                 /* owned */
    struct run_spec spec;      /* without anything of a run's */
    struct shim_process *shim; /* owned */
    int64_t until_us;          /* monotonic: its shim should be READY by then, wanted, or gone */
    bool is_reaped;
    bool has_failed;       /* its shim went while it was being made */
    struct warm_box *next; /* of whoever keeps it */

    /* It is GONE; may be freed here. */
    void (*on_gone)(struct warm_box *box);
    void *ctx;
};

/* NULL when out of memory. */
struct warm_box *warm_box_new(const struct launcher *launcher, struct id id);

/* Stops looking at it; the box itself is left alone. */
void warm_box_free(struct warm_box *box);

/* Start its shim with `spec`, which is complete. On failure it is GONE. */
int warm_box_start(struct warm_box *box, struct err *e) MUST_USE;

/* Take up, in order to end it, what an earlier agent left in its dir. on_gone may come at once.
 * When its shim has only just begun, it is ENDING without a shim: again after until_us. */
void warm_box_inherit(struct warm_box *box);

/* Kill it and remove everything. on_gone comes later. */
void warm_box_end(struct warm_box *box);

/* Make a READY box the sandbox, dir and shim of `run`. After success the box is an empty shell, to
 * be freed; after a failure it is the box it was, or not READY any more.
 *
 * In:      spec  the run's; must fit (run_spec_fits)
 */
int warm_box_give(struct warm_box *box, struct run *run, const struct run_spec *spec,
                  shim_exit_fn *on_exit, struct err *e) MUST_USE;

#endif
