/* SPDX-License-Identifier: Apache-2.0 */
#include "identity.h"

#include "auth/sealed_box.h"
#include "base/file.h"
#include "base/parse.h"

#include <jansson.h>

#include <errno.h>
#include <string.h>

static const char key_file[] = "key";
static const char credential_file[] = "credential";

struct identity {
    char *data_dir;                             /* owned */
    struct sealed_box_keys *keys;               /* owned */
    char credential[IDENTITY_CREDENTIAL_BYTES]; /* "" until registered */
};

static int file_path(const struct identity *identity, const char *name, char **ret_path,
                     struct err *e)
{
    if (asprintf(ret_path, "%s/%s", identity->data_dir, name) < 0) {
        *ret_path = NULL;
        return err_errno(e, ENOMEM, "%s", name);
    }
    return 0;
}

static int load_key(struct identity *identity, struct err *e)
{
    CLEANUP(freep) char *path = NULL;
    int rc = file_path(identity, key_file, &path, e);
    return rc < 0 ? rc : sealed_box_keys_open(path, &identity->keys, e);
}

static int load_credential(struct identity *identity, struct err *e)
{
    CLEANUP(freep) char *path = NULL;
    CLEANUP(buf_done) struct buf text;
    buf_init(&text, sizeof(identity->credential) - 1);
    int rc = file_path(identity, credential_file, &path, e);
    if (rc < 0)
        return rc;

    rc = file_read(path, &text, e);
    if (rc == ERR_NOT_FOUND)
        return 0;
    if (rc < 0)
        return rc;
    memcpy(identity->credential, buf_text(&text), text.len + 1);
    identity->credential[strcspn(identity->credential, "\r\n")] = '\0';
    secret_wipe(text.data, text.len);
    return 0;
}

int identity_open(const char *data_dir, struct identity **ret_identity, struct err *e)
{
    struct identity *identity = calloc(1, sizeof(*identity));
    if (identity == NULL)
        return err_errno(e, ENOMEM, "identity");
    identity->data_dir = strdup(data_dir);
    int rc = identity->data_dir != NULL ? secret_init(e) : err_errno(e, ENOMEM, "identity");
    if (rc == 0)
        rc = load_key(identity, e);
    if (rc == 0)
        rc = load_credential(identity, e);
    if (rc < 0) {
        identity_free(identity);
        return rc;
    }
    *ret_identity = identity;
    return 0;
}

void identity_free(struct identity *identity)
{
    if (identity == NULL)
        return;
    sealed_box_keys_free(identity->keys);
    secret_wipe(identity->credential, sizeof(identity->credential));
    free(identity->data_dir);
    free(identity);
}

const unsigned char *identity_public_key(const struct identity *identity)
{
    return sealed_box_public_key(identity->keys);
}

const char *identity_credential(const struct identity *identity)
{
    return identity->credential[0] != '\0' ? identity->credential : NULL;
}

int identity_set_credential(struct identity *identity, const char *credential, struct err *e)
{
    CLEANUP(freep) char *path = NULL;
    size_t n = strlen(credential);
    if (n == 0 || n >= sizeof(identity->credential))
        return err_set(e, ERR_INVALID, "the API gave a credential of %zu bytes", n);
    int rc = file_path(identity, credential_file, &path, e);
    if (rc == 0)
        rc = file_replace(path, credential, n, 0600, e);
    if (rc == 0)
        memcpy(identity->credential, credential, n + 1);
    return rc;
}

static int add_variable(struct text_list *env, const char *key, const json_t *value, struct err *e)
{
    const char *text = json_string_value(value);
    struct buf variable;
    if (text == NULL || key[0] == '\0' || strchr(key, '=') != NULL)
        return err_set(e, ERR_INVALID, "env: a variable that cannot be set");

    buf_init(&variable, strlen(key) + strlen(text) + 2);
    buf_printf(&variable, "%s=", key);
    buf_add_text(&variable, text);
    int rc = buf_ok(&variable) ? text_list_add(env, buf_text(&variable), e)
                               : err_errno(e, ENOMEM, "env");
    if (variable.data != NULL)
        secret_wipe(variable.data, variable.len);
    buf_done(&variable);
    return rc;
}

static int add_variables(struct text_list *env, const struct secret *text, struct err *e)
{
    json_t *doc = json_loadb((const char *)secret_bytes(text), secret_len(text), 0, NULL);
    if (!json_is_object(doc)) {
        json_decref(doc);
        return err_set(e, ERR_INVALID, "env: not a JSON object");
    }
    int rc = 0;
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach(doc, key, value)
    {
        rc = add_variable(env, key, value, e);
        if (rc < 0)
            break;
    }
    json_decref(doc);
    return rc;
}

static int unseal(const struct identity *identity, const char *sealed, const char *what,
                  struct secret **ret_plain, struct err *e)
{
    CLEANUP(freep) unsigned char *box = NULL;
    size_t n = 0;
    int rc = parse_base64(sealed, strlen(sealed), what, &box, &n, e);
    if (rc < 0)
        return rc;
    rc = sealed_box_open(identity->keys, box, n, ret_plain, e);
    return rc < 0 ? err_wrap(e, "%s", what) : 0;
}

int identity_unseal_env(const struct identity *identity, const char *sealed, struct text_list *env,
                        struct err *e)
{
    CLEANUP(secret_freep) struct secret *plain = NULL;
    int rc = unseal(identity, sealed, "env", &plain, e);
    return rc < 0 ? rc : add_variables(env, plain, e);
}

int identity_unseal_login(const struct identity *identity, const char *sealed,
                          struct registry_login *ret_login, struct err *e)
{
    CLEANUP(secret_freep) struct secret *plain = NULL;
    int rc = unseal(identity, sealed, "registry login", &plain, e);
    if (rc < 0)
        return rc;
    return registry_login_parse((const char *)secret_bytes(plain), secret_len(plain), ret_login, e);
}
