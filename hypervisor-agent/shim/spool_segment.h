/* SPDX-License-Identifier: Apache-2.0
 *
 * A spool is a row of files in the run dir, "spool.<id of the first line, 20 digits>":
 *
 *    0   "ERRSPOOL"
 *    8   version         u32   2
 *   12   crc32c          u32   of the rest of this header
 *   16   first_id        u64   of its first record's line
 *   24   payload_before  u64   bytes of payload in all segments before it
 *   32   records         model/log_record.h
 *
 * Little-endian. The shim writes them, only at the end of the last one; it begins another when that
 * is long enough. Readers take whole records and leave a torn tail for later. A segment whose
 * records are all stored elsewhere, and that is not the last, may be removed.
 */
#ifndef ERRAND_SHIM_SPOOL_SEGMENT_H
#define ERRAND_SHIM_SPOOL_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define SPOOL_SEGMENT_HEADER_BYTES 32
#define SPOOL_SEGMENT_NAME_BYTES 32

struct spool_segment {
    uint64_t first_id;
    uint64_t payload_before;
};

void spool_segment_name(uint64_t first_id, char name[SPOOL_SEGMENT_NAME_BYTES]);

void spool_segment_encode(const struct spool_segment *segment,
                          unsigned char header[SPOOL_SEGMENT_HEADER_BYTES]);

/* False: these bytes begin no segment that this program can read. */
bool spool_segment_decode(const void *header, struct spool_segment *ret_segment);

/* Call `found` for every file in `dir` that has a segment's name, in no order.
 * ERR_NOT_FOUND: there is no such directory. */
int spool_segment_each(const char *dir, void (*found)(void *ctx, uint64_t first_id), void *ctx,
                       struct err *e) MUST_USE;

/* The least and the greatest first_id in `dir`; ERR_NOT_FOUND when there is no segment. */
int spool_segment_bounds(const char *dir, uint64_t *ret_first, uint64_t *ret_last,
                         struct err *e) MUST_USE;

#endif
