/* SPDX-License-Identifier: Apache-2.0
 *
 * The certificate that the API shows: OpenSSL 3, TLS 1.2 and 1.3, HTTP/2 and HTTP/1.1 by ALPN.
 */
#ifndef ERRAND_API_TLS_H
#define ERRAND_API_TLS_H

#include "base/err.h"

#include <openssl/ssl.h>

/* Read a certificate chain and its key, both PEM, the key without a passphrase.
 *
 * Out:     ret_tls  for any number of loops and threads; free it with tls_freep()
 * Errors:  ERR_INVALID naming the file
 */
int tls_load(const char *certificate_path, const char *key_path, SSL_CTX **ret_tls,
             struct err *e) MUST_USE;

void tls_freep(SSL_CTX **tls);

#endif
