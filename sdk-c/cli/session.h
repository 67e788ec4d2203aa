/* SPDX-License-Identifier: Apache-2.0
 *
 * Which server, and as whom: flags, then environment, then a file: of the checkout's stack, of the
 * contexts that `errand login` keeps, of the installed stack.
 */
#ifndef ERRAND_CLI_SESSION_H
#define ERRAND_CLI_SESSION_H

#include <errand/client.h>

#include "arguments.h"

/* A client for the server the user means. 0, or EXIT_OURS after complaining. Free the client. */
int session_open(const struct arguments *arguments, errand_client **ret_client);

#endif
