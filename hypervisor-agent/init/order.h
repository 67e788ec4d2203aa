/* SPDX-License-Identifier: Apache-2.0
 *
 * The order as received: what to run, as whom, where.
 */
#ifndef ERRAND_INIT_ORDER_H
#define ERRAND_INIT_ORDER_H

#include <stdbool.h>
#include <stddef.h>

struct order {
    const char *cwd;  /* "" = "/" */
    const char *user; /* "" = root */
    char **argv;      /* ends in NULL */
    char **env;       /* ends in NULL; has room for ORDER_ENV_SPARE more */
    size_t envc;
    bool drops_capabilities;
    int out_fd;
    int err_fd;
};

#define ORDER_ENV_SPARE 4

/* Wait for the order on `channel_fd` and read it into memory that lives until exec.
 * 0, or -1 when the driver is gone or the order makes no sense. */
int order_receive(int channel_fd, struct order *ret_order);

/* The value of `key`, or NULL. */
const char *order_env_get(const struct order *order, const char *key);

/* Add "key=value" unless `key` is there. */
void order_env_default(struct order *order, const char *key, const char *value);

#endif
