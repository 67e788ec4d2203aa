/* SPDX-License-Identifier: Apache-2.0
 *
 * A small HTTP server in a thread, for faults that a real one cannot be made to show. One
 * connection at a time, one request a connection; the test's handler writes the answer, byte by
 * byte if it likes.
 */
#ifndef ERRAND_TESTS_SDK_FAKE_API_H
#define ERRAND_TESTS_SDK_FAKE_API_H

#include <stddef.h>

struct fake_api;

struct fake_request {
    struct fake_api *api;
    char method[16];
    char target[1024]; /* path and query */
    char headers[4096];
    char body[8192];
};

/* Runs on the server's thread. The connection is closed when it returns. */
typedef void fake_handler(int fd, const struct fake_request *request, void *user);

struct fake_api *fake_api_start(fake_handler *handler, void *user);
/* How many requests came; call after the client is done. */
unsigned fake_api_stop(struct fake_api *api);

const char *fake_api_url(const struct fake_api *api);

/* Within a handler: take the next request while the first is still open. The caller closes it. */
int fake_next(struct fake_api *api, struct fake_request *ret_request);

/* The value of a header, or NULL; valid until the next call. */
const char *fake_header(const struct fake_request *request, const char *name);

/* An integer of the query, or `fallback`. */
long fake_query(const struct fake_request *request, const char *name, long fallback);

void fake_write(int fd, const char *bytes, size_t n);
void fake_write_text(int fd, const char *text);

/* A whole JSON answer. `extra` holds header lines, each with its end. */
void fake_answer(int fd, int status, const char *extra, const char *body);

/* The head of an event stream. */
void fake_stream(int fd);

/* Wait until the client has closed the connection. */
void fake_wait_closed(int fd);

/* Make the close that follows a reset instead of an end. */
void fake_reset(int fd);

#endif
