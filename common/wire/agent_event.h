/* SPDX-License-Identifier: Apache-2.0
 *
 * What a hypervisor tells the API: POST /agent/v1/events, {"events":[{"seq":N,"type":...}, ...]}.
 * At most LIMIT_AGENT_EVENTS in one request. Each is answered by its `seq` (wire/agent_result.h);
 * an unanswered one is sent again.
 */
#ifndef ERRAND_WIRE_AGENT_EVENT_H
#define ERRAND_WIRE_AGENT_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/id.h"

struct json_t;

enum agent_event_type {
    AGENT_EVENT_HEARTBEAT,
    AGENT_EVENT_PULLING,
    AGENT_EVENT_STARTED,
    AGENT_EVENT_FINISHED,
    AGENT_EVENT_WARMED,
    AGENT_EVENT_USAGE,
    AGENT_EVENT_TYPE_COUNT
};

struct agent_heartbeat {
    int64_t at_us; /* by its own clock; 0: an agent that does not say */
    uint32_t mem_total_mb;
    uint32_t mem_free_mb; /* total less what the agent's live runs may use */
    int64_t disk_free_bytes;
    uint32_t runs;
    uint32_t images_cached;
};

struct agent_pulling {
    int64_t done_bytes;
    int64_t total_bytes; /* 0 while unknown */
};

struct agent_started {
    int64_t at_us;
    const char *image_digest; /* "sha256:..." of the manifest that runs */
    uint32_t pull_ms;
    const char *image; /* "local": no registry was asked; "pulled"; NULL: not known */
    uint32_t start_ms; /* image ready to process running */
};

struct agent_finished {
    int64_t at_us;
    bool has_exit_code; /* false: the process never ran */
    int32_t exit_code;
    const char *reason; /* termination_reason */
    const char *message;
    int64_t last_line; /* id of the last log line, 0 for none: the log is complete there */
    int64_t log_bytes;
    bool log_truncated;
    int64_t cpu_ms;
    int64_t memory_peak_bytes;
    int64_t io_read_bytes; /* of block devices */
    int64_t io_write_bytes;
    bool oom_killed;
};

struct agent_warmed {
    const char *image_digest; /* NULL: it could not be warmed */
    const char *message;      /* then: why */
};

/* What a run has used by `at_us`, and what it has then. */
struct agent_usage {
    int64_t at_us;
    int64_t cpu_ms;
    int64_t memory_bytes;
    int64_t io_read_bytes;
    int64_t io_write_bytes;
    int64_t processes;
};

struct agent_event {
    int64_t seq;
    enum agent_event_type type;
    struct id run_id; /* nil for a heartbeat; the runner of `warmed` */
    uint32_t attempt;
    union {
        struct agent_heartbeat heartbeat;
        struct agent_pulling pulling;
        struct agent_started started;
        struct agent_finished finished;
        struct agent_warmed warmed;
        struct agent_usage usage;
    };
};

/* A parsed request; texts of the events live as long as it does. */
struct agent_event_list {
    struct agent_event *items; /* owned */
    size_t n;
    struct json_t *doc; /* owned */
};

/* Append one event as a JSON object. */
void agent_event_put(struct buf *b, const struct agent_event *event);

/* Parse a request body. ERR_INVALID names the event and member; ERR_LIMIT too many events. */
int agent_event_list_parse(const char *text, size_t n, struct agent_event_list *ret_list,
                           struct err *e) MUST_USE;
void agent_event_list_done(struct agent_event_list *list);

#endif
