/* SPDX-License-Identifier: Apache-2.0
 *
 * What hypervisors report: themselves, that they live, and how their runs begin and end.
 *
 * A report about a run counts only from the hypervisor and for the attempt that the run has now;
 * the comparison is part of the statement that makes the change.
 */
#ifndef ERRAND_STORE_AGENT_STORE_H
#define ERRAND_STORE_AGENT_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/id.h"
#include "model/reason.h"
#include "store/db.h"

struct agent_registration {
    struct id hypervisor; /* used when the name is new */
    struct id token;      /* id of the credential's row, used when it is the first */
    const char *name;
    const char *region; /* slug */
    int64_t cpu_milli;
    int64_t memory_total_mb;
    int64_t disk_free_bytes;
    const char *version;
    const char *labels; /* JSON object of texts */
    const char *const *runtimes;
    size_t runtimes_n;
    const unsigned char *public_key;      /* 32 bytes */
    const unsigned char *credential_hash; /* 32 bytes */
};

/* Make the hypervisor of this name, or renew it; its credential so far is replaced. Answers one
 * row, none when there is no such region. */
extern const struct statement agent_store_register;
void agent_store_register_params(struct params *p, const struct agent_registration *r);
struct id agent_store_registered_id(const struct rows *rows);

struct agent_vitals {
    int64_t memory_total_mb;
    int64_t memory_free_mb;
    int64_t disk_free_bytes;
    int64_t images_cached;
    int64_t clock_ms; /* its clock less ours; 0 while unknown */
};

/* The hypervisor lives; a lost one is ready again. Answers one row, none for an unknown one. */
extern const struct statement agent_store_heartbeat;
void agent_store_heartbeat_params(struct params *p, struct id hypervisor,
                                  const struct agent_vitals *vitals);
/* Whether it has other memory than before, or was lost: whoever places runs wants to know. */
bool agent_store_room_changed(const struct rows *rows);

/* Which attempt a report is about. */
struct agent_fence {
    struct id run;
    int64_t attempt;
    struct id hypervisor;
};

/* Whether the attempt is this hypervisor's and not over. Answers one row; see
 * agent_store_accepted(). */
extern const struct statement agent_store_current;
void agent_store_current_params(struct params *p, const struct agent_fence *fence);

struct agent_start {
    int64_t at_us;
    const char *image_digest; /* NULL: not known */
    int64_t pull_ms;
    int64_t start_ms;
    const bool *image_pulled; /* NULL: not known */
};

/* assigned -> running. Answers one row; see agent_store_accepted(). */
extern const struct statement agent_store_started;
void agent_store_started_params(struct params *p, const struct agent_fence *fence,
                                const struct agent_start *start);

struct agent_finish {
    int64_t at_us;
    bool has_exit_code;
    int64_t exit_code;
    enum termination_reason reason;
    const char *message; /* may be NULL */
    int64_t log_lines;
    int64_t log_bytes;
    bool log_truncated;
    int64_t cpu_ms;
    int64_t memory_peak_bytes;
    int64_t io_read_bytes;
    int64_t io_write_bytes;
    bool oom_killed;
};

/* assigned or running -> canceled when a stop was asked for, succeeded for exit code 0, else
 * failed. Answers one row; see agent_store_accepted(). */
extern const struct statement agent_store_finished;
void agent_store_finished_params(struct params *p, const struct agent_fence *fence,
                                 const struct agent_finish *finish);

/* True when the report was taken or had been taken before; false when the attempt is not, or no
 * longer, this hypervisor's. */
bool agent_store_accepted(const struct rows *rows);

#endif
