/* SPDX-License-Identifier: Apache-2.0
 *
 * libyaml's documents, walked. Aliases are followed, so what they may make of a small file is
 * bounded.
 */
#include "yaml_json.h"

#include "command.h"
#include "complain.h"

#include <yaml.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 32
#define NODES_MAX 100000

struct walk {
    const char *path;
    yaml_document_t *document;
    size_t nodes;
};

static json_t *convert(struct walk *walk, int node_id, int depth, int as_text);

static json_t *refuse(const struct walk *walk, const yaml_node_t *node, const char *what)
{
    (void)complain("%s:%zu: %s", walk->path, node->start_mark.line + 1, what);
    return NULL;
}

static int is_any(const char *text, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (strcmp(text, *words) == 0)
            return 1;
    }
    return 0;
}

/* Only numbers that come back as they were written: 7, -7, 0.5; not 007, +7, 0x7. */
static json_t *plain_number(const char *text)
{
    const char *digits = text + (text[0] == '-');
    size_t n = strspn(digits, "0123456789");
    char *end;

    if (n == 0 || (n > 1 && digits[0] == '0') || n > 18)
        return NULL;
    if (digits[n] == '\0') {
        json_int_t value = 0;

        for (size_t i = 0; i < n; i++)
            value = value * 10 + (digits[i] - '0');
        return json_integer(text[0] == '-' ? -value : value);
    }
    if (strspn(text, "-+.eE0123456789") != strlen(text))
        return NULL;
    errno = 0;
    double value = strtod(text, &end);
    return *end == '\0' && errno == 0 ? json_real(value) : NULL;
}

static json_t *convert_scalar(const struct walk *walk, const yaml_node_t *node, int as_text)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
    static const char *const trues[] = {"true", "True", "TRUE", NULL};
    static const char *const falses[] = {"false", "False", "FALSE", NULL};
    const char *text = (const char *)node->data.scalar.value;
    json_t *value = NULL;

    if (strlen(text) != node->data.scalar.length)
        return refuse(walk, node, "a NUL is in a text");
    if (node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && !as_text) {
        value = is_any(text, nulls)    ? json_null()
                : is_any(text, trues)  ? json_true()
                : is_any(text, falses) ? json_false()
                                       : plain_number(text);
    }
    return value != NULL ? value : json_string(text);
}

static json_t *convert_sequence(struct walk *walk, const yaml_node_t *node, int depth, int as_text)
{
    json_t *array = json_array();

    for (const yaml_node_item_t *item = node->data.sequence.items.start;
         item < node->data.sequence.items.top; item++) {
        json_t *value = convert(walk, *item, depth + 1, as_text);

        if (value == NULL || json_array_append_new(array, value) < 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static json_t *convert_mapping(struct walk *walk, const yaml_node_t *node, int depth, int as_text)
{
    json_t *object = json_object();

    for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
         pair < node->data.mapping.pairs.top; pair++) {
        const yaml_node_t *key = yaml_document_get_node(walk->document, pair->key);
        const char *name =
            key->type == YAML_SCALAR_NODE ? (const char *)key->data.scalar.value : NULL;
        json_t *value = NULL;

        if (name == NULL)
            (void)refuse(walk, key, "a key is not a text");
        else if (strlen(name) != key->data.scalar.length)
            (void)refuse(walk, key, "a NUL is in a key");
        else if (json_object_get(object, name) != NULL)
            (void)refuse(walk, key, "a key is there twice");
        else
            value = convert(walk, pair->value, depth + 1, as_text || strcmp(name, "env") == 0);
        if (value == NULL || json_object_set_new(object, name, value) < 0) {
            json_decref(object);
            return NULL;
        }
    }
    return object;
}

static json_t *convert(struct walk *walk, int node_id, int depth, int as_text)
{
    const yaml_node_t *node = yaml_document_get_node(walk->document, node_id);

    if (depth > DEPTH_MAX || ++walk->nodes > NODES_MAX)
        return refuse(walk, node, "too deep, or too much");
    if (node->type == YAML_SEQUENCE_NODE)
        return convert_sequence(walk, node, depth, as_text);
    if (node->type == YAML_MAPPING_NODE)
        return convert_mapping(walk, node, depth, as_text);
    return convert_scalar(walk, node, as_text);
}

/* 1 and a document, 0 behind the last one, EXIT_OURS after complaining. */
static int next_document(yaml_parser_t *parser, const char *path, json_t **ret_value)
{
    yaml_document_t document;
    struct walk walk = {path, &document, 0};
    int r = 0;

    if (!yaml_parser_load(parser, &document))
        return complain("%s:%zu: %s", path, parser->problem_mark.line + 1,
                        parser->problem == NULL ? "not YAML" : parser->problem);
    if (yaml_document_get_root_node(&document) != NULL) {
        *ret_value = convert(&walk, 1, 0, 0);
        r = *ret_value == NULL ? EXIT_OURS : 1;
    }
    yaml_document_delete(&document);
    return r;
}

int yaml_json_parse(const char *path, const char *text, size_t n, json_t **ret_documents)
{
    json_t *documents = json_array();
    yaml_parser_t parser;
    json_t *value = NULL;
    int r;

    if (!yaml_parser_initialize(&parser)) {
        json_decref(documents);
        return complain("out of memory");
    }
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, n);
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    while ((r = next_document(&parser, path, &value)) == 1) {
        if (!json_is_null(value))
            (void)json_array_append(documents, value);
        json_decref(value);
    }
    yaml_parser_delete(&parser);
    if (r == 0)
        *ret_documents = documents;
    else
        json_decref(documents);
    return r;
}
