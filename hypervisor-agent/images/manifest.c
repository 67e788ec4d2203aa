/* SPDX-License-Identifier: Apache-2.0 */
#include "images/manifest.h"

#include "wire/field.h"

#include <jansson.h>

#include <errno.h>
#include <string.h>

#define PLATFORMS_TEXT_BYTES ((size_t)320)

const char manifest_accept[] = "application/vnd.oci.image.manifest.v1+json, "
                               "application/vnd.oci.image.index.v1+json, "
                               "application/vnd.docker.distribution.manifest.v2+json, "
                               "application/vnd.docker.distribution.manifest.list.v2+json";

static int parse_blob(const json_t *object, struct blob *ret_blob, struct err *e)
{
    const char *digest = NULL;
    if (field_get_text(object, "digest", &digest, e) < 0 ||
        field_get_i64(object, "size", 0, INT64_MAX, &ret_blob->size_bytes, e) < 0)
        return ERR_INVALID;
    if (!digest_is_valid(digest, strlen(digest)))
        return err_set(e, ERR_INVALID, "digest is not sha256: and 64 hex digits");
    memcpy(ret_blob->digest, digest, sizeof(ret_blob->digest));
    return 0;
}

int manifest_is_index(const char *text, size_t n, bool *ret_is_index, struct err *e)
{
    CLEANUP(field_doc_freep) json_t *doc = NULL;
    if (field_doc_parse(text, n, &doc, e) < 0)
        return err_wrap(e, "manifest");
    *ret_is_index = json_object_get(doc, "manifests") != NULL;
    return 0;
}

static int parse_layers(const json_t *doc, struct manifest *m, struct err *e)
{
    json_t *layers = NULL;
    if (field_get_array(doc, "layers", &layers, e) < 0)
        return ERR_INVALID;
    m->layers_n = json_array_size(layers);
    if (m->layers_n == 0 || m->layers_n > MANIFEST_LAYERS_MAX)
        return err_set(e, ERR_INVALID, "%zu layers; 1 to %d are possible", m->layers_n,
                       MANIFEST_LAYERS_MAX);
    m->layers = calloc(m->layers_n, sizeof(*m->layers));
    if (m->layers == NULL)
        return err_errno(e, ENOMEM, "layers");
    for (size_t i = 0; i < m->layers_n; i++)
        if (parse_blob(json_array_get(layers, i), &m->layers[i], e) < 0)
            return err_wrap(e, "layers[%zu]", i);
    return 0;
}

int manifest_parse(const char *text, size_t n, struct manifest *ret_manifest, struct err *e)
{
    CLEANUP(field_doc_freep) json_t *doc = NULL;
    CLEANUP(manifest_done) struct manifest m = {0};
    int64_t version = 0;
    json_t *config = NULL;

    if (field_doc_parse(text, n, &doc, e) < 0 ||
        field_get_i64(doc, "schemaVersion", 1, 2, &version, e) < 0)
        return err_wrap(e, "manifest");
    if (version == 1)
        return err_set(e, ERR_INVALID, "manifest: schema 1 is not supported; push the image anew");
    if (field_get_object(doc, "config", &config, e) < 0 || parse_blob(config, &m.config, e) < 0 ||
        parse_layers(doc, &m, e) < 0)
        return err_wrap(e, "manifest");

    *ret_manifest = m;
    m = (struct manifest){0};
    return 0;
}

void manifest_done(struct manifest *m)
{
    free(m->layers);
    *m = (struct manifest){0};
}

static struct platform platform_of(const json_t *entry)
{
    const json_t *platform = json_object_get(entry, "platform");
    return (struct platform){
        .os = json_string_value(json_object_get(platform, "os")),
        .architecture = json_string_value(json_object_get(platform, "architecture")),
        .variant = json_string_value(json_object_get(platform, "variant")),
    };
}

/* As many as fit; without the entries that are no images (attestations are "unknown"). */
static void put_platforms(struct buf *b, const json_t *entries)
{
    size_t n = 0;
    for (size_t i = 0; i < json_array_size(entries) && b->len < PLATFORMS_TEXT_BYTES / 2; i++) {
        const struct platform platform = platform_of(json_array_get(entries, i));
        if (platform.os == NULL || strcmp(platform.os, "unknown") == 0)
            continue;
        buf_add_text(b, n++ > 0 ? ", " : "");
        platform_put(b, &platform);
    }
    if (n == 0)
        buf_add_text(b, "none");
}

static int choose_none(const json_t *entries, const struct platform *machine, struct err *e)
{
    CLEANUP(buf_done) struct buf wanted;
    CLEANUP(buf_done) struct buf has;
    buf_init(&wanted, PLATFORMS_TEXT_BYTES);
    buf_init(&has, PLATFORMS_TEXT_BYTES);
    platform_put(&wanted, machine);
    put_platforms(&has, entries);
    return err_set(e, ERR_NOT_FOUND, "the image has no variant for %s; it has %s",
                   buf_text(&wanted), buf_text(&has));
}

int manifest_choose(const char *text, size_t n, const struct platform *machine,
                    struct blob *ret_entry, struct err *e)
{
    CLEANUP(field_doc_freep) json_t *doc = NULL;
    json_t *entries = NULL;
    if (field_doc_parse(text, n, &doc, e) < 0 || field_get_array(doc, "manifests", &entries, e) < 0)
        return err_wrap(e, "image index");

    int best_rank = -1;
    size_t best = 0;
    for (size_t i = 0; i < json_array_size(entries); i++) {
        const struct platform platform = platform_of(json_array_get(entries, i));
        int rank = platform_rank(&platform, machine);
        if (rank > best_rank) {
            best_rank = rank;
            best = i;
        }
    }
    if (best_rank < 0)
        return choose_none(entries, machine, e);

    struct blob blob;
    if (parse_blob(json_array_get(entries, best), &blob, e) < 0)
        return err_wrap(e, "image index: manifests[%zu]", best);
    *ret_entry = blob;
    return 0;
}
