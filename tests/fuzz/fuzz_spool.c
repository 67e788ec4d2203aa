/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/fuzz.h"

#include "base/crc32c.h"
#include "base/file.h"
#include "log_source.h"
#include "logs/log_frame.h"
#include "shim/spool_recovery.h"
#include "shim/spool_segment.h"

#include <assert.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RIGHT_HEADER 1U
#define RIGHT_SUMS 2U
#define INPUT_MAX_BYTES ((size_t)1 << 20)

static char dir[] = "/dev/shm/errand-fuzz.XXXXXX";

static struct log_reading reading; /* expensive to make */

static void leave(void)
{
    log_reading_done(&reading);
    if (dir_remove(dir, NULL) < 0)
        abort();
}

static int cwd_fd = -1;

/* A shim's working directory is its run's. Whoever runs fuzzers has paths of his own. */
static void enter(void)
{
    struct err e;
    if (cwd_fd < 0) {
        cwd_fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (cwd_fd < 0 || mkdtemp(dir) == NULL || atexit(leave) != 0 ||
            log_reading_init(&reading, &e) < 0)
            abort();
    }
    if (chdir(dir) < 0)
        abort();
}

static void put_sums(char *bytes, size_t n)
{
    for (size_t at = 0; n - at >= LOG_RECORD_HEADER_BYTES;) {
        uint32_t length;
        memcpy(&length, bytes + at + 4, sizeof(length));
        if (length > n - at - LOG_RECORD_HEADER_BYTES)
            return;
        uint32_t crc = crc32c(0, bytes + at + 4, LOG_RECORD_HEADER_BYTES - 4 + length);
        memcpy(bytes + at, &crc, sizeof(crc));
        at += LOG_RECORD_HEADER_BYTES + length;
    }
}

static void write_segment(const uint8_t *data, size_t n)
{
    char name[SPOOL_SEGMENT_NAME_BYTES];
    unsigned char header[SPOOL_SEGMENT_HEADER_BYTES];
    char *bytes = malloc(n);
    CLEANUP(buf_done) struct buf file;
    if (bytes == NULL)
        abort();
    buf_init(&file, INPUT_MAX_BYTES + sizeof(header));
    memcpy(bytes, data + 1, n - 1);
    if ((data[0] & RIGHT_SUMS) != 0)
        put_sums(bytes, n - 1);
    spool_segment_encode(&(struct spool_segment){.first_id = 1}, header);
    if ((data[0] & RIGHT_HEADER) != 0)
        buf_add(&file, header, sizeof(header));
    buf_add(&file, bytes, n - 1);
    spool_segment_name(1, name);
    CLEANUP(fd_closep) int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, file.data, file.len) != (ssize_t)file.len)
        abort();
    free(bytes);
}

/* Returns the id of the last line that came in a frame and was no gap. */
static uint64_t read_all(uint64_t end_id)
{
    struct log_source source;
    struct err e;
    uint64_t lines = 0;
    log_source_init(&source, id_new(), 1, ".");
    log_source_set_end(&source, end_id);
    while (source.is_pending) {
        CLEANUP(buf_done) struct buf frames;
        struct log_frame frame;
        size_t used;
        buf_init(&frames, LOG_FRAME_MAX_BYTES);
        if (log_source_read(&source, &reading, &frames, &e) < 0)
            break;
        if (frames.len == 0)
            continue;
        assert(log_frame_parse(frames.data, frames.len, &frame, &used, &e) == 0);
        assert(used == frames.len && frame.is_whole);
        if (frame.chunk.codec != LOG_CODEC_GAP)
            lines += frame.chunk.n_lines;
        log_source_launch(&source);
        assert(log_source_land(&source, source.sent.last_id));
    }
    assert(end_id == 0 || source.acked.last_id >= end_id || source.acked.segment == 0 ||
           source.is_broken);
    log_source_done(&source);
    return lines;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    uint64_t records;
    uint64_t payload;
    struct err e;
    if (n < 1 || n > INPUT_MAX_BYTES)
        return 0;
    enter();
    write_segment(data, n);
    uint64_t before = read_all(0);
    if (spool_recover(&records, &payload, &e) < 0)
        abort();
    assert(records == before);
    assert(read_all(records) == before);
    if (fchdir(cwd_fd) < 0)
        abort();
    return 0;
}
