/* SPDX-License-Identifier: Apache-2.0 */
#include "process_plan.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int add_texts(struct text_list *list, const char *const *texts, size_t n, struct err *e)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < n; i++)
        rc = text_list_add(list, texts[i], e);
    return rc;
}

static int add_list(struct text_list *list, const struct text_list *from, struct err *e)
{
    return add_texts(list, (const char *const *)from->items, from->n, e);
}

static int plan_shell(const struct assignment *a, struct text_list *argv, struct err *e)
{
    const char *const by_shell[] = {"/bin/sh", "-c", a->command};
    const char *const by_entrypoint[] = {a->entrypoint, a->command};
    return a->entrypoint != NULL ? add_texts(argv, by_entrypoint, 2, e)
                                 : add_texts(argv, by_shell, 3, e);
}

static int plan_exec(const struct assignment *a, const struct image_config *config,
                     struct text_list *argv, struct err *e)
{
    int rc = a->entrypoint != NULL ? text_list_add(argv, a->entrypoint, e)
                                   : add_list(argv, &config->entrypoint, e);
    if (rc < 0)
        return rc;
    if (a->argv != NULL)
        return add_texts(argv, a->argv, a->argc, e);
    return a->entrypoint != NULL ? 0 : add_list(argv, &config->cmd, e);
}

static bool has_key_of(const struct text_list *env, const char *variable)
{
    size_t n = strcspn(variable, "=");
    for (size_t i = 0; i < env->n; i++)
        if (strncmp(env->items[i], variable, n) == 0 && env->items[i][n] == '=')
            return true;
    return false;
}

static int add_unless_there(struct text_list *env, const char *variable, struct err *e)
{
    return has_key_of(env, variable) ? 0 : text_list_add(env, variable, e);
}

/* So that a command can name its run to others. */
static int add_own_name(const struct assignment *a, struct text_list *env, struct err *e)
{
    char run[64];
    char attempt[64];
    (void)snprintf(run, sizeof(run), "ERRAND_RUN_ID=%s", ID_TEXT(a->run_id));
    (void)snprintf(attempt, sizeof(attempt), "ERRAND_ATTEMPT=%u", a->attempt);
    int rc = add_unless_there(env, run, e);
    return rc < 0 ? rc : add_unless_there(env, attempt, e);
}

static int plan_env(const struct assignment *a, const struct image_config *config,
                    const struct text_list *env, struct text_list *ret_env, struct err *e)
{
    int rc = add_list(ret_env, env, e);
    if (rc == 0)
        rc = add_own_name(a, ret_env, e);
    for (size_t i = 0; rc == 0 && i < config->env.n; i++) {
        const char *variable = config->env.items[i];
        if (strchr(variable, '=') != NULL && variable[0] != '=')
            rc = add_unless_there(ret_env, variable, e);
    }
    return rc;
}

static int copy_text(const char *text, char **ret_copy, struct err *e)
{
    if (text == NULL)
        return 0;
    *ret_copy = strdup(text);
    return *ret_copy != NULL ? 0 : err_errno(e, ENOMEM, "plan process");
}

int process_plan_make(const struct assignment *a, const struct image_config *config,
                      const struct text_list *env, struct run_spec *spec, struct err *e)
{
    int rc =
        a->command != NULL ? plan_shell(a, &spec->argv, e) : plan_exec(a, config, &spec->argv, e);
    if (rc == 0 && (spec->argv.n == 0 || spec->argv.items[0][0] == '\0'))
        rc = err_set(e, ERR_INVALID,
                     "nothing to run: neither the run nor the image names a command");
    if (rc == 0)
        rc = plan_env(a, config, env, &spec->env, e);
    if (rc == 0 && config->cwd != NULL && config->cwd[0] != '/')
        rc = err_set(e, ERR_INVALID, "the image's working directory '%.100s' is not absolute",
                     config->cwd);
    if (rc == 0)
        rc = copy_text(config->cwd, &spec->cwd, e);
    if (rc == 0)
        rc = copy_text(a->user != NULL ? a->user : config->user, &spec->user, e);
    return rc;
}
