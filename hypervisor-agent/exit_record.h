/* SPDX-License-Identifier: Apache-2.0
 *
 * How one attempt ended: `exit.json` in the run dir. The shim writes it, whole and in one step,
 * after the spool is complete and everything else is cleaned up; its presence is the end of a run.
 *
 * It is not fsynced: it survives the death of every process. After a crash of the machine it may be
 * missing or empty, which reads as ERR_NOT_FOUND, and the run is reaped as internal.
 */
#ifndef ERRAND_HYPERVISOR_AGENT_EXIT_RECORD_H
#define ERRAND_HYPERVISOR_AGENT_EXIT_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/id.h"
#include "model/reason.h"

#define EXIT_RECORD_FILE "exit.json"
#define EXIT_MESSAGE_BYTES 512

struct exit_record {
    struct id run;
    uint32_t attempt;
    enum termination_reason reason;   /* see below for what a shim can say */
    int32_t exit_code;                /* 0..255; -1 = none, it never ran */
    char message[EXIT_MESSAGE_BYTES]; /* one line for people, valid UTF-8; may be empty */
    int64_t started_at_us;            /* 0 = never ran */
    int64_t finished_at_us;
    uint64_t last_line; /* id of the last record in the spool = number of records */
    uint64_t log_bytes; /* of payload in the spool */
    bool log_truncated; /* log_limit_bytes (or the disk) made the shim drop output */
    uint64_t cpu_ms;
    uint64_t memory_peak_bytes; /* 0 = the host cannot tell */
    uint64_t io_read_bytes;     /* of block devices, as is the next */
    uint64_t io_write_bytes;
    bool oom_killed; /* the kernel killed something inside, whether or not it ended the run */
};

/* A shim's reasons: EXITED (by itself, any code), TIMEOUT (exit_code 124), CANCELED (after "stop"
 * or "kill"; exit_code is what it ended with), OOM_KILLED (the memory limit ended it),
 * INVALID_COMMAND (exec failed: 127 not found, 126 not executable), START_FAILED (no container, no
 * exit code), INTERNAL (shim or host failed). */

/* Append the JSON object: the fields of the agent protocol's `finished` event (without `type`),
 * times as RFC 3339. */
void exit_record_encode(const struct exit_record *record, struct buf *out);

/* ERR_INVALID names the field. */
int exit_record_decode(const char *json, size_t n, struct exit_record *ret_record,
                       struct err *e) MUST_USE;

/* Read <run_dir>/exit.json. ERR_NOT_FOUND: the run has not ended (or the file is empty). */
int exit_record_read(const char *run_dir, struct exit_record *ret_record, struct err *e) MUST_USE;

/* Make sure that writing it will find room. */
int exit_record_reserve(const char *run_dir, struct err *e) MUST_USE;

/* Write it, by rename, without fsync. */
int exit_record_write(const char *run_dir, const struct exit_record *record,
                      struct err *e) MUST_USE;

#endif
