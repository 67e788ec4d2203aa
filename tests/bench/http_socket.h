/* SPDX-License-Identifier: Apache-2.0
 *
 * Just enough HTTP/1.1 over loopback for the benches: they must cost less than what they measure.
 */
#ifndef ERRAND_TESTS_BENCH_HTTP_SOCKET_H
#define ERRAND_TESTS_BENCH_HTTP_SOCKET_H

#include <stddef.h>

/* Connect to 127.0.0.1; the program ends when that fails. */
int http_connect(int port);

/* Send all of it. */
void http_send(int fd, const void *bytes, size_t n);

/* POST on a kept connection and wait for the whole answer; its status. `ret_body`, of `size` bytes
 * with the NUL, may be NULL. */
int http_post(int fd, const char *path, const char *token, const char *type, const void *body,
              size_t n, char *ret_body, size_t size);

/* Begin a GET; what comes is the caller's to read. */
int http_get(int port, const char *path, const char *token);

#endif
