/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/engine_info.h"

#include "base/clock.h"
#include "engine/engine_answer.h"
#include "engine/engine_call.h"
#include "wire/field.h"

#include <string.h>

#define ANSWER_US (5 * CLOCK_US_PER_S)

static int get(const char *socket, const char *path, struct json_t **ret_doc, struct err *e)
{
    struct engine_call call;
    engine_call_init(&call);
    int r = engine_answer_await(
        &call, &(struct engine_request){.socket = socket, .method = "GET", .path = path}, ANSWER_US,
        e);
    if (r == 0)
        r = field_doc_parse(call.body.data == NULL ? "" : call.body.data, call.body.len, ret_doc,
                            e);
    engine_call_done(&call);
    return r;
}

int engine_info_get(const char *socket, struct engine_info *ret_info, struct err *e)
{
    CLEANUP(field_doc_freep) struct json_t *version = NULL;
    CLEANUP(field_doc_freep) struct json_t *info = NULL;
    struct engine_info found = {0};
    const char *text = "";
    const char *groups = NULL;
    const char *buildah = NULL;
    int r = get(socket, "/version", &version, e);
    if (r == 0)
        r = get(socket, "/info", &info, e);
    if (r == 0)
        r = field_get_text(version, "Version", &text, e);
    if (r == 0)
        r = field_get_text_or_null(info, "CgroupDriver", &groups, e);
    if (r == 0)
        r = field_get_text_or_null(info, "BuildahVersion", &buildah, e);
    if (r < 0)
        return r;
    size_t n = strnlen(text, sizeof(found.version) - 1);
    memcpy(found.version, text, n);
    found.has_parents = groups != NULL && strcmp(groups, "cgroupfs") == 0;
    found.is_podman = buildah != NULL;
    *ret_info = found;
    return 0;
}
