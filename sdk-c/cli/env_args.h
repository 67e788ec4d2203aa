/* SPDX-License-Identifier: Apache-2.0
 *
 * All variables that a command line gives: --env KEY=VALUE, --env KEY (from errand's own
 * environment) and --env-file FILE. What comes later wins.
 */
#ifndef ERRAND_CLI_ENV_ARGS_H
#define ERRAND_CLI_ENV_ARGS_H

#include <errand/env.h>

struct arguments;

struct env_args {
    errand_env *env; /* owned, keys and values too */
    size_t n;
    size_t capacity;
};

/* The two flags, for a command's table. */
#define ENV_ARGS_FLAGS(what)                                                                       \
    {"env", 'e', "KEY=VALUE", what "; KEY alone: as errand has it; may be repeated"},              \
    {                                                                                              \
        "env-file", 0, "FILE", "a file of KEY=VALUE lines; may be repeated"                        \
    }

/* 0, or EXIT_OURS after complaining. Free with env_args_done, also after a failure. */
int env_args_gather(const struct arguments *arguments, struct env_args *ret_args);

/* One more: "KEY=VALUE" or "KEY". 0, or EXIT_OURS after complaining. */
int env_args_add(struct env_args *args, const char *text);

/* All lines of a file; blank ones and those that begin with # say nothing. */
int env_args_add_file(struct env_args *args, const char *path);

void env_args_done(struct env_args *args);

#endif
