/* SPDX-License-Identifier: Apache-2.0
 *
 * The API's side of the agent protocol, in threads of the test's process, made to misbehave: it
 * exists to show faults that a real one cannot be made to show. Every wait fails the test after
 * some seconds. Functions are for the test's thread.
 */
#ifndef ERRAND_TESTS_AGENT_FAKE_API_H
#define ERRAND_TESTS_AGENT_FAKE_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/id.h"
#include "wire/agent_event.h"
#include "wire/assignment.h"
#include "wire/warm_order.h"

#define FAKE_JOIN_TOKEN "err_j_fake"
#define FAKE_CREDENTIAL "err_h_fake"

struct fake_api;

struct fake_api *fake_api_start(void);
void fake_api_stop(struct fake_api *api);
const char *fake_api_url(const struct fake_api *api);

/* An agent's stream is open. Counts how often one was opened. */
int fake_api_wait_connected(struct fake_api *api, int times);
int fake_api_registrations(struct fake_api *api);

/* Write a line into the stream now, and nothing else. */
void fake_api_assign(struct fake_api *api, const struct assignment *a);
void fake_api_order_stop(struct fake_api *api, struct id run, uint32_t attempt);
void fake_api_ping(struct fake_api *api);

/* Assign it now, or as soon as an agent is connected; list it until it has ended and repeat it
 * until it has started, as a real API does. */
void fake_api_hold(struct fake_api *api, const struct assignment *a);

/* Lost when no agent is connected. */
void fake_api_try_stop(struct fake_api *api, struct id run);

/* What the `sync` line of the next connection lists, and repeat `a` after it. */
void fake_api_list(struct fake_api *api, struct id run, uint32_t attempt);
void fake_api_list_nothing(struct fake_api *api);
void fake_api_repeat(struct fake_api *api, const struct assignment *a);
/* What is to be kept warm from now on, now and on every connect; NULL = nothing. */
void fake_api_warm(struct fake_api *api, const struct warm_order *order);
void fake_api_cut_stream(struct fake_api *api);

/* Take the next `n` posts to events (logs) in, then cut the connection within the answer. */
void fake_api_swallow_events(struct fake_api *api, int n);
void fake_api_swallow_logs(struct fake_api *api, int n);

/* The same for logs, but nothing of them is stored. */
void fake_api_drop_logs(struct fake_api *api, int n);

/* Answer every event and line of this attempt with "conflict". */
void fake_api_refuse(struct fake_api *api, struct id run, uint32_t attempt);

/* Wait for an event of a run and copy its numbers; texts are not kept except the reason. */
struct fake_event {
    struct agent_event event;
    char reason[64];
    char message[512];
    char image_digest[128];
};
void fake_api_wait_event(struct fake_api *api, enum agent_event_type type, struct id run,
                         struct fake_event *ret_event);

/* How often it came (with different seq). */
int fake_api_count_events(struct fake_api *api, enum agent_event_type type, struct id run);

/* Wait until the last heartbeat says so. */
void fake_api_wait_mem_free(struct fake_api *api, uint32_t mb);

/* Wait until `n` lines of the run are stored. */
void fake_api_wait_lines(struct fake_api *api, struct id run, uint64_t n);

/* The stored log: "1:text\n" for stdout, "2:text\n" for stderr. Free it. */
char *fake_api_log(struct fake_api *api, struct id run);

/* Seal a JSON object to the registered agent's key, as base64. Free it. */
char *fake_api_seal(struct fake_api *api, const char *json);

#endif
