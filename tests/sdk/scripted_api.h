/* SPDX-License-Identifier: Apache-2.0
 *
 * A client, and a server that gives it prepared answers one after the other and keeps what was
 * asked.
 */
#ifndef ERRAND_TESTS_SDK_SCRIPTED_API_H
#define ERRAND_TESTS_SDK_SCRIPTED_API_H

#include <errand/client.h>

#include "fake_api.h"

#define SCRIPTED_REQUESTS_MAX 8

struct scripted_answer {
    int status; /* 0: a reset instead of an answer */
    const char *extra;
    const char *body;
};

struct script {
    const struct scripted_answer *answers;
    unsigned n;
    struct fake_request seen[SCRIPTED_REQUESTS_MAX];
    char keys[SCRIPTED_REQUESTS_MAX][64];
    int has_type[SCRIPTED_REQUESTS_MAX];
};

struct scripted_api {
    struct script script;
    struct fake_api *api;
    errand_client *client;
};

struct scripted_api *scripted_api_open(const struct scripted_answer *answers);
void scripted_api_close(struct scripted_api *scripted);

#endif
