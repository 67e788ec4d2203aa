/* SPDX-License-Identifier: Apache-2.0 */
#include "images/image.h"

#include "wire/field.h"

#include <jansson.h>

#include <errno.h>
#include <string.h>

struct image *image_new(const char *reference, const char *digest)
{
    CLEANUP(image_freep) struct image *image = calloc(1, sizeof(*image));
    if (image == NULL)
        return NULL;
    image->reference = strdup(reference);
    if (image->reference == NULL)
        return NULL;
    memcpy(image->digest, digest, sizeof(image->digest));
    return TAKE_PTR(image);
}

void image_free(struct image *image)
{
    if (image == NULL)
        return;
    free(image->reference);
    free(image->engine_id);
    image_config_done(&image->config);
    text_list_done(&image->layers);
    text_list_done(&image->projects);
    free(image);
}

void image_freep(struct image **image)
{
    image_free(*image);
}

static bool list_has(const struct text_list *list, const char *text)
{
    for (size_t i = 0; i < list->n; i++)
        if (strcmp(list->items[i], text) == 0)
            return true;
    return false;
}

bool image_is_open_to(const struct image *image, struct id project)
{
    return image->is_public || list_has(&image->projects, ID_TEXT(project));
}

static int open_to(struct image *image, const char *project, struct err *e)
{
    if (image->projects.n == IMAGE_PROJECTS_MAX || list_has(&image->projects, project))
        return 0;
    return text_list_add(&image->projects, project, e);
}

int image_open_to(struct image *image, struct id project, bool is_private, struct err *e)
{
    image->is_public = image->is_public || !is_private;
    return open_to(image, ID_TEXT(project), e);
}

int image_open_as(struct image *image, const struct image *other, struct err *e)
{
    int rc = 0;
    image->is_public = image->is_public || other->is_public;
    for (size_t i = 0; rc == 0 && i < other->projects.n; i++)
        rc = open_to(image, other->projects.items[i], e);
    return rc;
}

void image_put(struct buf *b, const struct image *image)
{
    buf_add_char(b, '{');
    field_put_text(b, "reference", image->reference);
    field_put_text(b, "digest", image->digest);
    field_put_i64(b, "size_bytes", image->size_bytes);
    field_put_texts(b, "layers", (const char *const *)image->layers.items, image->layers.n);
    field_put_bool(b, "public", image->is_public);
    field_put_texts(b, "projects", (const char *const *)image->projects.items, image->projects.n);
    field_put_key(b, "config");
    image_config_put(b, &image->config);
    buf_add_char(b, '}');
}

static int get_layers(const json_t *doc, struct text_list *layers, struct err *e)
{
    CLEANUP(freep) const char **texts = NULL;
    size_t n = 0;
    int rc = field_get_texts_or_null(doc, "layers", &texts, &n, e);
    for (size_t i = 0; rc == 0 && i < n; i++) {
        if (!digest_is_valid(texts[i], strlen(texts[i])))
            return err_set(e, ERR_INVALID, "layers[%zu] is no digest", i);
        rc = text_list_add(layers, texts[i], e);
    }
    return rc;
}

static int get_projects(const json_t *doc, struct text_list *projects, struct err *e)
{
    CLEANUP(freep) const char **texts = NULL;
    size_t n = 0;
    int rc = field_get_texts_or_null(doc, "projects", &texts, &n, e);
    for (size_t i = 0; rc == 0 && i < n; i++)
        rc = text_list_add(projects, texts[i], e);
    return rc;
}

static int get_image(const json_t *doc, struct image **ret_image, struct err *e)
{
    const char *reference = NULL;
    const char *digest = NULL;
    json_t *config = NULL;
    if (field_get_text(doc, "reference", &reference, e) < 0 ||
        field_get_text(doc, "digest", &digest, e) < 0 ||
        field_get_object(doc, "config", &config, e) < 0)
        return ERR_INVALID;
    if (!digest_is_valid(digest, strlen(digest)))
        return err_set(e, ERR_INVALID, "digest is not valid");

    CLEANUP(image_freep) struct image *image = image_new(reference, digest);
    if (image == NULL)
        return err_errno(e, ENOMEM, "read image record");
    int rc = field_get_i64(doc, "size_bytes", 0, INT64_MAX, &image->size_bytes, e);
    if (rc == 0)
        rc = get_layers(doc, &image->layers, e);
    if (rc == 0)
        rc = field_get_bool(doc, "public", &image->is_public, e);
    if (rc == 0)
        rc = get_projects(doc, &image->projects, e);
    if (rc == 0)
        rc = image_config_get(config, &image->config, e);
    if (rc == 0)
        *ret_image = TAKE_PTR(image);
    return rc;
}

int image_parse(const char *text, size_t n, struct image **ret_image, struct err *e)
{
    CLEANUP(field_doc_freep) json_t *doc = NULL;
    int rc = field_doc_parse(text, n, &doc, e);
    return rc < 0 ? rc : get_image(doc, ret_image, e);
}

int image_copy(const struct image *image, const char *reference, struct image **ret_copy,
               struct err *e)
{
    CLEANUP(buf_done) struct buf text;
    CLEANUP(freep) char *its_reference = strdup(reference);
    struct image *copy = NULL;

    buf_init(&text, IMAGE_RECORD_MAX_BYTES);
    image_put(&text, image);
    if (!buf_ok(&text) || its_reference == NULL)
        return err_set(e, ERR_LIMIT, "copy the record of %.100s", image->reference);
    int rc = image_parse(text.data, text.len, &copy, e);
    if (rc < 0)
        return rc;
    free(copy->reference);
    copy->reference = TAKE_PTR(its_reference);
    copy->used_at_us = image->used_at_us;
    *ret_copy = copy;
    return 0;
}
