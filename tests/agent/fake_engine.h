/* SPDX-License-Identifier: Apache-2.0
 *
 * A container engine that answers what it is told to, for faults a real one cannot be made to show.
 */
#ifndef ERRAND_TESTS_AGENT_FAKE_ENGINE_H
#define ERRAND_TESTS_AGENT_FAKE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>

/* To the first request whose line contains `match`; the first row that fits answers. */
struct fake_answer {
    const char *match; /* "POST /containers/create" */
    const char *text;  /* all of the answer */
    size_t n;          /* of it; 0 = strlen */
    bool stays;        /* the connection is not closed until fake_engine_let_go() */
};

struct fake_engine;

/* Listens at `path`. `answers` ends in a row without match and is borrowed; what no row fits is
 * answered 404. */
struct fake_engine *fake_engine_start(const char *path, const struct fake_answer *answers);

/* Close all connections that stay, those to come too. */
void fake_engine_let_go(struct fake_engine *engine);

/* How many requests whose line contains `match` have come. */
int fake_engine_count(struct fake_engine *engine, const char *match);

void fake_engine_stop(struct fake_engine *engine);

#endif
