/* SPDX-License-Identifier: Apache-2.0
 *
 * Everything one test pulls images with: stores in a directory of its own, a puller on a loop of
 * its own, and what became of each request. The test program is its own unpacker.
 */
#ifndef ERRAND_TESTS_AGENT_PULL_FIXTURE_H
#define ERRAND_TESTS_AGENT_PULL_FIXTURE_H

#include "support/test.h"

#include "agent/registry_fixture.h"
#include "images/image_puller.h"

#include <uv.h>

struct bench {
    char dir[FIXTURE_PATH_BYTES];
    /* set before bench_open() */
    const char *layers_dir; /* NULL: in `dir` */
    struct layer_limits limits;
    struct registry_rules rules;
    int64_t floor_bytes;
    int64_t max_bytes;

    uv_loop_t loop;
    struct layer_store *layers;
    struct image_store *images;
    struct image_cache *cache;
    struct image_puller *puller;
    struct timer *patience;
    char needed[DIGEST_TEXT_BYTES]; /* the cache must keep this image */
};

/* What became of a request. */
struct outcome {
    bool is_done;
    bool has_image;
    enum termination_reason reason;
    struct err why;
    char digest[DIGEST_TEXT_BYTES];
    int calls;
    int64_t total_bytes;
};

void bench_open(struct bench *b);

/* Waits for threads and timers. */
void bench_close(struct bench *b);

/* For cmocka: a bench in a new directory, and away with it. */
int bench_set_up(void **state);
int bench_tear_down(void **state);

/* `login` and `project` may be NULL. */
struct image_request *bench_request(struct bench *b, const char *text,
                                    const struct registry_login *login, const struct id *project,
                                    uint32_t timeout_s, struct outcome *o);
void bench_wait(struct bench *b, const struct outcome *o);

/* Anonymous, to its end, with a minute of time. */
void bench_pull(struct bench *b, const char *text, struct outcome *o);

/* The same, as a project with a login. */
void bench_pull_as(struct bench *b, const char *text, const struct registry_login *login,
                   const struct id *project, struct outcome *o);

/* Fails the test, with the reason, when there is no image. */
void assert_pulled(const struct outcome *o);

#endif
