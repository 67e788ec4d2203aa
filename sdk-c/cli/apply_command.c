/* SPDX-License-Identifier: Apache-2.0
 *
 * errand apply
 */
#include "arguments.h"
#include "complain.h"
#include "manifest.h"
#include "runner_diff.h"
#include "server.h"
#include "session.h"

#include <errand/errand.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct flag flags[] = {
    {"file", 'f', "FILE", "YAML or JSON; - is standard input; may be repeated"},
    {"dry-run", 0, NULL, "show what would change; change nothing"},
    {"set-secrets", 0, NULL, "write secret variables again: what they hold cannot be compared"},
};

/* One runner of a file, and what there is of it. */
struct apply {
    const struct arguments *arguments;
    errand_client *client;
    json_t *wanted;
    const char *name;    /* borrowed from wanted */
    const json_t *there; /* borrowed; NULL: it has to be made */
    json_t *variables;   /* owned; those it has */
    json_t *diff;        /* owned; of fields */
    json_t *env;         /* owned; array of {"key","from"?,"to"?,"secret","id"?,"value"} to write */
};

static void print_pair(const char *what, const char *name, const json_t *from, const json_t *to)
{
    const size_t how = JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(15);
    char *was = json_dumps(from, how);
    char *will = json_dumps(to, how);

    if (was != NULL)
        (void)printf("    %s%s: %s -> %s\n", what, name, was, will == NULL ? "" : will);
    else
        (void)printf("    %s%s: %s\n", what, name, will == NULL ? "" : will);
    errand_free(was);
    errand_free(will);
}

static void print_diff(const struct apply *apply)
{
    int is_new = apply->there == NULL;
    int changes = json_object_size(apply->diff) > 0 || json_array_size(apply->env) > 0;
    const char *field;
    json_t *change;
    size_t i;

    (void)printf("%s runner %s%s\n",
                 is_new    ? "+"
                 : changes ? "~"
                           : "=",
                 apply->name,
                 is_new    ? " (new)"
                 : changes ? ""
                           : " (unchanged)");
    json_object_foreach(apply->diff, field, change)
    {
        if (!is_new || strcmp(field, "name") != 0)
            print_pair("", field, is_new ? NULL : json_object_get(change, "from"),
                       json_object_get(change, "to"));
    }
    json_array_foreach(apply->env, i, change)(void)
        print_pair("env ", server_text(change, "key"), json_object_get(change, "from"),
                   json_object_get(change, "to"));
}

static void print_json(const struct apply *apply)
{
    const char *action = apply->there == NULL ? "created"
                         : json_object_size(apply->diff) > 0 || json_array_size(apply->env) > 0
                             ? "changed"
                             : "unchanged";
    json_t *keys = json_array();
    json_t *change;
    json_t *told;
    size_t i;

    json_array_foreach(apply->env, i, change)(void)
        json_array_append(keys, json_object_get(change, "key"));
    told = json_pack("{s:s, s:s, s:O, s:o}", "runner", apply->name, "action", action, "changes",
                     apply->diff, "env", keys);
    (void)json_dumpf(told, stdout, JSON_COMPACT | JSON_REAL_PRECISION(15));
    (void)putchar('\n');
    json_decref(told);
}

static const json_t *find_variable(const json_t *variables, const char *key)
{
    const json_t *variable;
    size_t i;

    json_array_foreach(variables, i, variable)
    {
        if (strcmp(server_text(variable, "env_key"), key) == 0)
            return variable;
    }
    return NULL;
}

static int is_wanted_so(const struct apply *apply, const json_t *variable,
                        const struct manifest_env *env)
{
    int is_secret = json_is_true(json_object_get(variable, "secret"));

    if (variable == NULL || is_secret != env->is_secret)
        return 0;
    return is_secret ? !arguments_has(apply->arguments, "set-secrets")
                     : strcmp(server_text(variable, "env_val"), env->value) == 0;
}

static json_t *shown(const char *value, int is_secret)
{
    return json_string(is_secret ? "(a secret)" : value);
}

static int diff_variable(struct apply *apply, const char *key, json_t *value)
{
    const json_t *variable = find_variable(apply->variables, key);
    struct manifest_env env;
    json_t *change;
    int r = manifest_env_read(apply->name, key, value, &env);

    if (r != 0 || is_wanted_so(apply, variable, &env))
        return r;
    change = json_pack("{s:s, s:s, s:b, s:o}", "key", key, "value", env.value, "secret",
                       env.is_secret, "to", shown(env.value, env.is_secret));
    if (variable != NULL) {
        (void)json_object_set_new(change, "from",
                                  shown(server_text(variable, "env_val"),
                                        json_is_true(json_object_get(variable, "secret"))));
        (void)json_object_set(change, "id", json_object_get(variable, "id"));
    }
    return json_array_append_new(apply->env, change) < 0 ? complain("out of memory") : 0;
}

static int find_differences(struct apply *apply)
{
    const char *key;
    json_t *value;
    errand_error error;
    char path[128];
    int r = 0;

    if (apply->there != NULL) {
        (void)snprintf(path, sizeof(path), "/v1/runners/%s/env_variables",
                       server_text(apply->there, "id"));
        if (server_list(apply->client, path, "env_variables", &apply->variables, &error) < 0)
            return complain_error(&error, "variables of runner '%s'", apply->name);
    }
    apply->env = json_array();
    apply->diff = runner_diff(apply->there, apply->wanted);
    json_object_foreach(json_object_get(apply->wanted, "env"), key, value)
    {
        if (r == 0)
            r = diff_variable(apply, key, value);
    }
    return r;
}

/* Create or change the runner itself; its id, which the caller frees with free(). */
static char *write_runner(const struct apply *apply)
{
    json_t *answer = NULL;
    errand_error error;
    char path[128] = "/v1/runners";
    char *id = NULL;
    int r = 0;

    if (apply->there != NULL)
        (void)snprintf(path, sizeof(path), "/v1/runners/%s", server_text(apply->there, "id"));
    if (apply->there != NULL && json_object_size(apply->diff) == 0)
        return strdup(server_text(apply->there, "id"));
    r = server_call(apply->client, apply->there == NULL ? "POST" : "PATCH", path,
                    runner_diff_body(apply->diff), &answer, &error);
    if (r < 0)
        (void)complain_error(&error, "apply runner '%s'", apply->name);
    else
        id = strdup(server_text(json_object_get(answer, "runner"), "id"));
    json_decref(answer);
    return id;
}

static int write_variable(const struct apply *apply, const char *runner_id, const json_t *change)
{
    const char *id = server_text(change, "id");
    json_t *body = json_pack("{s:O, s:O}", "env_val", json_object_get(change, "value"), "secret",
                             json_object_get(change, "secret"));
    errand_error error;
    char path[256];

    if (id[0] == '\0')
        (void)json_object_set(body, "env_key", json_object_get(change, "key"));
    (void)snprintf(path, sizeof(path), "/v1/runners/%s/env_variables%s%s", runner_id,
                   id[0] == '\0' ? "" : "/", id);
    if (server_call(apply->client, id[0] == '\0' ? "POST" : "PATCH", path, body, NULL, &error) < 0)
        return complain_error(&error, "apply runner '%s': env %s", apply->name,
                              server_text(change, "key"));
    return 0;
}

static int write_all(const struct apply *apply)
{
    char *id = write_runner(apply);
    const json_t *change;
    size_t i;
    int r = id == NULL ? EXIT_OURS : 0;

    json_array_foreach(apply->env, i, change)
    {
        if (r == 0)
            r = write_variable(apply, id, change);
    }
    free(id);
    return r;
}

static int apply_one(const struct arguments *arguments, errand_client *client, json_t *wanted,
                     const json_t *runners)
{
    struct apply apply = {.arguments = arguments,
                          .client = client,
                          .wanted = wanted,
                          .name = server_text(wanted, "name")};
    const json_t *runner;
    size_t i;
    int r;

    json_array_foreach(runners, i, runner)
    {
        if (strcmp(server_text(runner, "name"), apply.name) == 0)
            apply.there = runner;
    }
    r = find_differences(&apply);
    if (r == 0 && !arguments_has(arguments, "dry-run"))
        r = write_all(&apply);
    if (r == 0 && arguments_has(arguments, "json"))
        print_json(&apply);
    else if (r == 0 && !arguments_has(arguments, "quiet"))
        print_diff(&apply);
    json_decref(apply.variables);
    json_decref(apply.diff);
    json_decref(apply.env);
    return r;
}

/* All files before anything is changed: a slip in the second stops the first. */
static int read_files(const struct arguments *arguments, json_t *all)
{
    const char *path;
    int r = 0;

    for (size_t i = 0; r == 0 && (path = arguments_nth(arguments, "file", i)) != NULL; i++) {
        json_t *runners = NULL;

        r = manifest_read(path, &runners);
        if (r == 0 && json_array_extend(all, runners) < 0)
            r = complain("out of memory");
        json_decref(runners);
    }
    if (r == 0 && json_array_size(all) == 0)
        r = complain("usage: errand apply --file FILE");
    return r;
}

static int check_names(const json_t *all)
{
    json_t *names = json_object();
    const json_t *wanted;
    size_t i;
    int r = 0;

    json_array_foreach(all, i, wanted)
    {
        const char *name = server_text(wanted, "name");

        if (r == 0 && json_object_get(names, name) != NULL)
            r = complain("apply: runner '%s' is there twice", name);
        (void)json_object_set_new(names, name, json_true());
    }
    json_decref(names);
    return r;
}

static int apply(const struct arguments *arguments)
{
    json_t *all = json_array();
    json_t *runners = NULL;
    errand_client *client = NULL;
    json_t *wanted;
    errand_error error;
    size_t i;
    int r = read_files(arguments, all);

    if (r == 0)
        r = check_names(all);
    if (r == 0)
        r = session_open(arguments, &client);
    if (r == 0 && server_list(client, "/v1/runners", "runners", &runners, &error) < 0)
        r = complain_error(&error, "list runners");
    json_array_foreach(all, i, wanted)
    {
        if (r == 0)
            r = apply_one(arguments, client, wanted, runners);
    }
    json_decref(runners);
    json_decref(all);
    errand_client_free(client);
    return r;
}

const struct command apply_command = {
    .name = "apply",
    .synopsis = "--file FILE [flags]",
    .summary = "make runners be as a file says, and show what changes",
    .details =
        "Runners are known by their names: one that is not there is made, one that is there gets\n"
        "the fields that the file names; what it does not name stays. Applied again, it changes\n"
        "nothing. Fields are those of the API; `image` is short for image_name and image_tag,\n"
        "`command` for run_command. A file may hold many: YAML documents, or a list.\n"
        "\n"
        "  name: backup\n"
        "  image: registry.example.com/tools:3\n"
        "  command: pg_dump app | gzip > /backup/app.gz\n"
        "  timeout_seconds: 600\n"
        "  labels: {team: data}\n"
        "  env:\n"
        "    STAGE: production\n"
        "    PGPASSWORD: {secret: true, from: PGPASSWORD}\n"
        "\n"
        "A variable is a text, or {value, secret}, or {from, secret}: `from` names a variable of\n"
        "errand's own environment. A secret that the runner has is left alone, because nobody can\n"
        "read what it holds; --set-secrets writes it again.",
    .examples = "  errand apply -f runners.yaml --dry-run\n"
                "  errand apply -f backup.yaml -f report.json",
    .flags = flags,
    .n_flags = N_FLAGS(flags),
    .run = apply,
};
