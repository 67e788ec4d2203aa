/* SPDX-License-Identifier: Apache-2.0
 *
 * All HTTP from the agent to the API: libcurl's multi interface on the event loop, HTTP/1.1,
 * connections kept alive. Loop thread only; every callback comes from the loop, never from within
 * a call into the client.
 */
#ifndef ERRAND_HYPERVISOR_AGENT_CONTROL_CLIENT_H
#define ERRAND_HYPERVISOR_AGENT_CONTROL_CLIENT_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

struct uv_loop_s;
struct control_client;
struct control_call;

struct control_reply {
    long status; /* of HTTP; 0 when no whole answer came, then `error` says why */
    const char *error;
    const char *body; /* borrowed for the callback; not of a stream */
    size_t body_n;
};

/* The call is over and gone when this is called. */
typedef void control_done_fn(void *ctx, const struct control_reply *reply);

/* Bytes of a stream as they come; may cancel the call. */
typedef void control_data_fn(void *ctx, const char *bytes, size_t n);

/* `api_url`: "http(s)://host:port", with or without a slash at its end. `ca_file`: PEM, of the
 * authority to trust; NULL: what the machine trusts. */
int control_client_new(struct uv_loop_s *loop, const char *api_url, const char *ca_file,
                       struct control_client **ret_client, struct err *e) MUST_USE;

/* Calls under way are canceled. */
void control_client_free(struct control_client *client);

/* The token for all later calls; copied. */
int control_client_set_bearer(struct control_client *client, const char *token,
                              struct err *e) MUST_USE;

/* POST `body`, whose content the client takes over. NULL when out of memory. The answer's body has
 * at most LIMIT_BODY_BYTES; it must come within 30 s. */
struct control_call *control_client_post(struct control_client *client, const char *path,
                                         const char *content_type, struct buf *body,
                                         control_done_fn *done, void *ctx);

/* GET an answer without end. Only a 200's body goes to `data`. */
struct control_call *control_client_stream(struct control_client *client, const char *path,
                                           control_data_fn *data, control_done_fn *done, void *ctx);

/* No callback comes after this. */
void control_call_cancel(struct control_call *call);

#endif
