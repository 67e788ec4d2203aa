/* SPDX-License-Identifier: Apache-2.0
 *
 * Carriage return, text, erase to the end: the next one is written over it.
 */
#include "progress.h"

#include <jansson.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define TEXT_BYTES 256
#define MIB (1024.0 * 1024.0)

void progress_init(struct progress *progress, int is_forbidden)
{
    const char *terminal = getenv("TERM");

    progress->is_there = 0;
    progress->is_shown_here =
        !is_forbidden && isatty(STDERR_FILENO) && terminal != NULL && strcmp(terminal, "dumb") != 0;
}

static int describe_pull(const json_t *pull, char ret_text[TEXT_BYTES])
{
    double done = json_number_value(json_object_get(pull, "done_bytes"));
    double total = json_number_value(json_object_get(pull, "total_bytes"));

    if (!json_is_object(pull))
        return 0;
    if (total > 0)
        (void)snprintf(ret_text, TEXT_BYTES, "pulling the image: %.0f %% of %.1f MiB",
                       100 * done / total, total / MIB);
    else
        (void)snprintf(ret_text, TEXT_BYTES, "pulling the image");
    return 1;
}

static void put_line(struct progress *progress, const char *text)
{
    struct winsize size;
    int columns = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col - 1
                                                                                  : TEXT_BYTES;

    (void)fprintf(stderr, "\r%.*s\033[K", columns, text);
    (void)fflush(stderr);
    progress->is_there = 1;
}

void progress_show(struct progress *progress, const errand_status_event *event)
{
    json_t *object = json_loads(event->json, 0, NULL);
    char text[TEXT_BYTES] = "";

    if (!describe_pull(json_object_get(object, "pull"), text) &&
        event->status == ERRAND_RUN_PENDING && event->hypervisor[0] != '\0')
        (void)snprintf(text, sizeof(text), "starting on %s", event->hypervisor);
    json_decref(object);
    if (text[0] == '\0')
        progress_clear(progress);
    else if (progress->is_shown_here)
        put_line(progress, text);
}

int progress_show_reason(struct progress *progress, const char *reason, const char *message)
{
    char text[TEXT_BYTES];

    if (!progress->is_shown_here)
        return 0;
    (void)snprintf(text, sizeof(text), "waiting: %s%s%s", reason, message[0] == '\0' ? "" : ": ",
                   message);
    put_line(progress, text);
    return 1;
}

void progress_clear(struct progress *progress)
{
    if (!progress->is_there)
        return;
    (void)fputs("\r\033[K", stderr);
    (void)fflush(stderr);
    progress->is_there = 0;
}
