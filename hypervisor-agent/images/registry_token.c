/* SPDX-License-Identifier: Apache-2.0 */
#include "images/registry_token.h"

#include "wire/field.h"

#include <sodium.h>

#include <errno.h>
#include <string.h>

#define TOKEN_ANSWER_MAX_BYTES ((size_t)256 * 1024)
#define TOKEN_MAX_BYTES ((size_t)64 * 1024)

static char *basic_authorization(const struct registry_login *login)
{
    struct buf pair;
    struct buf header;
    buf_init(&pair, TOKEN_MAX_BYTES);
    buf_init(&header, TOKEN_MAX_BYTES);
    buf_printf(&pair, "%s:%s", login->username, login->password);
    buf_add_text(&header, "Basic ");
    buf_add_base64(&header, pair.data, pair.len);
    if (pair.data != NULL)
        sodium_memzero(pair.data, pair.len);
    buf_done(&pair);
    return buf_take(&header);
}

static char *token_url(const struct auth_challenge *challenge)
{
    struct buf url;
    buf_init(&url, (size_t)8 * AUTH_PARAMETER_BYTES);
    buf_add_text(&url, challenge->realm);
    char separator = strchr(challenge->realm, '?') == NULL ? '?' : '&';
    if (challenge->service[0] != '\0') {
        buf_printf(&url, "%cservice=", separator);
        http_add_escaped(&url, challenge->service);
        separator = '&';
    }
    if (challenge->scope[0] != '\0') {
        buf_printf(&url, "%cscope=", separator);
        http_add_escaped(&url, challenge->scope);
    }
    return buf_take(&url);
}

/* Older services say "token", OAuth2 ones "access_token", some both. */
static int read_token(const struct buf *body, char **ret_authorization, struct err *e)
{
    CLEANUP(field_doc_freep) struct json_t *doc = NULL;
    const char *token = NULL;
    if (field_doc_parse(body->data, body->len, &doc, e) < 0 ||
        field_get_text_or_null(doc, "token", &token, e) < 0 ||
        (token == NULL && field_get_text(doc, "access_token", &token, e) < 0))
        return err_set(e, ERR_INVALID, "the token service's answer holds no token");
    for (const char *c = token; *c != '\0'; c++)
        if (*c <= ' ' || *c > '~')
            return err_set(e, ERR_INVALID, "the token service's token is not printable");
    if (asprintf(ret_authorization, "Bearer %s", token) < 0) {
        *ret_authorization = NULL;
        return err_errno(e, ENOMEM, "registry token");
    }
    return 0;
}

/* A password goes where the registry says, but not in the clear unless that is this machine or
 * plain http was asked for. */
static int bearer_authorization(const struct registry_asking *asking,
                                const struct auth_challenge *challenge, const char *basic,
                                char **ret_authorization, struct err *e)
{
    CLEANUP(buf_done) struct buf body;
    CLEANUP(freep) char *url = token_url(challenge);
    struct http_answer answer;

    buf_init(&body, TOKEN_ANSWER_MAX_BYTES);
    if (url == NULL)
        return err_errno(e, ENOMEM, "registry token");
    const struct http_fetch fetch = {.url = url,
                                     .accept = "application/json",
                                     .authorization = basic,
                                     .plain_http = asking->plain_http,
                                     .ca_pem = asking->ca_pem,
                                     .cancel = asking->cancel,
                                     .sink = http_sink_buf,
                                     .sink_ctx = &body};
    int rc = http_session_get(asking->session, &fetch, &answer, e);
    if (rc < 0)
        return err_wrap(e, "ask %.100s for a token", challenge->realm);
    if (answer.status >= 500 || answer.status == 429)
        return err_set(e, ERR_UNAVAILABLE, "the token service answers %ld", answer.status);
    if (answer.status != 200)
        return err_set(e, ERR_UNAUTHENTICATED, "the token service refuses with %ld", answer.status);
    return read_token(&body, ret_authorization, e);
}

int registry_token_get(const struct registry_asking *asking, const struct auth_challenge *challenge,
                       char **ret_authorization, struct err *e)
{
    CLEANUP(freep) char *basic = NULL;
    if (asking->login->username != NULL) {
        basic = basic_authorization(asking->login);
        if (basic == NULL)
            return err_errno(e, ENOMEM, "registry credentials");
    }
    if (challenge->scheme == AUTH_SCHEME_BEARER)
        return bearer_authorization(asking, challenge, basic, ret_authorization, e);
    if (basic == NULL)
        return err_set(e, ERR_UNAUTHENTICATED, "the registry wants a user name and password");
    *ret_authorization = TAKE_PTR(basic);
    return 0;
}
