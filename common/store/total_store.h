/* SPDX-License-Identifier: Apache-2.0
 *
 * What became of all runs of the installation, added up by the scheduler that leads and kept in
 * scheduler_counters, so that it is the same at every replica of the API and survives them all.
 */
#ifndef ERRAND_STORE_TOTAL_STORE_H
#define ERRAND_STORE_TOTAL_STORE_H

#include "store/db.h"

/* Upper bounds of the buckets of durations, seconds; the last bucket is "+Inf". */
#define TOTAL_STORE_BOUNDS(X)                                                                      \
    X("0.005")                                                                                     \
    X("0.01")                                                                                      \
    X("0.025")                                                                                     \
    X("0.05")                                                                                      \
    X("0.1")                                                                                       \
    X("0.25")                                                                                      \
    X("0.5")                                                                                       \
    X("1")                                                                                         \
    X("2.5")                                                                                       \
    X("5")                                                                                         \
    X("10")                                                                                        \
    X("30")                                                                                        \
    X("60")                                                                                        \
    X("300")                                                                                       \
    X("1800")                                                                                      \
    X("7200")                                                                                      \
    X("43200")

/* Add the runs that have ended since the last time, at most TOTAL_STORE_STEP_SECONDS of them; what
 * ended less than TOTAL_STORE_LAG_SECONDS ago may still be uncommitted and waits. Counters:
 *
 *   ended|STATE|REASON     runs
 *   retries                attempts that were followed by another
 *   images|pulled|local    runs whose image had to be pulled, or was there
 *   queue|LE  pull|LE  start|LE  run|LE      runs in that bucket, and in no lower one
 *   queue|ms ...                             sum, milliseconds
 *
 * One row: how many seconds are still to be added. */
#define TOTAL_STORE_LAG_SECONDS 3
#define TOTAL_STORE_STEP_SECONDS 60
extern const struct statement total_store_add;
int64_t total_store_read_behind_s(const struct rows *rows);

#endif
