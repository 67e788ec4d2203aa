/* SPDX-License-Identifier: Apache-2.0 */
#include "run.h"

#include "base/file.h"
#include "images/image_puller.h"
#include "run_file.h"
#include "shim_process.h"
#include "wire/field.h"

#include <errno.h>
#include <string.h>

static const char note_file[] = "launch.json";

#define NOTE_MAX_BYTES 4096

struct run *run_new(const char *data_dir, struct id id, uint32_t attempt)
{
    struct run *run = calloc(1, sizeof(*run));
    if (run == NULL)
        return NULL;
    run->id = id;
    run->attempt = attempt;
    if (asprintf(&run->dir, "%s/runs/%s/%u", data_dir, ID_TEXT(id), attempt) < 0) {
        free(run);
        return NULL;
    }
    log_source_init(&run->log, id, attempt, run->dir);
    return run;
}

void run_free(struct run *run)
{
    if (run == NULL)
        return;
    image_request_cancel(run->request);
    shim_process_free(run->shim);
    assignment_done(&run->assignment);
    log_source_done(&run->log);
    free(run->dir);
    free(run);
}

void run_group_name(const struct run *run, char name[RUN_BOX_NAME_BYTES])
{
    if (run->box[0] != '\0')
        memcpy(name, run->box, RUN_BOX_NAME_BYTES);
    else
        run_box_name(run->id, run->attempt, name);
}

int run_dir_make(const struct run *run, struct err *e)
{
    int rc = dir_make(run->dir, 0700, e);
    return rc < 0 ? rc : run_note_write(run, run->dir, e);
}

int run_note_write(const struct run *run, const char *dir, struct err *e)
{
    CLEANUP(buf_done) struct buf note;
    buf_init(&note, NOTE_MAX_BYTES);
    buf_add_char(&note, '{');
    run_file_put_format(&note);
    field_put_i64(&note, "memory_mb", run->memory_mb);
    field_put_i64(&note, "stop_grace_seconds", run->stop_grace_seconds);
    field_put_i64(&note, "start_lease_seconds", run->start_lease_seconds);
    field_put_i64(&note, "run_lease_seconds", run->run_lease_seconds);
    field_put_text(&note, "image_digest", run->image_digest);
    field_put_i64(&note, "pull_ms", run->pull_ms);
    field_put_text(&note, "box", run->box[0] != '\0' ? run->box : NULL);
    buf_add_char(&note, '}');
    if (!buf_ok(&note))
        return err_errno(e, ENOMEM, "note on the run");
    return run_file_replace(dir, note_file, note.data, note.len, e);
}

static int read_members(const struct json_t *doc, struct run *run, struct err *e)
{
    const char *digest = NULL;
    const char *box = NULL;
    if (field_get_u32(doc, "memory_mb", UINT32_MAX, &run->memory_mb, e) < 0 ||
        field_get_u32(doc, "stop_grace_seconds", UINT32_MAX, &run->stop_grace_seconds, e) < 0 ||
        field_get_u32(doc, "pull_ms", UINT32_MAX, &run->pull_ms, e) < 0 ||
        field_get_u32(doc, "start_lease_seconds", UINT32_MAX, &run->start_lease_seconds, e) < 0 ||
        field_get_u32(doc, "run_lease_seconds", UINT32_MAX, &run->run_lease_seconds, e) < 0 ||
        field_get_text(doc, "image_digest", &digest, e) < 0 ||
        field_get_text_or_null(doc, "box", &box, e) < 0)
        return ERR_INVALID;
    if (box != NULL && strlen(box) < sizeof(run->box))
        memcpy(run->box, box, strlen(box) + 1);
    if (digest_is_valid(digest, strlen(digest)))
        memcpy(run->image_digest, digest, sizeof(run->image_digest));
    return 0;
}

int run_note_read(struct run *run, struct err *e)
{
    CLEANUP(buf_done) struct buf note;
    CLEANUP(field_doc_freep) struct json_t *doc = NULL;
    buf_init(&note, NOTE_MAX_BYTES);
    int rc = run_file_read(run->dir, note_file, &note, e);
    if (rc == 0)
        rc = field_doc_parse(note.data, note.len, &doc, e);
    if (rc == 0)
        rc = run_file_check_format(doc, note_file, e);
    return rc < 0 ? rc : read_members(doc, run, e);
}

int run_dir_remove(const struct run *run, struct err *e)
{
    int rc = dir_remove(run->dir, e);
    if (rc < 0)
        return rc;
    CLEANUP(freep) char *parent = strdup(run->dir);
    if (parent == NULL)
        return err_errno(e, ENOMEM, "remove %s", run->dir);
    *strrchr(parent, '/') = '\0';
    if (rmdir(parent) < 0 && errno != ENOTEMPTY && errno != EEXIST && errno != ENOENT)
        return err_errno(e, errno, "remove %s", parent);
    return 0;
}
