/* SPDX-License-Identifier: Apache-2.0
 *
 * An answer for each request, in order.
 */
#include "support/test.h"

#include "scripted_api.h"

#include <stdio.h>
#include <stdlib.h>

static void play(int fd, const struct fake_request *request, void *user)
{
    struct script *script = user;
    const struct scripted_answer *answer = &script->answers[script->n];
    const char *key = fake_header(request, "Idempotency-Key");

    script->seen[script->n] = *request;
    (void)snprintf(script->keys[script->n], sizeof(script->keys[0]), "%s", key == NULL ? "" : key);
    script->has_type[script->n] = fake_header(request, "Content-Type") != NULL;
    script->n++;
    if (answer->status == 0)
        fake_reset(fd);
    else
        fake_answer(fd, answer->status, answer->extra, answer->body);
}

struct scripted_api *scripted_api_open(const struct scripted_answer *answers)
{
    errand_client_options options = ERRAND_CLIENT_OPTIONS_INIT;
    struct scripted_api *scripted = calloc(1, sizeof(*scripted));
    errand_error error;

    assert_non_null(scripted);
    scripted->script.answers = answers;
    scripted->api = fake_api_start(play, &scripted->script);
    options.url = fake_api_url(scripted->api);
    options.token = "err_p_test";
    options.project = "project-1";
    assert_int_equal(errand_client_new(&options, &scripted->client, &error), 0);
    return scripted;
}

void scripted_api_close(struct scripted_api *scripted)
{
    errand_client_free(scripted->client);
    (void)fake_api_stop(scripted->api);
    free(scripted);
}
