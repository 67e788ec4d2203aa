/* SPDX-License-Identifier: Apache-2.0
 *
 * The first '=' separates: values may hold more of them.
 */
#include "env_pair.h"

#include "complain.h"

#include <string.h>

int env_pair_parse(const char *text, struct env_pair *ret_pair)
{
    const char *equals = strchr(text, '=');
    size_t n_key = equals == NULL ? 0 : (size_t)(equals - text);

    ret_pair->value = "";
    if (n_key == 0 || n_key >= ENV_KEY_BYTES)
        return complain("'%s' is not of the form KEY=VALUE", text);
    memcpy(ret_pair->key, text, n_key);
    ret_pair->key[n_key] = '\0';
    ret_pair->value = equals + 1;
    return 0;
}
