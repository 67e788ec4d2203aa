/* SPDX-License-Identifier: Apache-2.0
 *
 * Carriage return, text, erase to the end: the next one is written over it.
 */
#include "progress.h"

#include <jansson.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TEXT_BYTES 160
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

static void describe(const errand_status_event *event, char ret_text[TEXT_BYTES])
{
    json_t *object = json_loads(event->json, 0, NULL);

    ret_text[0] = '\0';
    if (!describe_pull(json_object_get(object, "pull"), ret_text)) {
        if (event->pending_reason[0] != '\0')
            (void)snprintf(ret_text, TEXT_BYTES, "waiting: %s", event->pending_reason);
        else if (event->status == ERRAND_RUN_PENDING && event->hypervisor[0] != '\0')
            (void)snprintf(ret_text, TEXT_BYTES, "starting on %s", event->hypervisor);
    }
    json_decref(object);
}

int progress_show(struct progress *progress, const errand_status_event *event)
{
    char text[TEXT_BYTES];

    if (!progress->is_shown_here)
        return 0;
    describe(event, text);
    if (text[0] == '\0') {
        progress_clear(progress);
        return 1;
    }
    (void)fprintf(stderr, "\r%s\033[K", text);
    (void)fflush(stderr);
    progress->is_there = 1;
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
