/* SPDX-License-Identifier: Apache-2.0
 *
 * The local stack as a whole: database, API, scheduler, one hypervisor.
 */
#ifndef ERRAND_CLI_STACK_STACK_H
#define ERRAND_CLI_STACK_STACK_H

#include "stack/account.h"
#include "stack/places.h"

#include "env_file.h"

/* The programs, in the order they start; they stop in the opposite one. */
extern const char *const stack_programs[];
extern const size_t n_stack_programs;

#define STACK_URL_BYTES 64

struct stack {
    struct places places;
    struct account service; /* runs the database, the API and the scheduler */
    struct account invoker; /* owns DIR/env and DIR/log */
    struct env_file env;
    char url[STACK_URL_BYTES]; /* "" until the API runs */
    int is_new;                /* the database was made just now */
    int started;               /* how many programs were not running */
};

/* Bring up what does not run; wait until all of it is ready. `port` 0..65535, or STACK_ANY_PORT:
 * the one used before, else 8080, else a free one. 0, or EXIT_OURS after complaining. */
#define STACK_ANY_PORT 65536
int stack_up(struct stack *stack, unsigned port);

/* Stop all of it. 0, or EXIT_OURS after complaining. */
int stack_down(const struct places *places);

#endif
