/* SPDX-License-Identifier: Apache-2.0
 *
 * Statements that make runs: of a runner, or of another run.
 */
#ifndef ERRAND_STORE_RUN_TRIGGER_STORE_H
#define ERRAND_STORE_RUN_TRIGGER_STORE_H

#include "model/run.h"
#include "store/run_kinds.h"
#include "store/run_store.h"

#define RUN_TRIGGER_MAX RUN_KINDS_MAX /* requests in one statement */

/* Make runs of what their runners are now. A row for each kind of request, in no order, that is as
 * the first run of the kind, which differs from the others in nothing but the id. No row: no such
 * runner, no such instance type, more than LIMIT_LABELS labels, a quota that cannot take all of the
 * kind, or a quota and more than one kind; of these requests nothing happened. Asked for alone it
 * is known: run_trigger_store_refusal says which. Afterwards: BUS_QUEUE. */
extern const struct statement run_trigger_store_make;
void run_trigger_store_make_params(struct params *p, const struct run_request *requests, size_t n);
/* The same for requests with keys, which it claims: what a key was used for already, or what could
 * not be made, is not made and nothing is claimed (idempotency_store_claim tells which). */
extern const struct statement run_trigger_store_make_once;
void run_trigger_store_make_once_params(struct params *p, const struct run_request *requests,
                                        size_t n);
/* Whether the run, which is of the kind of the row, was made: false when there was one of that id.
 */
bool run_trigger_store_is_made(const struct rows *rows, int row, struct id id);

/* What a trigger would have to be placed: one row; none as for run_trigger_store_make. */
extern const struct statement run_trigger_store_wish;
void run_trigger_store_wish_params(struct params *p, const struct run_request *request);

struct run_wish {
    struct id region;
    int64_t memory_mb;
    int64_t cpu_milli;
    const char *labels; /* lines that the hypervisor must have; borrowed from the rows */
};

void run_trigger_store_read_wish(const struct rows *rows, struct run_wish *ret_wish);

enum run_refusal {
    RUN_REFUSAL_NONE = 0,
    RUN_REFUSAL_RUNNER = 1 << 0,
    RUN_REFUSAL_INSTANCE_TYPE = 1 << 1,
    RUN_REFUSAL_LABELS = 1 << 2,
    RUN_REFUSAL_QUOTA = 1 << 3, /* run_trigger_store_refusal_quota() says which */
};
extern const struct statement run_trigger_store_refusal;
void run_trigger_store_refusal_params(struct params *p, const struct run_request *request);
unsigned run_trigger_store_refusal_read(const struct rows *rows); /* of enum run_refusal */
const char *run_trigger_store_refusal_quota(const struct rows *rows);

/* Make a run like another one, final or not; `env` wins over its environment. One row: the new run.
 * No row: nothing happened, and run_trigger_store_rerun_refusal says why, in no row when there is
 * no such run. Afterwards: BUS_QUEUE. */
extern const struct statement run_trigger_store_rerun;
void run_trigger_store_rerun_params(struct params *p, struct run_place place, struct id run,
                                    const char *trigger_by, const struct run_env *env,
                                    size_t env_n);
extern const struct statement run_trigger_store_rerun_refusal; /* run_store_place_params() */
void run_trigger_store_rerun_refusal_read(const struct rows *rows, bool *ret_has_runner,
                                          const char **ret_quota);

#endif
