/* SPDX-License-Identifier: Apache-2.0 */
#include "images/image_config.h"

#include "wire/field.h"

#include <jansson.h>

#include <errno.h>
#include <string.h>

static int get_list(const json_t *object, const char *key, struct text_list *list, struct err *e)
{
    CLEANUP(freep) const char **texts = NULL;
    size_t n = 0;
    int rc = field_get_texts_or_null(object, key, &texts, &n, e);
    if (n > IMAGE_CONFIG_TEXTS_MAX)
        return err_set(e, ERR_INVALID, "%s holds more than %d texts", key, IMAGE_CONFIG_TEXTS_MAX);
    for (size_t i = 0; rc == 0 && i < n; i++)
        rc = text_list_add(list, texts[i], e);
    return rc;
}

/* Docker writes "" for what was not given. */
static int get_text(const json_t *object, const char *key, char **ret_text, struct err *e)
{
    const char *text = NULL;
    if (field_get_text_or_null(object, key, &text, e) < 0)
        return ERR_INVALID;
    if (text == NULL || text[0] == '\0')
        return 0;
    *ret_text = strdup(text);
    return *ret_text != NULL ? 0 : err_errno(e, ENOMEM, "%s", key);
}

int image_config_get(const struct json_t *object, struct image_config *ret_config, struct err *e)
{
    CLEANUP(image_config_done) struct image_config c = {0};
    struct err problem;
    if (get_list(object, "Entrypoint", &c.entrypoint, &problem) < 0 ||
        get_list(object, "Cmd", &c.cmd, &problem) < 0 ||
        get_list(object, "Env", &c.env, &problem) < 0 ||
        get_text(object, "WorkingDir", &c.cwd, &problem) < 0 ||
        get_text(object, "User", &c.user, &problem) < 0)
        return err_set(e, problem.code, "image configuration: %s", problem.msg);
    *ret_config = c;
    c = (struct image_config){0};
    return 0;
}

static int check_layers(const json_t *doc, size_t layers_n, struct err *e)
{
    const json_t *diff_ids = json_object_get(json_object_get(doc, "rootfs"), "diff_ids");
    if (json_array_size(diff_ids) != layers_n)
        return err_set(e, ERR_INVALID, "image configuration: %zu diff_ids for %zu layers",
                       json_array_size(diff_ids), layers_n);
    return 0;
}

static int check_platform(const json_t *doc, const struct platform *machine, struct err *e)
{
    const struct platform image = {
        .os = json_string_value(json_object_get(doc, "os")),
        .architecture = json_string_value(json_object_get(doc, "architecture")),
        .variant = json_string_value(json_object_get(doc, "variant")),
    };
    if (platform_rank(&image, machine) >= 0)
        return 0;
    CLEANUP(buf_done) struct buf names;
    buf_init(&names, 256);
    platform_put(&names, &image);
    buf_add_text(&names, " and this machine is ");
    platform_put(&names, machine);
    return err_set(e, ERR_NOT_FOUND, "the image is for %s", buf_text(&names));
}

int image_config_parse(const char *text, size_t n, size_t layers_n, const struct platform *machine,
                       struct image_config *ret_config, struct err *e)
{
    CLEANUP(field_doc_freep) json_t *doc = NULL;
    if (field_doc_parse(text, n, &doc, e) < 0)
        return err_wrap(e, "image configuration");
    int rc = check_layers(doc, layers_n, e);
    if (rc == 0)
        rc = check_platform(doc, machine, e);
    if (rc < 0)
        return rc;

    const json_t *config = json_object_get(doc, "config");
    if (config == NULL || json_is_null(config)) {
        *ret_config = (struct image_config){0};
        return 0;
    }
    return image_config_get(config, ret_config, e);
}

static void put_list(struct buf *b, const char *key, const struct text_list *list)
{
    field_put_key(b, key);
    buf_add_char(b, '[');
    for (size_t i = 0; i < list->n; i++) {
        field_put_separator(b);
        buf_add_json_string(b, list->items[i], strlen(list->items[i]));
    }
    buf_add_char(b, ']');
}

void image_config_put(struct buf *b, const struct image_config *config)
{
    buf_add_char(b, '{');
    put_list(b, "Entrypoint", &config->entrypoint);
    put_list(b, "Cmd", &config->cmd);
    put_list(b, "Env", &config->env);
    field_put_text(b, "WorkingDir", config->cwd);
    field_put_text(b, "User", config->user);
    buf_add_char(b, '}');
}

void image_config_done(struct image_config *config)
{
    text_list_done(&config->entrypoint);
    text_list_done(&config->cmd);
    text_list_done(&config->env);
    free(config->cwd);
    free(config->user);
    *config = (struct image_config){0};
}
