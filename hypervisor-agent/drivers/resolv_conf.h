/* SPDX-License-Identifier: Apache-2.0
 *
 * /etc/resolv.conf of a container with a network, from the machine's own.
 */
#ifndef ERRAND_DRIVERS_RESOLV_CONF_H
#define ERRAND_DRIVERS_RESOLV_CONF_H

#include <stddef.h>

#include "base/buf.h"

/* Append those lines of `text` that are of use in a container: its `search`, `domain` and
 * `options`, and name servers it can reach: IPv4, neither loopback nor link-local. Returns how many
 * servers.
 */
size_t resolv_conf_filter(const char *text, size_t n, struct buf *out);

/* Append what the machine uses now: /etc/resolv.conf or, where that names but a local stub, what
 * systemd-resolved forwards to; a comment when neither helps. */
void resolv_conf_put(struct buf *out);

#endif
