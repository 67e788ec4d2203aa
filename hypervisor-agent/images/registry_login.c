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

static int copy(const char *username, const char *password, const char *ca_pem, bool insecure,
                struct registry_login *ret_login, struct err *e)
{
    CLEANUP(registry_login_done) struct registry_login login = {.insecure = insecure};
    int rc = copy_text(username, &login.username, e);
    if (rc == 0)
        rc = copy_text(password, &login.password, e);
    if (rc == 0)
        rc = copy_text(ca_pem, &login.ca_pem, e);
    if (rc < 0)
        return rc;
    *ret_login = login;
    login = (struct registry_login){0};
    return 0;
}

int registry_login_copy(const struct registry_login *login, struct registry_login *ret_copy,
                        struct err *e)
{
    return copy(login->username, login->password, login->ca_pem, login->insecure, ret_copy, e);
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
    const char *username = NULL;
    const char *password = NULL;
    const char *ca_pem = NULL;
    int rc = field_doc_parse(text, n, &doc, e);
    if (rc < 0)
        return err_set(e, ERR_INVALID, "registry login is no JSON object");
    bool insecure = json_is_true(json_object_get(doc, "insecure"));
    if (field_get_text_or_null(doc, "username", &username, e) < 0 ||
        field_get_text_or_null(doc, "password", &password, e) < 0 ||
        field_get_text_or_null(doc, "ca_pem", &ca_pem, e) < 0)
        rc = err_wrap(e, "registry login");
    else if ((username == NULL) != (password == NULL))
        rc = err_set(e, ERR_INVALID, "registry login: username and password go together");
    else
        rc = copy(username, password, ca_pem, insecure, ret_login, e);
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
    return is_same(a->username, b->username) && is_same(a->password, b->password) &&
           is_same(a->ca_pem, b->ca_pem) && a->insecure == b->insecure;
}

void registry_login_done(struct registry_login *login)
{
    free(login->username);
    if (login->password != NULL)
        sodium_memzero(login->password, strlen(login->password));
    free(login->password);
    free(login->ca_pem);
    *login = (struct registry_login){0};
}
