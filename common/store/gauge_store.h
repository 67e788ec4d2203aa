/* SPDX-License-Identifier: Apache-2.0
 *
 * How the installation is, as the database knows it: for metrics and `errand doctor`.
 */
#ifndef ERRAND_STORE_GAUGE_STORE_H
#define ERRAND_STORE_GAUGE_STORE_H

#include <stdint.h>

#include "store/db.h"

/* Pending runs by region and why they wait; at most GAUGE_STORE_RUNS_MAX of a kind are counted. */
#define GAUGE_STORE_RUNS_MAX 1000000
struct queue_gauge {
    const char *region; /* slug */
    const char *reason; /* "queued", "concurrency_limit", "waiting_retry" */
    int64_t runs;
    int64_t oldest_ms; /* of those that could start: since the first in line was made */
};
extern const struct statement gauge_store_queue;
void gauge_store_read_queue(const struct rows *rows, int row, struct queue_gauge *ret_gauge);

/* Hypervisors by name, the first GAUGE_STORE_HYPERVISORS_MAX. */
#define GAUGE_STORE_HYPERVISORS_MAX 2000
struct hypervisor_gauge {
    const char *name;
    const char *region;
    const char *status;
    const char *version;
    int64_t memory_total_mb;
    int64_t memory_free_mb;
    int64_t disk_free_bytes;
    int64_t images_cached;
    int64_t silent_ms;  /* since its last heartbeat */
    int64_t clock_ms;   /* its clock less the database's; 0 while unknown */
    int64_t runs;       /* running on it */
    int64_t runs_given; /* assigned to it and not started */
};
extern const struct statement gauge_store_hypervisors;
void gauge_store_read_hypervisor(const struct rows *rows, int row,
                                 struct hypervisor_gauge *ret_gauge);

/* One row about the whole. */
struct whole_gauge {
    int64_t schema_version;
    int64_t scheduler_silent_ms; /* -1: none ever led */
    const char *scheduler;       /* HOST:PID; NULL: none */
    int64_t replicas;            /* of the API */
    int64_t database_bytes;
    int64_t sessions;     /* of the database */
    int64_t sessions_max; /* that it takes */
    bool is_replica;      /* it only reads */
    int64_t standbys;     /* that stream from it */
    const char *version;  /* of PostgreSQL, "15.14" */
    int64_t now_us;       /* the database's clock */
};
extern const struct statement gauge_store_whole;
void gauge_store_read_whole(const struct rows *rows, struct whole_gauge *ret_gauge);

#endif
