/* SPDX-License-Identifier: Apache-2.0
 *
 * What a client holds. Its multi handle keeps the connections open between exchanges.
 */
#ifndef ERRAND_SDK_CLIENT_H
#define ERRAND_SDK_CLIENT_H

#include <curl/curl.h>

#include <errand/client.h>

struct errand_client {
    CURLM *multi;
    char *base_url;      /* owned; without a slash at its end */
    char *authorization; /* owned header line, or NULL */
    char *project;       /* owned header line, or NULL */
    char *user_agent;    /* owned */
    char *ca_file;       /* owned, or NULL */
    unsigned connect_timeout_ms;
    unsigned request_timeout_ms;
    unsigned retries;
};

#endif
