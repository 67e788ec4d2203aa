/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/output.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* Larger than the default, so that a busy container is woken less often. */
#define PIPE_BYTES (256 * 1024)

static const enum log_stream stream_of[OUTPUT_STREAMS] = {LOG_STREAM_STDOUT, LOG_STREAM_STDERR};

static int stream_open(struct output_stream *stream, enum log_stream name, struct err *e)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return err_errno(e, errno, "make a pipe");
    stream->read_fd = ends[0];
    stream->write_fd = ends[1];
    if (fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0)
        return err_errno(e, errno, "make a pipe");
    (void)fcntl(ends[0], F_SETPIPE_SZ, PIPE_BYTES);
    return line_splitter_init(&stream->splitter, name, e);
}

int output_open(struct output *output, uint64_t log_limit_bytes, struct err *e)
{
    *output = (struct output){.spool.fd = -1};
    for (size_t i = 0; i < OUTPUT_STREAMS; i++)
        output->streams[i] = (struct output_stream){.read_fd = -1, .write_fd = -1};

    int r = spool_create(&output->spool, log_limit_bytes, e);
    for (size_t i = 0; r == 0 && i < OUTPUT_STREAMS; i++)
        r = stream_open(&output->streams[i], stream_of[i], e);
    return r;
}

void output_close_writers(struct output *output)
{
    for (size_t i = 0; i < OUTPUT_STREAMS; i++) {
        fd_closep(&output->streams[i].write_fd);
        output->streams[i].write_fd = -1;
    }
}

static void emit(void *spool, const struct log_record *record)
{
    spool_add(spool, record);
}

static void stream_close(struct output_stream *stream)
{
    fd_closep(&stream->read_fd);
    stream->read_fd = -1;
}

bool output_read(struct output *output, size_t i)
{
    struct output_stream *stream = &output->streams[i];
    size_t room;
    char *to = line_splitter_room(&stream->splitter, &room);
    ssize_t got = read(stream->read_fd, to, room);
    if (got > 0) {
        line_splitter_take(&stream->splitter, (size_t)got, clock_now_us(), emit, &output->spool);
        return true;
    }
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    stream_close(stream);
    return false;
}

static void stream_drain(struct output *output, size_t i)
{
    struct output_stream *stream = &output->streams[i];
    int capacity = stream->read_fd < 0 ? 0 : fcntl(stream->read_fd, F_GETPIPE_SZ);
    for (ssize_t left = capacity; left > 0;) {
        size_t room;
        char *to = line_splitter_room(&stream->splitter, &room);
        ssize_t got = read(stream->read_fd, to, room);
        if (got <= 0)
            break;
        line_splitter_take(&stream->splitter, (size_t)got, clock_now_us(), emit, &output->spool);
        left -= got;
    }
    stream_close(stream);
}

void output_drain(struct output *output)
{
    output_close_writers(output);
    for (size_t i = 0; i < OUTPUT_STREAMS; i++)
        stream_drain(output, i);
    spool_flush(&output->spool);
}

void output_close(struct output *output)
{
    int64_t now_us = clock_now_us();
    for (size_t i = 0; i < OUTPUT_STREAMS; i++) {
        struct output_stream *stream = &output->streams[i];
        if (stream->splitter.data != NULL)
            line_splitter_finish(&stream->splitter, now_us, emit, &output->spool);
        line_splitter_done(&stream->splitter);
        stream_close(stream);
    }
    output_close_writers(output);
    spool_close(&output->spool, now_us);
}
