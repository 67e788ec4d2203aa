/* SPDX-License-Identifier: Apache-2.0
 *
 * As in sealed_env.c, the plaintext is built in memory that is big enough from the start.
 */
#include "runners/sealed_login.h"

#include <string.h>

#include "auth/env_cipher.h"
#include "auth/sealed_box.h"
#include "auth/secret.h"
#include "base/utf8.h"
#include "model/limits.h"

#define JSON_GROWTH 6 /* a control character becomes six */
#define PLAIN_BYTES                                                                                \
    (256 + JSON_GROWTH * (4 * (LIMIT_REGISTRY_HOSTNAME_MAX + LIMIT_REGISTRY_USERNAME_MAX) +        \
                          LIMIT_REGISTRY_PASSWORD_BYTES + LIMIT_REGISTRY_CA_BYTES))

static void wipe(struct buf *plain)
{
    if (plain->data != NULL)
        secret_wipe(plain->data, plain->cap);
    buf_done(plain);
}

static void put_text(struct buf *plain, const char *name, const char *text)
{
    if (text == NULL)
        return;
    buf_printf(plain, "\"%s\":", name);
    buf_add_json_string(plain, text, strlen(text));
    buf_add_char(plain, ',');
}

static int put_password(struct buf *plain, const struct key_ring *ring,
                        const struct container_registry *registry, struct err *e)
{
    CLEANUP(secret_freep) struct secret *password = NULL;
    struct env_place place = {.project = registry->project,
                              .owner = registry->id,
                              .env_key = CONTAINER_REGISTRY_PASSWORD};
    int r =
        env_cipher_decrypt(ring, &place, registry->password, registry->password_n, &password, e);
    if (r < 0)
        return err_wrap(e, "password of the container registry");
    const char *text = (const char *)secret_bytes(password);
    if (!utf8_is_valid(text, secret_len(password)))
        return err_set(e, ERR_INVALID, "password of the container registry: it is no text");
    buf_add_text(plain, "\"password\":");
    buf_add_json_string(plain, text, secret_len(password));
    buf_add_char(plain, ',');
    return 0;
}

static int put_all(struct buf *plain, const struct key_ring *ring,
                   const struct container_registry *registry, struct err *e)
{
    if (buf_reserve(plain, plain->max_bytes) == NULL)
        return err_set(e, ERR_INTERNAL, "login: out of memory");
    buf_add_char(plain, '{');
    put_text(plain, "host", registry->hostname);
    put_text(plain, "username", registry->username);
    put_text(plain, "ca_pem", registry->ca_pem);
    int r = registry->username != NULL ? put_password(plain, ring, registry, e) : 0;
    buf_printf(plain, "\"insecure\":%s}", registry->insecure ? "true" : "false");
    return r;
}

int sealed_login_put(struct buf *b, const struct key_ring *ring,
                     const struct container_registry *registry, const unsigned char *public_key,
                     struct err *e)
{
    CLEANUP(wipe) struct buf plain;
    CLEANUP(buf_done) struct buf sealed;
    buf_init(&plain, PLAIN_BYTES);
    buf_init(&sealed, plain.max_bytes + SEALED_BOX_OVERHEAD);
    int r = put_all(&plain, ring, registry, e);
    if (r == 0)
        r = sealed_box_seal(public_key, plain.data, plain.len, &sealed, e);
    if (r < 0)
        return r;
    buf_add_base64(b, sealed.data, sealed.len);
    return buf_ok(b) ? 0 : err_set(e, ERR_LIMIT, "the login is too large");
}
