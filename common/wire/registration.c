/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/registration.h"

#include "base/parse.h"
#include "wire/field.h"

#include <jansson.h>

#include <string.h>

/* What has no '=' is a key without a value. */
static void put_labels(struct buf *b, const char *labels)
{
    field_put_key(b, "labels");
    buf_add_char(b, '{');
    while (labels != NULL && *labels != '\0') {
        size_t n = strcspn(labels, ",");
        CLEANUP(freep) char *key = strndup(labels, n);
        char *value = key == NULL ? NULL : strchr(key, '=');
        if (value != NULL)
            *value++ = '\0';
        if (key != NULL && *key != '\0')
            field_put_text(b, key, value == NULL ? "" : value);
        labels += n + (labels[n] == ',');
    }
    buf_add_char(b, '}');
}

void registration_put(struct buf *b, const struct registration *r)
{
    buf_add_char(b, '{');
    field_put_text(b, "name", r->name);
    field_put_text(b, "region", r->region);
    field_put_number(b, "cpu", r->cpu);
    field_put_i64(b, "mem_total", r->mem_total_mb);
    field_put_i64(b, "disk_free", r->disk_free_bytes);
    field_put_text(b, "version", r->version);
    field_put_texts(b, "runtimes", r->runtimes, r->runtimes_n);
    put_labels(b, r->labels);
    field_put_key(b, "public_key");
    buf_add_char(b, '"');
    buf_add_base64(b, r->public_key, sizeof(r->public_key));
    buf_add_text(b, "\"}");
}

static int parse_public_key(struct registration *r, struct err *e)
{
    const char *text = NULL;
    CLEANUP(freep) unsigned char *key = NULL;
    size_t n = 0;
    if (field_get_text(r->doc, "public_key", &text, e) < 0 ||
        parse_base64(text, strlen(text), "public_key", &key, &n, e) < 0)
        return ERR_INVALID;
    if (n != sizeof(r->public_key))
        return err_set(e, ERR_INVALID, "public_key must be %zu bytes", sizeof(r->public_key));
    memcpy(r->public_key, key, n);
    return 0;
}

static int parse_members(struct registration *r, struct err *e)
{
    const char **runtimes = NULL;
    if (field_get_texts_or_null(r->doc, "runtimes", &runtimes, &r->runtimes_n, e) < 0)
        return ERR_INVALID;
    r->runtimes = runtimes;
    if (field_get_text(r->doc, "name", &r->name, e) < 0 ||
        field_get_text(r->doc, "region", &r->region, e) < 0 ||
        field_get_number(r->doc, "cpu", 0, &r->cpu, e) < 0 ||
        field_get_u32(r->doc, "mem_total", INT32_MAX, &r->mem_total_mb, e) < 0 ||
        field_get_i64(r->doc, "disk_free", 0, INT64_MAX, &r->disk_free_bytes, e) < 0 ||
        field_get_text(r->doc, "version", &r->version, e) < 0)
        return ERR_INVALID;
    return parse_public_key(r, e);
}

int registration_parse(const char *text, size_t n, struct registration *ret_r, struct err *e)
{
    CLEANUP(registration_done) struct registration r = {0};
    int rc = field_doc_parse(text, n, &r.doc, e);
    if (rc == 0)
        rc = parse_members(&r, e);
    if (rc < 0)
        return rc;

    *ret_r = r;
    r = (struct registration){0};
    return 0;
}

void registration_done(struct registration *r)
{
    if (r->doc == NULL)
        return;
    free((void *)(uintptr_t)r->runtimes);
    field_doc_free(r->doc);
    *r = (struct registration){0};
}

void registration_answer_put(struct buf *b, const struct registration_answer *answer)
{
    buf_add_char(b, '{');
    field_put_key(b, "hypervisor");
    buf_add_char(b, '{');
    field_put_id(b, "id", answer->hypervisor_id);
    field_put_text(b, "name", answer->name);
    buf_add_char(b, '}');
    field_put_text(b, "credential", answer->credential);
    buf_add_char(b, '}');
}

int registration_answer_parse(const char *text, size_t n, struct registration_answer *ret_answer,
                              struct err *e)
{
    CLEANUP(registration_answer_done) struct registration_answer answer = {0};
    json_t *hypervisor = NULL;

    if (field_doc_parse(text, n, &answer.doc, e) < 0 ||
        field_get_object(answer.doc, "hypervisor", &hypervisor, e) < 0 ||
        field_get_id(hypervisor, "id", &answer.hypervisor_id, e) < 0 ||
        field_get_text(hypervisor, "name", &answer.name, e) < 0 ||
        field_get_text(answer.doc, "credential", &answer.credential, e) < 0)
        return ERR_INVALID;

    *ret_answer = answer;
    answer = (struct registration_answer){0};
    return 0;
}

void registration_answer_done(struct registration_answer *answer)
{
    field_doc_free(answer->doc);
    *answer = (struct registration_answer){0};
}
