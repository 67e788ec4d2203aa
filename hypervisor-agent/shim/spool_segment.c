/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/spool_segment.h"

#include "base/crc32c.h"
#include "base/parse.h"

#include <dirent.h>
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define VERSION 2
#define PREFIX "spool."
#define DIGITS 20

static const char magic[8] = {'E', 'R', 'R', 'S', 'P', 'O', 'O', 'L'};

void spool_segment_name(uint64_t first_id, char name[SPOOL_SEGMENT_NAME_BYTES])
{
    (void)snprintf(name, SPOOL_SEGMENT_NAME_BYTES, PREFIX "%0*" PRIu64, DIGITS, first_id);
}

void spool_segment_encode(const struct spool_segment *segment,
                          unsigned char header[SPOOL_SEGMENT_HEADER_BYTES])
{
    uint32_t version = htole32(VERSION);
    uint64_t numbers[2] = {htole64(segment->first_id), htole64(segment->payload_before)};
    uint32_t crc = htole32(crc32c(0, numbers, sizeof(numbers)));
    memcpy(header, magic, sizeof(magic));
    memcpy(header + 8, &version, sizeof(version));
    memcpy(header + 12, &crc, sizeof(crc));
    memcpy(header + 16, numbers, sizeof(numbers));
}

bool spool_segment_decode(const void *header, struct spool_segment *ret_segment)
{
    uint64_t numbers[2];
    unsigned char expected[SPOOL_SEGMENT_HEADER_BYTES];
    memcpy(numbers, (const char *)header + 16, sizeof(numbers));
    struct spool_segment segment = {.first_id = le64toh(numbers[0]),
                                    .payload_before = le64toh(numbers[1])};
    spool_segment_encode(&segment, expected);
    if (segment.first_id == 0 || memcmp(header, expected, sizeof(expected)) != 0)
        return false;
    *ret_segment = segment;
    return true;
}

int spool_segment_each(const char *dir, void (*found)(void *ctx, uint64_t first_id), void *ctx,
                       struct err *e)
{
    DIR *open_dir = opendir(dir);
    if (open_dir == NULL)
        return err_errno(e, errno, "read %s", dir);
    const struct dirent *entry;
    while ((entry = readdir(open_dir)) != NULL) {
        int64_t id = 0;
        const char *digits = entry->d_name + strlen(PREFIX);
        if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) == 0 && strlen(digits) == DIGITS &&
            parse_i64(digits, 1, INT64_MAX, "segment", &id, NULL) == 0)
            found(ctx, (uint64_t)id);
    }
    (void)closedir(open_dir);
    return 0;
}

struct bounds {
    uint64_t first;
    uint64_t last; /* 0: nothing found */
};

static void widen(void *ctx, uint64_t first_id)
{
    struct bounds *bounds = ctx;
    if (bounds->last == 0 || first_id < bounds->first)
        bounds->first = first_id;
    if (first_id > bounds->last)
        bounds->last = first_id;
}

int spool_segment_bounds(const char *dir, uint64_t *ret_first, uint64_t *ret_last, struct err *e)
{
    struct bounds bounds = {0};
    int r = spool_segment_each(dir, widen, &bounds, e);
    if (r < 0)
        return r;
    if (bounds.last == 0)
        return err_set(e, ERR_NOT_FOUND, "%s has no spool", dir);
    *ret_first = bounds.first;
    *ret_last = bounds.last;
    return 0;
}
