/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/assignment_line.h"

#include "wire/field.h"

#include <jansson.h>

#include <errno.h>

static const char *const type_names[] = {
    [ASSIGNMENT_LINE_SYNC] = "sync", [ASSIGNMENT_LINE_ASSIGN] = "assign",
    [ASSIGNMENT_LINE_STOP] = "stop", [ASSIGNMENT_LINE_WARM] = "warm",
    [ASSIGNMENT_LINE_PING] = "ping", NULL,
};

static void open_line(struct buf *b, enum assignment_line_type type)
{
    buf_add_char(b, '{');
    field_put_text(b, "type", type_names[type]);
}

static void put_run(struct buf *b, struct id run_id, uint32_t attempt)
{
    field_put_id(b, "run", run_id);
    field_put_i64(b, "attempt", attempt);
}

void assignment_line_put_sync(struct buf *b, const struct assignment_sync *runs, size_t n)
{
    open_line(b, ASSIGNMENT_LINE_SYNC);
    field_put_key(b, "runs");
    buf_add_char(b, '[');
    for (size_t i = 0; i < n; i++) {
        field_put_separator(b);
        buf_add_char(b, '{');
        put_run(b, runs[i].run_id, runs[i].attempt);
        field_put_bool(b, "stop", runs[i].stop);
        buf_add_char(b, '}');
    }
    buf_add_text(b, "]}\n");
}

void assignment_line_put_assign(struct buf *b, const struct assignment *a)
{
    open_line(b, ASSIGNMENT_LINE_ASSIGN);
    assignment_put(b, a);
    buf_add_text(b, "}\n");
}

void assignment_line_put_stop(struct buf *b, struct id run_id, uint32_t attempt)
{
    open_line(b, ASSIGNMENT_LINE_STOP);
    put_run(b, run_id, attempt);
    buf_add_text(b, "}\n");
}

void assignment_line_open_warm(struct buf *b)
{
    open_line(b, ASSIGNMENT_LINE_WARM);
    field_put_key(b, "pins");
    buf_add_char(b, '[');
}

void assignment_line_put_pin(struct buf *b, const struct warm_order *pin)
{
    field_put_separator(b);
    buf_add_char(b, '{');
    warm_order_put(b, pin);
    buf_add_char(b, '}');
}

void assignment_line_close_warm(struct buf *b)
{
    buf_add_text(b, "]}\n");
}

void assignment_line_put_ping(struct buf *b)
{
    open_line(b, ASSIGNMENT_LINE_PING);
    buf_add_text(b, "}\n");
}

static int parse_run(const json_t *object, struct assignment_sync *ret_run, struct err *e)
{
    int64_t attempt = 0;
    if (field_get_id(object, "run", &ret_run->run_id, e) < 0 ||
        field_get_i64(object, "attempt", 1, INT32_MAX, &attempt, e) < 0)
        return ERR_INVALID;
    ret_run->attempt = (uint32_t)attempt;
    return 0;
}

static int parse_sync(const json_t *doc, struct assignment_line *line, struct err *e)
{
    json_t *runs = NULL;
    if (field_get_array(doc, "runs", &runs, e) < 0)
        return ERR_INVALID;

    size_t n = json_array_size(runs);
    line->sync = calloc(n + 1, sizeof(*line->sync));
    if (line->sync == NULL)
        return err_errno(e, ENOMEM, "read runs");
    for (size_t i = 0; i < n; i++) {
        const json_t *run = json_array_get(runs, i);
        if (parse_run(run, &line->sync[i], e) < 0 ||
            field_get_bool(run, "stop", &line->sync[i].stop, e) < 0)
            return err_wrap(e, "runs[%zu]", i);
    }
    line->sync_n = n;
    return 0;
}

static int parse_warm(json_t *doc, struct assignment_line *line, struct err *e)
{
    json_t *pins = NULL;
    if (field_get_array(doc, "pins", &pins, e) < 0)
        return ERR_INVALID;
    size_t n = json_array_size(pins);
    line->warm = calloc(n + 1, sizeof(*line->warm));
    if (line->warm == NULL)
        return err_errno(e, ENOMEM, "read pins");
    for (size_t i = 0; i < n; i++)
        if (warm_order_parse(json_array_get(pins, i), &line->warm[i], e) < 0)
            return err_wrap(e, "pins[%zu]", i);
    line->warm_n = n;
    line->doc = json_incref(doc);
    return 0;
}

static int parse_members(json_t *doc, struct assignment_line *line, struct err *e)
{
    switch (line->type) {
    case ASSIGNMENT_LINE_SYNC:
        return parse_sync(doc, line, e);
    case ASSIGNMENT_LINE_ASSIGN:
        return assignment_parse(doc, &line->assign, e);
    case ASSIGNMENT_LINE_STOP:
        line->stop.stop = true;
        return parse_run(doc, &line->stop, e);
    case ASSIGNMENT_LINE_WARM:
        return parse_warm(doc, line, e);
    case ASSIGNMENT_LINE_PING:
        return 0;
    }
    return err_set(e, ERR_INTERNAL, "unknown line type");
}

int assignment_line_parse(const char *text, size_t n, struct assignment_line *ret_line,
                          struct err *e)
{
    CLEANUP(field_doc_freep) json_t *doc = NULL;
    CLEANUP(assignment_line_done) struct assignment_line line = {.type = ASSIGNMENT_LINE_PING};
    size_t type = 0;

    if (field_doc_parse(text, n, &doc, e) < 0 ||
        field_get_choice(doc, "type", type_names, &type, e) < 0)
        return ERR_INVALID;
    line.type = (enum assignment_line_type)type;
    int rc = parse_members(doc, &line, e);
    if (rc < 0)
        return rc;
    *ret_line = line;
    line = (struct assignment_line){.type = ASSIGNMENT_LINE_PING};
    return 0;
}

void assignment_line_done(struct assignment_line *line)
{
    assignment_done(&line->assign);
    free(line->sync);
    line->sync = NULL;
    line->sync_n = 0;
    free(line->warm);
    line->warm = NULL;
    line->warm_n = 0;
    field_doc_free(line->doc);
    line->doc = NULL;
}
