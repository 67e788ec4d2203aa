/* SPDX-License-Identifier: Apache-2.0 */
#include "store/counter_store.h"

static const char sql_add[] = "INSERT INTO scheduler_counters AS c (name, value)"
                              " SELECT * FROM unnest($1::text[], $2::bigint[])"
                              " ON CONFLICT (name) DO UPDATE SET value = c.value + excluded.value";

const struct statement counter_store_add = {"counter_add", sql_add, .repeatable = false};
const struct statement counter_store_list = {
    "counter_list", "SELECT name, value FROM scheduler_counters ORDER BY name", .repeatable = true};

void counter_store_add_params(struct params *p, const char *const *names, const int64_t *values,
                              size_t n)
{
    params_init(p, 256 + 128 * n);
    params_add_text_array(p, names, n);
    params_add_i64_column(p, values, n, sizeof(*values));
}
