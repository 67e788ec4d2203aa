/* SPDX-License-Identifier: Apache-2.0
 *
 * What an engine's finished answers mean. They are another program's word: unknown members are
 * passed over, missing ones are errors.
 */
#ifndef ERRAND_ENGINE_ENGINE_ANSWER_H
#define ERRAND_ENGINE_ENGINE_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/engine_call.h"

#define ENGINE_ID_BYTES 128

/* 0 for a 2xx or 304; else an error with the engine's own message.
 * ERR_INVALID (400), ERR_UNAUTHENTICATED, ERR_DENIED, ERR_NOT_FOUND, ERR_CONFLICT, ERR_INTERNAL */
int engine_answer_check(const struct engine_call *call, struct err *e) MUST_USE;

/* Start, finish and check one whole request. engine_call_done() afterwards in any case.
 * ERR_UNAVAILABLE also: no answer in time */
int engine_answer_await(struct engine_call *call, const struct engine_request *request,
                        int64_t timeout_us, struct err *e) MUST_USE;

/* {"Id": ...} */
int engine_answer_id(const struct engine_call *call, char *ret_id, struct err *e) MUST_USE;

struct engine_container_state {
    bool is_running;
    bool oom_killed;
    int32_t exit_code;
};

/* Of an inspected container. */
int engine_answer_state(const struct engine_call *call, struct engine_container_state *ret_state,
                        struct err *e) MUST_USE;

/* {"message": ...}; `text` of `n` bytes, cut; "" when there is none. */
void engine_answer_message(const char *json, size_t json_n, char *text, size_t n);

#endif
