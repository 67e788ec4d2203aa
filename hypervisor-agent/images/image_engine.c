/* SPDX-License-Identifier: Apache-2.0 */
#include "images/image_engine.h"

#include "base/clock.h"
#include "engine/engine_answer.h"
#include "engine/engine_call.h"
#include "engine/pull_progress.h"
#include "wire/field.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#define INSPECT_US (30 * CLOCK_US_PER_S)
#define CANCEL_CHECK_MS 200
#define PATH_BYTES (IMAGE_REFERENCE_MAX_BYTES + 128)
#define LOGIN_MAX_BYTES ((size_t)32 * 1024)

/* The digest its registry knows it by; an image that never was in one has but the engine's id. */
static int find_digest(const struct json_t *doc, const struct image_reference *ref, const char *id,
                       char *digest, struct err *e)
{
    CLEANUP(freep) const char **texts = NULL;
    size_t n = 0;
    const char *best = NULL;
    if (field_get_texts_or_null(doc, "RepoDigests", &texts, &n, e) < 0)
        return ERR_INVALID;
    for (size_t i = 0; i < n; i++) {
        const char *at = strrchr(texts[i], '@');
        if (at == NULL || !digest_is_valid(at + 1, strlen(at + 1)))
            continue;
        const char *name = memmem(texts[i], (size_t)(at - texts[i]), ref->name, strlen(ref->name));
        if (best == NULL || (name != NULL && name + strlen(ref->name) == at))
            best = at + 1;
    }
    if (best == NULL)
        best = id;
    if (!digest_is_valid(best, strlen(best)))
        return err_set(e, ERR_INVALID, "the engine's image has no usable id");
    memcpy(digest, best, DIGEST_TEXT_BYTES);
    return 0;
}

/* Podman leaves the algorithm out. */
static char *spell_id(const char *id)
{
    char *text = NULL;
    bool is_bare = strchr(id, ':') == NULL;
    return asprintf(&text, "%s%s", is_bare ? "sha256:" : "", id) < 0 ? NULL : text;
}

int image_engine_parse(const char *json, size_t n, const struct image_reference *ref,
                       struct image **ret_image, struct err *e)
{
    CLEANUP(field_doc_freep) struct json_t *doc = NULL;
    CLEANUP(freep) char *reference = image_reference_format(ref);
    struct json_t *config = NULL;
    const char *id = NULL;
    char digest[DIGEST_TEXT_BYTES];
    int64_t size = 0;
    if (reference == NULL)
        return err_errno(e, ENOMEM, "find image");
    if (field_doc_parse(json, n, &doc, e) < 0 || field_get_text(doc, "Id", &id, e) < 0 ||
        field_get_object(doc, "Config", &config, e) < 0 ||
        field_get_i64(doc, "Size", 0, INT64_MAX, &size, e) < 0)
        return err_wrap(e, "the engine's image");
    CLEANUP(freep) char *spelled = spell_id(id);
    if (spelled == NULL)
        return err_errno(e, ENOMEM, "find image");
    int rc = find_digest(doc, ref, spelled, digest, e);
    if (rc < 0)
        return rc;

    CLEANUP(image_freep) struct image *image = image_new(reference, digest);
    if (image == NULL)
        return err_errno(e, ENOMEM, "find image");
    image->size_bytes = size;
    image->engine_id = TAKE_PTR(spelled);
    rc = image_config_get(config, &image->config, e);
    if (rc == 0)
        *ret_image = TAKE_PTR(image);
    return rc;
}

static int inspect(const struct image_pull *pull, struct image **ret_image, struct err *e)
{
    CLEANUP(freep) char *reference = image_reference_format(&pull->ref);
    char path[PATH_BYTES];
    struct engine_call call;
    if (reference == NULL)
        return err_errno(e, ENOMEM, "find image");
    int n = snprintf(path, sizeof(path), "/images/%s/json", reference);
    if (n < 0 || (size_t)n >= sizeof(path))
        return err_set(e, ERR_INVALID, "the image's name is too long");
    engine_call_init(&call);
    int rc = engine_answer_await(
        &call, &(struct engine_request){.socket = pull->engine, .method = "GET", .path = path},
        INSPECT_US, e);
    if (rc == 0)
        rc = image_engine_parse(call.body.data, call.body.len, &pull->ref, ret_image, e);
    engine_call_done(&call);
    return rc;
}

/* base64url of {"username","password","serveraddress"} */
void image_engine_put_login(struct buf *b, const struct image_reference *ref,
                            const struct registry_login *login)
{
    struct buf json;
    size_t from = b->len;
    buf_init(&json, LOGIN_MAX_BYTES);
    (void)buf_reserve(&json, LOGIN_MAX_BYTES);
    buf_add_char(&json, '{');
    field_put_text(&json, "username", login->username != NULL ? login->username : "");
    field_put_text(&json, "password", login->password != NULL ? login->password : "");
    field_put_text(&json, "serveraddress", login->host != NULL ? login->host : ref->host);
    buf_add_char(&json, '}');
    if (buf_ok(&json))
        buf_add_base64(b, json.data, json.len);
    for (size_t i = from; buf_ok(b) && i < b->len; i++) {
        if (b->data[i] == '+')
            b->data[i] = '-';
        else if (b->data[i] == '/')
            b->data[i] = '_';
    }
    if (json.data != NULL)
        explicit_bzero(json.data, json.cap);
    buf_done(&json);
}

static int begin_pull(const struct image_pull *pull, struct engine_call *call, struct err *e)
{
    struct buf header;
    char path[PATH_BYTES];
    bool has_login = pull->login.username != NULL;
    int n = snprintf(path, sizeof(path), "/images/create?fromImage=%s/%s&tag=%s", pull->ref.host,
                     pull->ref.name, image_reference_version(&pull->ref));
    if (n < 0 || (size_t)n >= sizeof(path))
        return err_set(e, ERR_INVALID, "the image's name is too long");
    buf_init(&header, LOGIN_MAX_BYTES * 2);
    (void)buf_reserve(&header, LOGIN_MAX_BYTES * 2);
    if (has_login) {
        buf_add_text(&header, "X-Registry-Auth: ");
        image_engine_put_login(&header, &pull->ref, &pull->login);
        buf_add_text(&header, "\r\n");
    }
    int rc = engine_call_start(call,
                               &(struct engine_request){.socket = pull->engine,
                                                        .method = "POST",
                                                        .path = path,
                                                        .header = buf_text(&header),
                                                        .is_stream = true},
                               e);
    if (header.data != NULL)
        explicit_bzero(header.data, header.cap);
    buf_done(&header);
    return rc;
}

static int take_progress(struct image_pull *pull, struct engine_call *call,
                         struct pull_progress *progress, struct err *e)
{
    const char *piece;
    size_t n;
    int64_t done;
    int64_t total;
    while (engine_call_read(call, &piece, &n) == 1) {
        int rc = pull_progress_take(progress, piece, n, e);
        if (rc < 0)
            return rc;
    }
    pull_progress_sum(progress, &done, &total);
    atomic_store(&pull->watch.done_bytes, done);
    atomic_store(&pull->watch.total_bytes, total);
    return 0;
}

/* To the end of the answer, or until canceled: an engine stops a pull whose client goes. */
static int follow_pull(struct image_pull *pull, struct engine_call *call,
                       struct pull_progress *progress, struct err *e)
{
    for (;;) {
        int rc = 0;
        enum engine_call_state state = engine_call_step(call);
        if (state == ENGINE_CALL_STREAMING)
            rc = take_progress(pull, call, progress, e);
        if (rc < 0)
            return rc;
        if (call->state == ENGINE_CALL_FAILED)
            return err_set(e, call->problem.code, "%s", call->problem.msg);
        if (call->state == ENGINE_CALL_DONE)
            return 0;
        if (atomic_load(&pull->watch.cancel))
            return err_set(e, ERR_UNAVAILABLE, "canceled");
        struct pollfd fd = {.fd = call->fd,
                            .events = state == ENGINE_CALL_SENDING ? POLLOUT : POLLIN};
        (void)poll(&fd, 1, CANCEL_CHECK_MS);
    }
}

static int check_pull(const struct engine_call *call, const struct pull_progress *progress,
                      struct err *e)
{
    struct err refusal;
    int rc = engine_answer_check(call, &refusal);
    if (rc < 0)
        return err_set(e, rc == ERR_NOT_FOUND ? rc : pull_progress_code_of(refusal.msg), "%s",
                       refusal.msg);
    if (progress->failure.code != ERR_OK)
        return err_set(e, progress->failure.code, "%s", progress->failure.msg);
    return 0;
}

static int pull_image(struct image_pull *pull, struct err *e)
{
    struct engine_call call;
    struct pull_progress *progress = malloc(sizeof(*progress));
    if (progress == NULL)
        return err_errno(e, ENOMEM, "pull image");
    engine_call_init(&call);
    pull_progress_init(progress);
    int rc = begin_pull(pull, &call, e);
    if (rc == 0)
        rc = follow_pull(pull, &call, progress, e);
    if (rc == 0)
        rc = check_pull(&call, progress, e);
    engine_call_done(&call);
    pull_progress_done(progress);
    free(progress);
    return rc;
}

int image_engine_get(struct image_pull *pull, struct image **ret_image, bool *ret_is_new,
                     struct err *e)
{
    *ret_is_new = false;
    if (pull->may_use_local) {
        int rc = inspect(pull, ret_image, e);
        if (rc != ERR_NOT_FOUND)
            return rc;
    }
    if (!pull->may_pull)
        return err_set(e, ERR_NOT_FOUND,
                       "the image is not on this hypervisor and pull_policy is never");
    int rc = pull_image(pull, e);
    if (rc == 0)
        rc = inspect(pull, ret_image, e);
    if (rc == 0)
        *ret_is_new = true;
    return rc;
}
