/* SPDX-License-Identifier: Apache-2.0
 *
 * Datagrams: what a container says as its init (first byte 0), what a shim wakes the agent with
 * (1), what is told a shim (2).
 */
#include "fuzz/fuzz.h"

#include "base/buf.h"
#include "base/utf8.h"
#include "drivers/init_channel.h"
#include "shim/control.h"
#include "wake_socket.h"

#include <sys/socket.h>
#include <unistd.h>

static void try_init(const uint8_t *data, size_t n)
{
    int ours;
    int theirs;
    FUZZ_ASSERT(init_channel_open(&ours, &theirs, NULL) == 0);
    FUZZ_ASSERT(send(theirs, data, n, 0) == (ssize_t)n);
    struct init_event event = init_channel_receive(ours);
    FUZZ_ASSERT(memchr(event.text, '\0', sizeof(event.text)) != NULL);
    FUZZ_ASSERT(utf8_is_valid(event.text, strlen(event.text)));
    FUZZ_ASSERT(event.kind != INIT_EVENT_READY || event.pid == getpid());
    FUZZ_ASSERT(event.kind != INIT_EVENT_FAILED || event.exit_code == 126 ||
                event.exit_code == 127);
    FUZZ_ASSERT(init_channel_receive(ours).kind == INIT_EVENT_NONE);
    (void)close(ours);
    (void)close(theirs);
}

static void try_wake(const char *text, size_t n)
{
    static const char *const words[] = {"ready", "started", "log", "exited"};
    enum wake_event event;
    struct id run;
    uint32_t attempt;
    CLEANUP(buf_done) struct buf written;
    buf_init(&written, 256);
    if (wake_parse(text, n, &event, &run, &attempt, NULL) < 0)
        return;
    buf_printf(&written, "%s %s/%u", words[event], ID_TEXT(run), attempt);
    enum wake_event event_again;
    struct id run_again;
    uint32_t attempt_again;
    FUZZ_ASSERT(wake_parse(buf_text(&written), written.len, &event_again, &run_again,
                           &attempt_again, NULL) == 0);
    FUZZ_ASSERT(event == event_again && id_equal(run, run_again) && attempt == attempt_again);
}

static void try_control(const uint8_t *data, size_t n)
{
    int ends[2];
    FUZZ_ASSERT(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, ends) == 0);
    FUZZ_ASSERT(send(ends[0], data, n, 0) == (ssize_t)n);
    struct control_order order = control_receive(ends[1]);
    FUZZ_ASSERT(order.spec_fd == -1);
    FUZZ_ASSERT(order.word == CONTROL_LEASE || order.lease_ms == 0);
    FUZZ_ASSERT(control_receive(ends[1]).word == CONTROL_NOTHING);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n < 2 || n > 4096)
        return 0;
    switch (data[0] % 3) {
    case 0:
        try_init(data + 1, n - 1);
        break;
    case 1:
        try_wake((const char *)data + 1, n - 1);
        break;
    default:
        try_control(data + 1, n - 1);
        break;
    }
    return 0;
}
