/* SPDX-License-Identifier: Apache-2.0
 *
 * A value is everything behind the first '=', quotes and all, as `docker run --env-file` has it.
 */
#include "env_args.h"

#include "arguments.h"
#include "complain.h"
#include "env_pair.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int add_pair(struct env_args *args, const char *key, const char *value)
{
    errand_env *slot = NULL;
    char *copy = strdup(value);

    for (size_t i = 0; i < args->n && slot == NULL; i++) {
        if (strcmp(args->env[i].key, key) == 0)
            slot = &args->env[i];
    }
    if (slot == NULL && args->n == args->capacity) {
        size_t capacity = args->capacity == 0 ? 16 : 2 * args->capacity;
        errand_env *env = realloc(args->env, capacity * sizeof(*env));

        if (env == NULL) {
            free(copy);
            return complain("out of memory");
        }
        args->env = env;
        args->capacity = capacity;
    }
    if (slot == NULL) {
        slot = &args->env[args->n++];
        *slot = (errand_env){strdup(key), NULL};
    }
    free((char *)(uintptr_t)slot->value);
    slot->value = copy;
    return slot->key == NULL || copy == NULL ? complain("out of memory") : 0;
}

int env_args_add(struct env_args *args, const char *text)
{
    struct env_pair pair;
    const char *value;
    int r;

    if (strchr(text, '=') == NULL) {
        value = getenv(text);
        return value != NULL ? add_pair(args, text, value)
                             : complain("'%s' is not of the form KEY=VALUE, and errand's own "
                                        "environment has no such variable",
                                        text);
    }
    r = env_pair_parse(text, &pair);
    return r == 0 ? add_pair(args, pair.key, pair.value) : r;
}

int env_args_add_file(struct env_args *args, const char *path)
{
    FILE *in = fopen(path, "re");
    char *line = NULL;
    size_t capacity = 0;
    ssize_t n;
    int r = 0;

    if (in == NULL)
        return complain_errno("read %s", path);
    while (r == 0 && (n = getline(&line, &capacity, in)) >= 0) {
        char *text = line + strspn(line, " \t");

        line[strcspn(line, "\r\n")] = '\0';
        if (text[0] != '\0' && text[0] != '#')
            r = env_args_add(args, text);
    }
    if (r == 0 && ferror(in))
        r = complain_errno("read %s", path);
    free(line);
    (void)fclose(in);
    return r;
}

int env_args_gather(const struct arguments *arguments, struct env_args *ret_args)
{
    int r = 0;

    *ret_args = (struct env_args){.n = 0};
    for (size_t i = 0; r == 0 && i < arguments->n_flags; i++) {
        const struct given_flag *given = &arguments->flags[i];

        if (strcmp(given->flag->name, "env") == 0)
            r = env_args_add(ret_args, given->value);
        else if (strcmp(given->flag->name, "env-file") == 0)
            r = env_args_add_file(ret_args, given->value);
    }
    return r;
}

void env_args_done(struct env_args *args)
{
    for (size_t i = 0; i < args->n; i++) {
        free((char *)(uintptr_t)args->env[i].key);
        free((char *)(uintptr_t)args->env[i].value);
    }
    free(args->env);
}
