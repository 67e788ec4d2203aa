/* SPDX-License-Identifier: Apache-2.0
 *
 * Flags to options.
 */
#include "runner_args.h"

#include "arguments.h"
#include "show.h"

#include <stdio.h>

#define LONGEST_TIMEOUT_S 86400

int runner_args_read(const struct arguments *arguments, errand_runner_options *ret_options)
{
    const errand_runner_options nothing = ERRAND_RUNNER_OPTIONS_INIT;

    *ret_options = nothing;
    ret_options->image = arguments_value(arguments, "image");
    ret_options->command = arguments_value(arguments, "command");
    ret_options->entrypoint = arguments_value(arguments, "entrypoint");
    ret_options->region = arguments_value(arguments, "region");
    ret_options->instance_type = arguments_value(arguments, "instance-type");
    ret_options->argv = arguments->has_rest ? arguments->rest : NULL;
    ret_options->n_argv = arguments->n_rest;
    return arguments_number(arguments, "timeout", 1, LONGEST_TIMEOUT_S, 0,
                            &ret_options->timeout_seconds);
}

int runner_args_print(const struct arguments *arguments, const errand_runner *runner,
                      int quiet_is_silent)
{
    if (arguments_has(arguments, "json"))
        return show_json(errand_runner_to_json(runner));
    if (!quiet_is_silent || !arguments_has(arguments, "quiet"))
        (void)puts(errand_runner_id(runner));
    return 0;
}
