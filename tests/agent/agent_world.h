/* SPDX-License-Identifier: Apache-2.0
 *
 * The real errand-agent with real shims, a real runtime and a real registry, against an API that
 * can be made to misbehave. Needs root.
 */
#ifndef ERRAND_TESTS_AGENT_WORLD_H
#define ERRAND_TESTS_AGENT_WORLD_H

#include "support/test.h"

#include "agent/fake_api.h"
#include "agent/registry_fixture.h"

#include <stdbool.h>
#include <sys/types.h>

#define MEM_TOTAL_MB 512
#define MEM_RUN_MB 64

struct world {
    struct fake_api *api;
    char dir[FIXTURE_PATH_BYTES];
    char bin_dir[2 * FIXTURE_PATH_BYTES]; /* the agent's programs */
    char bridge[16];                      /* "none": leaves the machine's network as it is */
    char *subnet;                         /* of the bridge; NULL = the agent's default */
    const char *runtime;                  /* NULL = what the agent finds */
    int start_timeout_seconds;
    pid_t agent;     /* 0 while it is down */
    size_t log_from; /* where its words begin in the log of all */
    char *sealed;    /* SECRET and IMAGE */
};

/* One registry with one image for all tests of a program. */
extern struct registry_fixture world_registry;
extern char world_image[FIXTURE_PATH_BYTES];
extern char world_image_digest[72];
int world_group_set_up(void **state);
int world_group_tear_down(void **state);

/* For each test: an agent that is connected. The teardown fails when it printed a secret. */
int world_set_up(void **state);
int world_tear_down(void **state);

/* The same in steps: a world without an agent. */
void world_init(struct world *w);
void world_enroll(struct world *w);

#define WORLD_TEST(test) cmocka_unit_test_setup_teardown(test, world_set_up, world_tear_down)

char *text_of(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void sleep_ms(long ms);

void agent_start(struct world *w);

/* Its exit status; 128 + n for a signal. What is not KILL waits until it has begun. */
int agent_stop(struct world *w, int signal);

bool run_dirs_are_gone(const struct world *w);
void wait_run_dirs_gone(const struct world *w);

/* Wait until a line of the agent's log contains `text`. */
void wait_agent_log(const struct world *w, const char *text);

/* A run of `script` by the image's shell. */
struct assignment run_of(const struct world *w, const char *script);

/* `n` boxes for runs like run_of()'s of `runner`. */
struct warm_order warm_for(struct id runner, uint32_t n);

/* The ids of boxes that are ready, at most `max` of them. */
size_t find_boxes(const struct world *w, struct id ids[], size_t max);
void wait_boxes(const struct world *w, size_t n);

/* Waits for the end and for the last line. */
void assert_finished(struct world *w, struct id run, const char *reason, int exit_code);
void assert_log(struct world *w, struct id run, const char *expected);

/* "1:1\n1:2\n..." as `seq` prints it. */
void assert_log_counts(struct world *w, struct id run, int n);

/* The shim of a living run, from its status file; 0 while there is none. */
pid_t shim_pid(const struct world *w, struct id run);

/* A child of `pid` that has executed another program, or 0. */
pid_t child_of(pid_t pid);

#endif
