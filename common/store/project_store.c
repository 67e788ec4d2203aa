/* SPDX-License-Identifier: Apache-2.0 */
#include "store/project_store.h"

static const char sql_find[] = "SELECT id FROM projects WHERE id = $1";

const struct statement project_store_find = {"project_find", sql_find, .repeatable = true};

void project_store_find_params(struct params *p, struct id project)
{
    params_init(p, 64);
    params_add_id(p, project);
}
