/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/docker_output.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

void docker_output_init(struct docker_output *output)
{
    *output = (struct docker_output){.fds = {-1, -1}};
    engine_call_init(&output->attach);
    stream_frames_init(&output->frames);
}

static void close_pipes(struct docker_output *output)
{
    for (size_t i = 0; i < ARRAY_LEN(output->fds); i++) {
        fd_closep(&output->fds[i]);
        output->fds[i] = -1;
    }
}

void docker_output_done(struct docker_output *output)
{
    engine_call_done(&output->attach);
    close_pipes(output);
}

static int take_copy(int fd, int *ret_copy, struct err *e)
{
    *ret_copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (*ret_copy < 0 || fcntl(*ret_copy, F_SETFL, O_NONBLOCK) < 0)
        return err_errno(e, errno, "take over a pipe");
    return 0;
}

int docker_output_open(struct docker_output *output, int out_fd, int err_fd, struct err *e)
{
    int r = take_copy(out_fd, &output->fds[0], e);
    if (r == 0)
        r = take_copy(err_fd, &output->fds[1], e);
    return r;
}

static int pipe_of(const struct docker_output *output, enum stream_frame_name name)
{
    return output->fds[name == STREAM_FRAME_STDERR ? 1 : 0];
}

static void note_words(struct docker_output *output, const struct stream_piece *piece)
{
    size_t room = sizeof(output->words) - output->words_n;
    size_t n = piece->n < room ? piece->n : room;
    if (piece->name != STREAM_FRAME_STDERR || n < piece->n)
        output->has_more_words = true;
    if (piece->name != STREAM_FRAME_STDERR)
        return;
    memcpy(output->words + output->words_n, piece->payload, n);
    output->words_n += n;
}

/* False: the pipe is full. A pipe nobody reads any more takes everything. */
static bool write_due(struct docker_output *output)
{
    while (output->due.n > 0) {
        ssize_t put = write(pipe_of(output, output->due.name), output->due.payload, output->due.n);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0 && errno == EAGAIN)
            return false;
        size_t n = put < 0 ? output->due.n : (size_t)put;
        output->due.payload += n;
        output->due.n -= n;
    }
    return true;
}

/* The next piece out of what was received. */
static bool unpack(struct docker_output *output)
{
    if (stream_frames_take(&output->frames, output->rest, output->rest_n, &output->due,
                           &output->problem) < 0) {
        output->rest_n = 0;
        engine_call_done(&output->attach);
        return false;
    }
    output->rest += output->due.taken;
    output->rest_n -= output->due.taken;
    if (output->due.n > 0)
        note_words(output, &output->due);
    return true;
}

static void note_end(struct docker_output *output)
{
    if (output->problem.code != ERR_OK)
        return;
    if (output->attach.state == ENGINE_CALL_FAILED)
        output->problem = output->attach.problem;
    else if (output->attach.state == ENGINE_CALL_DONE && !stream_frames_are_whole(&output->frames))
        (void)err_set(&output->problem, ERR_UNAVAILABLE,
                      "the engine's stream ended within a frame");
}

void docker_output_pump(struct docker_output *output)
{
    while (write_due(output)) {
        if (output->rest_n > 0) {
            if (!unpack(output))
                return;
        } else if (engine_call_read(&output->attach, &output->rest, &output->rest_n) != 1) {
            note_end(output);
            return;
        }
    }
}

bool docker_output_has_ended(const struct docker_output *output)
{
    return output->attach.state != ENGINE_CALL_SENDING &&
           output->attach.state != ENGINE_CALL_RECEIVING &&
           output->attach.state != ENGINE_CALL_STREAMING && output->due.n == 0 &&
           output->rest_n == 0;
}

bool docker_output_waits(const struct docker_output *output, int *ret_fd, uint32_t *ret_events)
{
    *ret_fd = output->due.n > 0 ? pipe_of(output, output->due.name) : output->attach.fd;
    *ret_events = output->due.n > 0 ? (uint32_t)EPOLLOUT : engine_call_events(&output->attach);
    return *ret_fd >= 0 && *ret_events != 0;
}
