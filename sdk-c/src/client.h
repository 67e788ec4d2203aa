/* SPDX-License-Identifier: Apache-2.0
 *
 * What a client holds. Its multi handle keeps the connections open between exchanges.
 */
#ifndef ERRAND_SDK_CLIENT_H
#define ERRAND_SDK_CLIENT_H

#include <curl/curl.h>

#include <errand/client.h>

#include "failure.h"

struct errand_client {
    CURLM *multi;
    char *base_url;      /* owned; without a slash at its end */
    char *authorization; /* owned header line, or NULL */
    char *project;       /* owned header line, or NULL */
    char *user_agent;    /* owned */
    char *ca_file;       /* owned, or NULL; so are the next */
    char *ca_directory;
    char *certificate_file;
    char *key_file;
    char *proxy;
    int insecure;
    errand_allocator allocator; /* all zero: the C library's */
    errand_log_hook *on_log;    /* or NULL */
    void *log_user;
    unsigned connect_timeout_ms;
    unsigned request_timeout_ms;
    unsigned retries;
};

/* Tell the hook, if there is one. */
void errand_client_log(const errand_client *client, errand_log_level level, const char *format, ...)
    ERRAND_PRINTF_LIKE(3, 4);

#endif
