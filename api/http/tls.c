/* SPDX-License-Identifier: Apache-2.0 */
#include "http/tls.h"

#include <openssl/err.h>

#include <h2o.h>

static int set_failure(struct err *e, const char *what, const char *path, const char *fix)
{
    unsigned long code = ERR_get_error();
    const char *reason = ERR_reason_error_string(code);
    ERR_clear_error();
    return err_set(e, ERR_INVALID, "%s '%.80s' cannot be used (%s): %s", what, path,
                   reason != NULL ? reason : "unknown", fix);
}

/* A key with a passphrase would make a service wait at a terminal. */
static int no_passphrase(char *text, int size, int writing, void *user)
{
    (void)text, (void)size, (void)writing, (void)user;
    return 0;
}

int tls_load(const char *certificate_path, const char *key_path, SSL_CTX **ret_tls, struct err *e)
{
    CLEANUP(tls_freep) SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
    if (tls == NULL)
        return set_failure(e, "tls_certificate", certificate_path, "OpenSSL does not work here");
    (void)SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION);
    (void)SSL_CTX_set_options(tls, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_default_passwd_cb(tls, no_passphrase);
    if (SSL_CTX_use_certificate_chain_file(tls, certificate_path) != 1)
        return set_failure(e, "tls_certificate", certificate_path,
                           "it must be a readable PEM file with the certificate chain");
    if (SSL_CTX_use_PrivateKey_file(tls, key_path, SSL_FILETYPE_PEM) != 1)
        return set_failure(
            e, "tls_key", key_path,
            "it must be a readable PEM file with the key of tls_certificate, without a passphrase");
    h2o_ssl_register_alpn_protocols(tls, h2o_alpn_protocols);
    *ret_tls = TAKE_PTR(tls);
    return 0;
}

void tls_freep(SSL_CTX **tls)
{
    SSL_CTX_free(*tls);
}
