/* SPDX-License-Identifier: Apache-2.0
 *
 * An assignment in the first line, a stranger's image configuration in the rest: what is planned of
 * both can be handed to a shim, and says there what it said here.
 */
#include "fuzz/fuzz.h"

#include "images/image_config.h"
#include "process_plan.h"
#include "wire/assignment_line.h"

static char init_path[] = "/init";
static char runtime_path[] = "/crun";
static char cgroup_path[] = "/errand/x";

/* What the launcher adds of its own. */
static void complete(struct run_spec *spec)
{
    spec->attempt = 1;
    spec->init = strdup(init_path);
    spec->runtime = strdup(runtime_path);
    spec->cgroup = strdup(cgroup_path);
    FUZZ_ASSERT(spec->init != NULL && spec->runtime != NULL && spec->cgroup != NULL);
    FUZZ_ASSERT(text_list_add(&spec->layers, "/layer", NULL) == 0);
}

static void check_env(const struct text_list *env)
{
    for (size_t i = 0; i < env->n; i++) {
        const char *equals = strchr(env->items[i], '=');
        FUZZ_ASSERT(equals != NULL && equals > env->items[i]);
        size_t n = (size_t)(equals - env->items[i]) + 1;
        for (size_t j = 0; j < i && env->n < 100; j++)
            FUZZ_ASSERT(strncmp(env->items[i], env->items[j], n) != 0);
    }
}

static void try_plan(const struct assignment *a, const struct image_config *config)
{
    CLEANUP(run_spec_done) struct run_spec spec;
    CLEANUP(run_spec_done) struct run_spec same;
    CLEANUP(text_list_done) struct text_list own = {0};
    CLEANUP(buf_done) struct buf text;
    CLEANUP(buf_done) struct buf again;
    struct err e;
    run_spec_init(&spec);
    run_spec_init(&same);
    buf_init(&text, RUN_SPEC_MAX_BYTES);
    buf_init(&again, RUN_SPEC_MAX_BYTES);
    FUZZ_ASSERT(text_list_add(&own, "PATH=/own", NULL) == 0);
    if (process_plan_make(a, config, &own, &spec, &e) < 0)
        return;
    complete(&spec);
    FUZZ_ASSERT(spec.argv.n >= 1 && spec.argv.items[spec.argv.n] == NULL);
    FUZZ_ASSERT(strcmp(spec.env.items[0], "PATH=/own") == 0);
    check_env(&spec.env);
    if (run_spec_encode(&spec, &text, &e) < 0)
        return;
    FUZZ_ASSERT(run_spec_decode(buf_text(&text), text.len, &same, &e) == 0);
    FUZZ_ASSERT(run_spec_encode(&same, &again, &e) == 0);
    FUZZ_ASSERT(text.len == again.len && memcmp(text.data, again.data, text.len) == 0);
    FUZZ_ASSERT(run_spec_fits(&spec, &same));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const struct platform machine = {"linux", "amd64", "v2"};
    const uint8_t *end = memchr(data, '\n', n);
    struct assignment_line line;
    struct image_config config;
    size_t line_n = end != NULL ? (size_t)(end - data) : n;
    size_t rest = end != NULL ? line_n + 1 : n;
    if (assignment_line_parse((const char *)data, line_n, &line, NULL) < 0)
        return 0;
    if (line.type == ASSIGNMENT_LINE_ASSIGN &&
        image_config_parse((const char *)data + rest, n - rest, 1, &machine, &config, NULL) == 0) {
        try_plan(&line.assign, &config);
        image_config_done(&config);
    }
    assignment_line_done(&line);
    return 0;
}
