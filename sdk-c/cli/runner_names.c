/* SPDX-License-Identifier: Apache-2.0
 *
 * One request a hundred runners. Who may not list them sees runs without their names.
 */
#include "runner_names.h"

#include <errand/iterator.h>

json_t *runner_names_get(errand_client *client)
{
    json_t *names = json_object();
    errand_iterator *all = NULL;
    const errand_runner *runner;

    if (errand_iterate_runners(client, &all, NULL) < 0)
        return names;
    while (errand_iterator_next_runner(all, &runner, NULL) > 0)
        (void)json_object_set_new(names, errand_runner_id(runner),
                                  json_string(errand_runner_name(runner)));
    errand_iterator_free(all);
    return names;
}

const char *runner_names_find(const json_t *names, const char *runner_id)
{
    const char *name = json_string_value(json_object_get(names, runner_id));

    return name == NULL ? "" : name;
}
