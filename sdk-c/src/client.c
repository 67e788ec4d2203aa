/* SPDX-License-Identifier: Apache-2.0
 *
 * Making and freeing a client; its one call of its own is the readiness check.
 */
#include "client.h"

#include "exchange.h"
#include "failure.h"
#include "memory.h"
#include "request.h"
#include "url.h"

#include <errand/version.h>

#include <jansson.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define DEFAULT_CONNECT_TIMEOUT_MS 5000
#define DEFAULT_REQUEST_TIMEOUT_MS 30000
#define DEFAULT_RETRIES 3
#define HEADER_LIMIT ((size_t)4096)
#define LOG_TEXT_BYTES 1024

const char *errand_version(void)
{
    return ERRAND_VERSION;
}

/* Texts come from jansson, whose functions the program may have replaced. */
void errand_free(void *text)
{
    json_free_t release;

    if (text == NULL)
        return;
    json_get_alloc_funcs(NULL, &release);
    release(text);
}

void errand_client_log(const errand_client *client, errand_log_level level, const char *format, ...)
{
    char text[LOG_TEXT_BYTES];
    va_list values;

    if (client->on_log == NULL)
        return;
    va_start(values, format);
    (void)vsnprintf(text, sizeof(text), format, values);
    va_end(values);
    client->on_log(level, text, client->log_user);
}

/* A header line "name: value"; NULL stays NULL. A value with a line end in it would be two. */
static int header_line(const errand_client *client, const char *name, const char *value,
                       char **ret_line, errand_error *error)
{
    struct errand_buffer line;

    if (value == NULL || *value == '\0')
        return 0;
    if (strpbrk(value, "\r\n") != NULL || strlen(value) > HEADER_LIMIT)
        return errand_fail(error, ERRAND_E_INVALID, "the %s header's value is not one line", name);
    errand_buffer_init_in(&line, 2 * HEADER_LIMIT, &client->allocator);
    (void)errand_buffer_add_text(&line, name);
    (void)errand_buffer_add_text(&line, ": ");
    (void)errand_buffer_add_text(&line, value);
    *ret_line = errand_buffer_take(&line);
    return *ret_line == NULL ? errand_fail(error, ERRAND_E_INTERNAL, ERRAND_OUT_OF_MEMORY) : 0;
}

static int copy_text(const errand_client *client, const char *text, char **ret_copy,
                     errand_error *error)
{
    if (text == NULL)
        return 0;
    *ret_copy = errand_memory_copy(&client->allocator, text);
    return *ret_copy == NULL ? errand_fail(error, ERRAND_E_INTERNAL, ERRAND_OUT_OF_MEMORY) : 0;
}

static int bearer_line(const errand_client *client, const char *token, char **ret_line,
                       errand_error *error)
{
    struct errand_buffer value;
    int r;

    if (token == NULL || *token == '\0')
        return 0;
    errand_buffer_init_in(&value, HEADER_LIMIT, &client->allocator);
    (void)errand_buffer_add_text(&value, "Bearer ");
    (void)errand_buffer_add_text(&value, token);
    r = value.failed ? errand_fail(error, ERRAND_E_INVALID, "the token is too long")
                     : header_line(client, "Authorization", value.bytes, ret_line, error);
    errand_buffer_done(&value);
    return r;
}

static int copy_texts(errand_client *client, const errand_client_options *options,
                      errand_error *error)
{
    int r = copy_text(client, options->ca_file, &client->ca_file, error);

    if (r == 0)
        r = copy_text(client, options->ca_directory, &client->ca_directory, error);
    if (r == 0)
        r = copy_text(client, options->certificate_file, &client->certificate_file, error);
    if (r == 0)
        r = copy_text(client, options->key_file, &client->key_file, error);
    if (r == 0)
        r = copy_text(client, options->proxy, &client->proxy, error);
    return r;
}

static int client_set(errand_client *client, const errand_client_options *options,
                      errand_error *error)
{
    const char *agent =
        options->user_agent == NULL ? "liberrand/" ERRAND_VERSION : options->user_agent;
    int r = errand_url_base(options->url, &client->allocator, &client->base_url, error);

    if (r == 0)
        r = bearer_line(client, options->token, &client->authorization, error);
    if (r == 0)
        r = header_line(client, "X-Errand-Project", options->project, &client->project, error);
    if (r == 0)
        r = copy_text(client, agent, &client->user_agent, error);
    if (r == 0)
        r = copy_texts(client, options, error);

    client->insecure = options->insecure;
    client->on_log = options->on_log;
    client->log_user = options->log_user;
    client->connect_timeout_ms =
        options->connect_timeout_ms == 0 ? DEFAULT_CONNECT_TIMEOUT_MS : options->connect_timeout_ms;
    client->request_timeout_ms =
        options->request_timeout_ms == 0 ? DEFAULT_REQUEST_TIMEOUT_MS : options->request_timeout_ms;
    if (options->retries >= 0)
        client->retries = options->retries == 0 ? DEFAULT_RETRIES : (unsigned)options->retries;
    return r;
}

static int check_allocator(const errand_allocator *allocator, errand_error *error)
{
    if (allocator != NULL && (allocator->allocate == NULL || allocator->reallocate == NULL ||
                              allocator->release == NULL))
        return errand_fail(error, ERRAND_E_INVALID, "the allocator lacks one of its functions");
    return 0;
}

int errand_client_new(const errand_client_options *options, errand_client **ret_client,
                      errand_error *error)
{
    errand_client_options known = ERRAND_CLIENT_OPTIONS_INIT;
    errand_client *client = NULL;
    int r = errand_options_copy(&known, sizeof(known), options, error);

    if (r == 0)
        r = check_allocator(known.allocator, error);
    if (r < 0)
        return r;
    client = errand_memory_get(known.allocator, sizeof(*client));
    if (client == NULL)
        return errand_fail(error, ERRAND_E_INTERNAL, ERRAND_OUT_OF_MEMORY);
    if (known.allocator != NULL)
        client->allocator = *known.allocator;
    client->multi = curl_multi_init();
    r = client->multi == NULL ? errand_fail(error, ERRAND_E_INTERNAL, ERRAND_OUT_OF_MEMORY)
                              : client_set(client, &known, error);
    if (r < 0) {
        errand_client_free(client);
        return r;
    }
    *ret_client = client;
    return 0;
}

void errand_client_free(errand_client *client)
{
    errand_allocator allocator;
    char *texts[9];
    size_t i;

    if (client == NULL)
        return;
    allocator = client->allocator;
    texts[0] = client->base_url;
    texts[1] = client->authorization;
    texts[2] = client->project;
    texts[3] = client->user_agent;
    texts[4] = client->ca_file;
    texts[5] = client->ca_directory;
    texts[6] = client->certificate_file;
    texts[7] = client->key_file;
    texts[8] = client->proxy;
    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        errand_memory_release(&allocator, texts[i]);
    if (client->multi != NULL)
        (void)curl_multi_cleanup(client->multi);
    errand_memory_release(&allocator, client);
}

/* "not ready: scheduler" from {"checks": {"database": "ok", "scheduler": "failed"}}. */
static int ready_fail(const struct errand_exchange *exchange, errand_error *error)
{
    json_t *answer = json_loadb(errand_buffer_text(&exchange->answer), exchange->answer.n, 0, NULL);
    json_t *checks = json_object_get(answer, "checks");
    struct errand_buffer failed;
    const char *name;
    json_t *state;
    int r;

    errand_buffer_init(&failed, ERRAND_MESSAGE_BYTES);
    json_object_foreach(checks, name, state)
    {
        if (json_is_string(state) && strcmp(json_string_value(state), "ok") != 0) {
            (void)errand_buffer_add_text(&failed, failed.n == 0 ? "" : ", ");
            (void)errand_buffer_add_text(&failed, name);
        }
    }
    r = failed.n == 0
            ? errand_exchange_fail(exchange, error)
            : errand_fail(error, ERRAND_E_UNAVAILABLE, "the server is not ready: %s", failed.bytes);
    errand_buffer_done(&failed);
    json_decref(answer);
    return r;
}

int errand_client_ready(errand_client *client, errand_error *error)
{
    struct errand_exchange exchange;
    int r;

    errand_exchange_init(&exchange, client, "GET", "/readyz");
    exchange.anonymous = 1;
    exchange.total_timeout_ms = client->request_timeout_ms;
    r = errand_exchange_run(client, &exchange, error);
    if (r == 0 && exchange.http_status != 200)
        r = ready_fail(&exchange, error);
    errand_exchange_done(&exchange);
    return r;
}
