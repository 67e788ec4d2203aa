/* SPDX-License-Identifier: Apache-2.0 */
#include "run_status.h"

#include "base/clock.h"
#include "run_file.h"
#include "wire/field.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

#define RUN_STATUS_MAX_BYTES 4096

static const char *const state_names[] = {
    [RUN_STATUS_WAITING] = "waiting",
    [RUN_STATUS_CREATED] = "created",
    [RUN_STATUS_RUNNING] = "running",
    [RUN_STATUS_COUNT] = NULL,
};
_Static_assert(ARRAY_LEN(state_names) == RUN_STATUS_COUNT + 1, "a name for each state");

static void encode(const struct run_status *status, struct buf *b)
{
    buf_add_char(b, '{');
    run_file_put_format(b);
    field_put_id(b, "run", status->run);
    field_put_i64(b, "attempt", status->attempt);
    field_put_text(b, "box", status->box[0] == '\0' ? NULL : status->box);
    field_put_text(b, "state", state_names[status->state]);
    field_put_i64(b, "pid", status->pid);
    field_put_key(b, "started_at");
    if (status->started_at_us == 0) {
        buf_add_text(b, "null");
    } else {
        char text[CLOCK_TEXT_BYTES];
        buf_printf(b, "\"%s\"", clock_format_us(status->started_at_us, text));
    }
    field_put_i64(b, "start_ms", status->start_ms);
    field_put_i64(b, "ends_by_mono_us", status->ends_by_us);
    field_put_text(b, "driver", driver_kind_names[status->driver]);
    field_put_text(b, "cgroup", status->cgroup);
    field_put_text(b, "engine_socket",
                   status->engine_socket[0] == '\0' ? NULL : status->engine_socket);
    buf_add_char(b, '}');
}

static int get_state(const struct json_t *doc, struct run_status *status, struct err *e)
{
    size_t state;
    const char *started_at;
    int r = field_get_choice(doc, "state", state_names, &state, e);
    if (r == 0)
        r = field_get_text_or_null(doc, "started_at", &started_at, e);
    if (r == 0 && started_at != NULL)
        r = clock_parse(started_at, &status->started_at_us, e);
    if (r == 0)
        r = field_get_u32(doc, "start_ms", UINT32_MAX, &status->start_ms, e);
    if (r == 0)
        r = field_get_i64(doc, "ends_by_mono_us", 0, INT64_MAX, &status->ends_by_us, e);
    if (r == 0)
        status->state = (enum run_status_state)state;
    return r;
}

static int get_place(const struct json_t *doc, const char *key, char *place, size_t size,
                     struct err *e)
{
    const char *text = NULL;
    int r = field_get_text_or_null(doc, key, &text, e);
    if (r < 0 || text == NULL)
        return r;
    if (strlen(text) >= size)
        return err_set(e, ERR_INVALID, "%s is too long", key);
    memcpy(place, text, strlen(text) + 1);
    return 0;
}

static int get_places(const struct json_t *doc, struct run_status *status, struct err *e)
{
    int64_t pid;
    size_t driver;
    int r = field_get_i64(doc, "pid", 1, INT_MAX, &pid, e);
    if (r == 0)
        r = field_get_choice(doc, "driver", driver_kind_names, &driver, e);
    if (r == 0)
        r = get_place(doc, "box", status->box, sizeof(status->box), e);
    if (r == 0)
        r = get_place(doc, "cgroup", status->cgroup, sizeof(status->cgroup), e);
    if (r == 0)
        r = get_place(doc, "engine_socket", status->engine_socket, sizeof(status->engine_socket),
                      e);
    if (r < 0)
        return r;
    status->pid = (pid_t)pid;
    status->driver = (enum driver_kind)driver;
    return 0;
}

static int put_place(const char *text, const char *what, char *place, size_t size, struct err *e)
{
    size_t n = text == NULL ? 0 : strlen(text);
    if (n >= size)
        return err_set(e, ERR_INVALID, "%s is too long", what);
    memcpy(place, text == NULL ? "" : text, n + 1);
    return 0;
}

int run_status_init(struct run_status *status, const struct run_spec *spec, struct err *e)
{
    *status = (struct run_status){
        .run = spec->run,
        .attempt = spec->attempt,
        .state = RUN_STATUS_CREATED,
        .pid = getpid(),
        .driver = spec->driver,
    };
    if (spec->attempt == RUN_SPEC_BOX)
        run_box_name(spec->run, spec->attempt, status->box);
    int r = put_place(spec->cgroup, "cgroup", status->cgroup, sizeof(status->cgroup), e);
    if (r == 0)
        r = put_place(spec->engine_socket, "engine_socket", status->engine_socket,
                      sizeof(status->engine_socket), e);
    return r;
}

int run_status_read(const char *run_dir, struct run_status *ret_status, struct err *e)
{
    CLEANUP(buf_done) struct buf b;
    buf_init(&b, RUN_STATUS_MAX_BYTES);
    int r = run_file_read(run_dir, RUN_STATUS_FILE, &b, e);
    if (r < 0)
        return r;

    CLEANUP(field_doc_freep) struct json_t *doc = NULL;
    struct run_status status = {0};
    r = field_doc_parse(b.data, b.len, &doc, e);
    if (r == 0)
        r = run_file_check_format(doc, RUN_STATUS_FILE, e);
    if (r == 0)
        r = field_get_id(doc, "run", &status.run, e);
    if (r == 0)
        r = field_get_u32(doc, "attempt", UINT32_MAX, &status.attempt, e);
    if (r == 0)
        r = get_state(doc, &status, e);
    if (r == 0)
        r = get_places(doc, &status, e);
    if (r == 0)
        *ret_status = status;
    return r;
}

int run_status_write(const char *run_dir, const struct run_status *status, struct err *e)
{
    CLEANUP(buf_done) struct buf b;
    buf_init(&b, RUN_STATUS_MAX_BYTES);
    encode(status, &b);
    if (!buf_ok(&b))
        return err_set(e, ERR_INTERNAL, "run status is too large");
    return run_file_replace(run_dir, RUN_STATUS_FILE, b.data, b.len, e);
}
