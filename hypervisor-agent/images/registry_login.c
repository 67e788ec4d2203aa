/* SPDX-License-Identifier: Apache-2.0 */
#include "images/registry_login.h"

#include "wire/field.h"

#include <jansson.h>
#include <sodium.h>

#include <errno.h>
#include <string.h>

static int copy_text(const char *text, char **ret_copy, struct err *e)
{
    if (text == NULL)
        return 0;
    *ret_copy = strdup(text);
    return *ret_copy != NULL ? 0 : err_errno(e, ENOMEM, "registry login");
}

/* `texts` has the texts of a login, borrowed. */
static int copy(const struct registry_login *texts, struct registry_login *ret_login, struct err *e)
{
    CLEANUP(registry_login_done) struct registry_login login = {.insecure = texts->insecure};
    int rc = copy_text(texts->host, &login.host, e);
    if (rc == 0)
        rc = copy_text(texts->username, &login.username, e);
    if (rc == 0)
        rc = copy_text(texts->password, &login.password, e);
    if (rc == 0)
        rc = copy_text(texts->ca_pem, &login.ca_pem, e);
    if (rc < 0)
        return rc;
    *ret_login = login;
    login = (struct registry_login){0};
    return 0;
}

int registry_login_copy(const struct registry_login *login, struct registry_login *ret_copy,
                        struct err *e)
{
    return copy(login, ret_copy, e);
}

static int get_text(const json_t *doc, const char *key, char **ret_text, struct err *e)
{
    const char *text = NULL;
    int rc = field_get_text_or_null(doc, key, &text, e);
    *ret_text = (char *)(uintptr_t)text;
    return rc;
}

/* jansson frees without wiping. */
static void wipe_member(json_t *doc, const char *key)
{
    const json_t *text = json_object_get(doc, key);
    if (json_is_string(text))
        sodium_memzero((void *)(uintptr_t)json_string_value(text), json_string_length(text));
}

int registry_login_parse(const char *text, size_t n, struct registry_login *ret_login,
                         struct err *e)
{
    json_t *doc = NULL;
    struct registry_login texts = {0};
    int rc = field_doc_parse(text, n, &doc, e);
    if (rc < 0)
        return err_set(e, ERR_INVALID, "registry login is no JSON object");
    texts.insecure = json_is_true(json_object_get(doc, "insecure"));
    if (get_text(doc, "host", &texts.host, e) < 0 ||
        get_text(doc, "username", &texts.username, e) < 0 ||
        get_text(doc, "password", &texts.password, e) < 0 ||
        get_text(doc, "ca_pem", &texts.ca_pem, e) < 0)
        rc = err_wrap(e, "registry login");
    else if ((texts.username == NULL) != (texts.password == NULL))
        rc = err_set(e, ERR_INVALID, "registry login: username and password go together");
    else
        rc = copy(&texts, ret_login, e);
    wipe_member(doc, "password");
    field_doc_free(doc);
    return rc;
}

static bool is_same(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

bool registry_login_equal(const struct registry_login *a, const struct registry_login *b)
{
    return is_same(a->host, b->host) && is_same(a->username, b->username) &&
           is_same(a->password, b->password) && is_same(a->ca_pem, b->ca_pem) &&
           a->insecure == b->insecure;
}

void registry_login_done(struct registry_login *login)
{
    free(login->host);
    free(login->username);
    if (login->password != NULL)
        sodium_memzero(login->password, strlen(login->password));
    free(login->password);
    free(login->ca_pem);
    *login = (struct registry_login){0};
}
