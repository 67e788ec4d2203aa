/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/output.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Larger than the default, so that a busy container is woken less often. */
#define PIPE_BYTES (256 * 1024)

#define RETRY_US (100 * CLOCK_US_PER_MS)

/* The log tells of a hold that took longer. */
#define HOLD_TOLD_US CLOCK_US_PER_S

static const enum log_stream stream_of[OUTPUT_STREAMS] = {LOG_STREAM_STDOUT, LOG_STREAM_STDERR};

static const char *const hold_reasons[] = {
    [SPOOL_NOT_HELD] = "",
    [SPOOL_DISK_FULL] = "the disk of the hypervisor is full",
    [SPOOL_CEILING] = "the log could not be sent",
};

/* bytes on their way: masker -> splitter -> spool */

static void add_record(void *spool, const struct log_record *record)
{
    spool_add(spool, record);
}

static void split(void *ctx, const char *bytes, size_t n)
{
    struct output_stream *stream = ctx;
    while (n > 0) {
        size_t room;
        char *to = line_splitter_room(&stream->splitter, &room);
        size_t part = n < room ? n : room;
        memcpy(to, bytes, part);
        line_splitter_take(&stream->splitter, part, stream->ts_us, add_record,
                           &stream->output->spool);
        bytes += part;
        n -= part;
    }
}

/* opening */

static const char *value_of(const struct run_spec *spec, const char *key)
{
    size_t n = strlen(key);
    for (size_t i = 0; i < spec->env.n; i++)
        if (strncmp(spec->env.items[i], key, n) == 0 && spec->env.items[i][n] == '=')
            return spec->env.items[i] + n + 1;
    return NULL;
}

static int prepare_secrets(struct output *output, const struct run_spec *spec, struct err *e)
{
    if (spec->secret_keys.n == 0)
        return 0;
    int r = 0;
    output->secrets = secret_set_new();
    if (output->secrets == NULL)
        return err_errno(e, ENOMEM, "prepare masking");
    for (size_t i = 0; r == 0 && i < spec->secret_keys.n; i++) {
        const char *value = value_of(spec, spec->secret_keys.items[i]);
        if (value != NULL)
            r = secret_set_add(output->secrets, value, strlen(value), e);
    }
    if (r == 0)
        r = secret_set_prepare(output->secrets, e);
    if (r == 0 && secret_set_is_empty(output->secrets)) {
        secret_set_free(output->secrets);
        output->secrets = NULL;
    }
    return r;
}

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
    int r = line_splitter_init(&stream->splitter, name, e);
    if (r == 0 && stream->output->secrets != NULL)
        r = masker_init(&stream->masker, stream->output->secrets, split, stream, e);
    return r;
}

void output_init(struct output *output)
{
    *output = (struct output){.spool.fd = -1};
    for (size_t i = 0; i < OUTPUT_STREAMS; i++)
        output->streams[i] = (struct output_stream){.read_fd = -1,
                                                    .write_fd = -1,
                                                    .quiet_at_us = INT64_MAX,
                                                    .drain_bytes = -1,
                                                    .output = output};
}

int output_open(struct output *output, const struct run_spec *spec, struct err *e)
{
    output_init(output);
    output->rate_bytes = spec->log_rate_bytes;
    int r = spool_create(&output->spool, spec->log_limit_bytes, spec->spool_limit_bytes, e);
    if (r == 0)
        r = prepare_secrets(output, spec, e);
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

/* reading */

bool output_wants(const struct output *output, int64_t mono_us)
{
    return output->held == SPOOL_NOT_HELD && mono_us >= output->rate_open_us;
}

static void stream_close(struct output_stream *stream)
{
    fd_closep(&stream->read_fd);
    stream->read_fd = -1;
}

static bool is_holding(const struct output_stream *stream)
{
    return line_splitter_is_holding(&stream->splitter) ||
           (stream->output->secrets != NULL && masker_is_holding(&stream->masker));
}

/* What read(2) said. */
static ssize_t stream_read(struct output_stream *stream)
{
    size_t room;
    bool is_masked = stream->output->secrets != NULL;
    char *to = is_masked ? masker_room(&stream->masker, &room)
                         : line_splitter_room(&stream->splitter, &room);
    ssize_t got = read(stream->read_fd, to, room);
    if (got <= 0)
        return got;
    stream->ts_us = clock_now_us();
    if (is_masked)
        masker_take(&stream->masker, (size_t)got);
    else
        line_splitter_take(&stream->splitter, (size_t)got, stream->ts_us, add_record,
                           &stream->output->spool);
    return got;
}

/* So many bytes take so long at the rate. */
static void count_against_rate(struct output *output, size_t n, int64_t mono_us)
{
    if (output->rate_bytes == 0)
        return;
    if (output->rate_open_us < mono_us)
        output->rate_open_us = mono_us;
    output->rate_open_us += (int64_t)((double)n * CLOCK_US_PER_S / (double)output->rate_bytes);
}

bool output_read(struct output *output, size_t i, int64_t mono_us)
{
    struct output_stream *stream = &output->streams[i];
    ssize_t got = stream_read(stream);
    if (got > 0) {
        count_against_rate(output, (size_t)got, mono_us);
        stream->quiet_at_us =
            is_holding(stream) ? mono_us + OUTPUT_QUIET_MS * CLOCK_US_PER_MS : INT64_MAX;
        return true;
    }
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    stream_close(stream);
    return false;
}

/* time */

static void give_out(struct output_stream *stream)
{
    stream->ts_us = clock_now_us();
    if (stream->output->secrets != NULL)
        masker_flush(&stream->masker);
    line_splitter_flush(&stream->splitter, stream->ts_us, add_record, &stream->output->spool);
    stream->quiet_at_us = INT64_MAX;
}

static void tell_of_hold(struct output *output, int64_t held_us)
{
    char text[160];
    int n = snprintf(text, sizeof(text), "output was held back for %" PRId64 " s: %s",
                     held_us / CLOCK_US_PER_S, hold_reasons[output->held]);
    if (n > 0)
        spool_add(&output->spool, &(struct log_record){.ts_us = clock_now_us(),
                                                       .stream = LOG_STREAM_SYSTEM,
                                                       .payload = text,
                                                       .n = (size_t)n});
}

static void flush(struct output *output, int64_t mono_us)
{
    spool_flush(&output->spool);
    if (output->spool.held != SPOOL_NOT_HELD) {
        if (output->held == SPOOL_NOT_HELD)
            output->held_since_us = mono_us;
        output->held = output->spool.held;
    } else if (output->held != SPOOL_NOT_HELD) {
        if (mono_us - output->held_since_us >= HOLD_TOLD_US)
            tell_of_hold(output, mono_us - output->held_since_us);
        output->held = SPOOL_NOT_HELD;
        spool_flush(&output->spool);
    }
}

void output_tick(struct output *output, int64_t mono_us)
{
    for (size_t i = 0; i < OUTPUT_STREAMS; i++)
        if (output->held == SPOOL_NOT_HELD && mono_us >= output->streams[i].quiet_at_us)
            give_out(&output->streams[i]);
    flush(output, mono_us);
}

int64_t output_due_us(const struct output *output, int64_t mono_us)
{
    if (output->held != SPOOL_NOT_HELD)
        return mono_us + RETRY_US;
    int64_t due_us = output->rate_open_us > mono_us ? output->rate_open_us : INT64_MAX;
    for (size_t i = 0; i < OUTPUT_STREAMS; i++)
        if (output->streams[i].quiet_at_us < due_us)
            due_us = output->streams[i].quiet_at_us;
    return due_us;
}

/* ending */

static bool stream_drain(struct output_stream *stream, int64_t mono_us)
{
    if (stream->drain_bytes < 0)
        stream->drain_bytes = stream->read_fd < 0 ? 0 : fcntl(stream->read_fd, F_GETPIPE_SZ);
    while (stream->drain_bytes > 0) {
        if (stream->output->held != SPOOL_NOT_HELD)
            return false;
        ssize_t got = stream_read(stream);
        stream->drain_bytes = got > 0 ? stream->drain_bytes - got : 0;
        flush(stream->output, mono_us);
    }
    stream_close(stream);
    return true;
}

bool output_drain(struct output *output, int64_t mono_us)
{
    output_close_writers(output);
    flush(output, mono_us);
    for (size_t i = 0; i < OUTPUT_STREAMS; i++)
        if (!stream_drain(&output->streams[i], mono_us))
            return false;
    return output->held == SPOOL_NOT_HELD;
}

static void stream_done(struct output_stream *stream, int64_t now_us)
{
    stream->ts_us = now_us;
    if (stream->masker.data != NULL)
        masker_flush(&stream->masker);
    if (stream->splitter.data != NULL)
        line_splitter_finish(&stream->splitter, now_us, add_record, &stream->output->spool);
    masker_done(&stream->masker);
    line_splitter_done(&stream->splitter);
    stream_close(stream);
}

void output_close(struct output *output)
{
    int64_t now_us = clock_now_us();
    for (size_t i = 0; i < OUTPUT_STREAMS; i++)
        stream_done(&output->streams[i], now_us);
    output_close_writers(output);
    spool_close(&output->spool, now_us);
    secret_set_free(output->secrets);
    output->secrets = NULL;
}
