/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading is strict where a slip would do something else than was meant; what the server checks is
 * left to it.
 */
#include "manifest.h"

#include "command.h"
#include "complain.h"
#include "yaml_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_BYTES_MAX ((size_t)4 << 20)

/* The whole file, a NUL behind it; free with free(). */
static char *read_file(const char *path, size_t *ret_n)
{
    FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    char *text = in == NULL ? NULL : malloc(FILE_BYTES_MAX + 1);
    int failed = 1;

    if (in == NULL || text == NULL) {
        (void)complain_errno("read %s", path);
    } else {
        *ret_n = fread(text, 1, FILE_BYTES_MAX, in);
        failed = ferror(in);
        if (failed)
            (void)complain_errno("read %s", path);
        else if (*ret_n == FILE_BYTES_MAX)
            failed = complain("%s is too large", path);
    }
    if (in != NULL && in != stdin)
        (void)fclose(in);
    if (failed) {
        free(text);
        return NULL;
    }
    text[*ret_n] = '\0';
    return text;
}

static int parse(const char *path, const char *text, size_t n, json_t **ret_documents)
{
    char first = text[strspn(text, " \t\r\n")];
    json_error_t error;
    json_t *value;

    if (first != '{' && first != '[')
        return yaml_json_parse(path, text, n, ret_documents);
    value = json_loadb(text, n, JSON_REJECT_DUPLICATES, &error);
    if (value == NULL)
        return complain("%s:%d: %s", path, error.line, error.text);
    *ret_documents = json_array();
    return json_array_append_new(*ret_documents, value) < 0 ? complain("out of memory") : 0;
}

/* "host:5000/name:tag" or "name@sha256:..." into the API's fields. An image says all of them:
 * without a tag it is the latest, without a digest it is not pinned. */
static int split_image(json_t *runner, const char *image)
{
    const char *slash = strrchr(image, '/');
    const char *at = strchr(image, '@');
    const char *colon = strrchr(slash == NULL ? image : slash, ':');
    const char *end = at != NULL ? at : colon != NULL ? colon : image + strlen(image);
    int r = json_object_set_new(runner, "image_name", json_stringn(image, (size_t)(end - image)));

    if (r == 0)
        r = json_object_set_new(runner, "image_digest",
                                at != NULL ? json_string(at + 1) : json_null());
    if (r == 0 && at == NULL)
        r = json_object_set_new(runner, "image_tag",
                                json_string(colon == NULL ? "latest" : colon + 1));
    return r;
}

/* One of the two at most: what is said puts the other out. */
static int put_other_out(json_t *runner)
{
    const json_t *command = json_object_get(runner, "run_command");
    const json_t *argv = json_object_get(runner, "argv");

    if (command != NULL && argv == NULL)
        return json_object_set_new(runner, "argv", json_array());
    return argv != NULL && command == NULL ? json_object_set_new(runner, "run_command", json_null())
                                           : 0;
}

static int expand(const char *path, json_t *runner)
{
    const char *image = json_string_value(json_object_get(runner, "image"));
    json_t *command = json_object_get(runner, "command");
    const char *name = json_string_value(json_object_get(runner, "name"));
    int r = 0;

    if (name == NULL)
        return complain("%s: a runner has no name", path);
    if (json_object_get(runner, "image") != NULL && image == NULL)
        return complain("%s: runner '%s': image is not a text", path, name);
    if (image != NULL && json_object_get(runner, "image_name") != NULL)
        return complain("%s: runner '%s': image and image_name exclude each other", path, name);
    if (image != NULL)
        r = split_image(runner, image);
    if (r == 0 && command != NULL)
        r = json_object_set(runner, "run_command", command);
    if (r == 0)
        r = put_other_out(runner);
    (void)json_object_del(runner, "image");
    (void)json_object_del(runner, "command");
    if (json_object_get(runner, "env") != NULL && !json_is_object(json_object_get(runner, "env")))
        return complain("%s: runner '%s': env is not a mapping of names to values", path, name);
    return r == 0 ? 0 : complain("out of memory");
}

/* A runner, a list of them, or {"runners": list}. */
static int take(const char *path, json_t *value, json_t *runners)
{
    json_t *list = json_is_object(value) ? json_object_get(value, "runners") : value;
    json_t *item;
    size_t i;
    int r = 0;

    if (json_is_object(value) && list == NULL) {
        r = expand(path, value);
        return r != 0 || json_array_append(runners, value) == 0 ? r : complain("out of memory");
    }
    if (!json_is_array(list))
        return complain("%s: neither a runner nor a list of runners", path);
    json_array_foreach(list, i, item)
    {
        if (!json_is_object(item))
            return complain("%s: an item of the list is no runner", path);
        r = expand(path, item);
        if (r != 0)
            return r;
        (void)json_array_append(runners, item);
    }
    return 0;
}

int manifest_read(const char *path, json_t **ret_runners)
{
    json_t *documents = NULL;
    json_t *runners = json_array();
    json_t *value;
    size_t n = 0;
    size_t i;
    char *text = read_file(path, &n);
    int r = text == NULL ? EXIT_OURS : parse(path, text, n, &documents);

    json_array_foreach(documents, i, value)
    {
        if (r == 0)
            r = take(path, value, runners);
    }
    if (r == 0 && json_array_size(runners) == 0)
        r = complain("%s: there is no runner in it", path);
    free(text);
    json_decref(documents);
    if (r == 0)
        *ret_runners = runners;
    else
        json_decref(runners);
    return r;
}

static int is_yes(const json_t *value)
{
    const char *text = json_string_value(value);

    return json_is_true(value) || (text != NULL && strcmp(text, "true") == 0);
}

int manifest_env_read(const char *runner, const char *key, json_t *value,
                      struct manifest_env *ret_env)
{
    const char *from = json_string_value(json_object_get(value, "from"));
    const char *member;
    json_t *ignored;

    *ret_env = (struct manifest_env){.key = key, .value = json_string_value(value)};
    if (ret_env->value != NULL)
        return 0;
    if (!json_is_object(value))
        return complain("runner '%s': env %s is neither a text nor {value, from, secret}", runner,
                        key);
    json_object_foreach(value, member, ignored)
    {
        if (strcmp(member, "value") != 0 && strcmp(member, "from") != 0 &&
            strcmp(member, "secret") != 0)
            return complain("runner '%s': env %s: there is value, from and secret, not '%s'",
                            runner, key, member);
    }
    ret_env->is_secret = is_yes(json_object_get(value, "secret"));
    ret_env->value =
        from != NULL ? getenv(from) : json_string_value(json_object_get(value, "value"));
    if (ret_env->value == NULL && from != NULL)
        return complain("runner '%s': env %s comes from %s, which errand's own environment lacks",
                        runner, key, from);
    return ret_env->value == NULL
               ? complain("runner '%s': env %s has neither value nor from", runner, key)
               : 0;
}
