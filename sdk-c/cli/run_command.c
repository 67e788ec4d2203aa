/* SPDX-License-Identifier: Apache-2.0
 *
 * errand run: trigger, follow, exit as the container did.
 */
#include "arguments.h"
#include "complain.h"
#include "env_pair.h"
#include "interrupt.h"
#include "runner_lookup.h"
#include "session.h"
#include "show.h"
#include "watch.h"

#include <errand/errand.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST_TIMEOUT_S 86400

static const struct flag flags[] = {
    {"env", 'e', "KEY=VALUE", "a variable of this run; may be repeated"},
    {"command", 'c', "TEXT", "shell text instead of the runner's command"},
    {"entrypoint", 0, "PROGRAM", "instead of the image's"},
    {"timeout", 't', "SECONDS", "the run's deadline; then it ends with 124"},
    {"detach", 'd', NULL, "print the run's id and leave it alone"},
    {"timestamps", 0, NULL, "begin each line with its time"},
    {"idempotency-key", 0, "KEY", "start one run only, however often this is repeated"},
    {"trace", 0, NULL, "say on stderr how long it took"},
};

/* One run in the hands of this command. */
struct session {
    const struct arguments *arguments;
    errand_client *client;
    errand_run *run;
    struct watch watch;
    errand_follow_result result;
    int64_t post_us; /* just before the trigger was sent */
    int64_t state_us;
};

/* All --env into an array the caller frees; the keys are in `ret_pairs`, freed after it. */
static int gather_env(const struct arguments *arguments, struct env_pair **ret_pairs,
                      errand_env **ret_env, size_t *ret_n)
{
    struct env_pair *pairs = calloc(arguments->n_flags + 1, sizeof(*pairs));
    errand_env *env = calloc(arguments->n_flags + 1, sizeof(*env));
    const char *text;
    size_t n = 0;
    int r = 0;

    *ret_pairs = pairs;
    *ret_env = env;
    if (pairs == NULL || env == NULL)
        return complain("out of memory");
    while (r == 0 && (text = arguments_nth(arguments, "env", n)) != NULL) {
        r = env_pair_parse(text, &pairs[n]);
        env[n] = (errand_env){pairs[n].key, pairs[n].value};
        n++;
    }
    *ret_n = n;
    return r;
}

static int trigger(struct session *session, const char *runner_id)
{
    const struct arguments *arguments = session->arguments;
    errand_run_options options = ERRAND_RUN_OPTIONS_INIT;
    struct env_pair *pairs = NULL;
    errand_env *env = NULL;
    errand_error error;
    int r = gather_env(arguments, &pairs, &env, &options.n_env);

    options.env = env;
    options.command = arguments_value(arguments, "command");
    options.entrypoint = arguments_value(arguments, "entrypoint");
    options.idempotency_key = arguments_value(arguments, "idempotency-key");
    options.argv = arguments->has_rest ? arguments->rest : NULL;
    options.n_argv = arguments->n_rest;
    if (r == 0)
        r = arguments_number(arguments, "timeout", 1, LONGEST_TIMEOUT_S, 0,
                             &options.timeout_seconds);
    session->post_us = watch_clock_us();
    if (r == 0 &&
        errand_run_trigger(session->client, runner_id, &options, &session->run, &error) < 0)
        r = complain_error(&error, "run '%s'", arguments->words[0]);
    free(env);
    free(pairs);
    return r;
}

/* Ctrl-C: ask the server to stop the run, go on following; at the second one let go. */
static int stop_and_watch(struct session *session, errand_canceler *canceler)
{
    const char *run_id = errand_run_id(session->run);
    errand_error error;

    (void)complain("stopping run %s (Ctrl-C again to leave it alone)", run_id);
    if (errand_run_stop(session->client, run_id, NULL, &error) < 0)
        (void)complain_error(&error, "stop run %s", run_id);
    return watch_run(&session->watch, session->client, run_id, canceler, &session->result);
}

static int watch_to_the_end(struct session *session)
{
    errand_canceler *cancelers[INTERRUPTS];
    int r = interrupt_start(cancelers);

    if (r == 0)
        r = watch_run(&session->watch, session->client, errand_run_id(session->run), cancelers[0],
                      &session->result);
    if (r == ERRAND_END_CANCELED)
        r = stop_and_watch(session, cancelers[1]);
    session->state_us = watch_clock_us();
    interrupt_stop(cancelers);
    if (r == ERRAND_END_CANCELED) {
        (void)complain("left run %s alone; 'errand logs -f' takes it up again",
                       errand_run_id(session->run));
        return EXIT_INTERRUPTED;
    }
    return r;
}

static void print_trace(const struct session *session)
{
    int64_t first_us = session->watch.first_line_us - session->post_us;
    int64_t state_us = session->state_us - session->post_us;

    if (session->watch.first_line_us > 0)
        (void)complain("trace: POST to first line %" PRId64 ".%03d ms", first_us / 1000,
                       (int)(first_us % 1000));
    (void)complain("trace: POST to state %" PRId64 ".%03d ms", state_us / 1000,
                   (int)(state_us % 1000));
}

/* Say why when the exit code alone does not: {"run": ...} for --json, else a line. */
static int explain(struct session *session)
{
    const errand_follow_result *result = &session->result;
    int as_json = arguments_has(session->arguments, "json");
    errand_run *run = NULL;
    errand_error error;

    if (!as_json && strcmp(result->termination_reason, "exited") == 0)
        return 0;
    if (errand_run_get(session->client, errand_run_id(session->run), &run, &error) < 0)
        return complain_error(&error, "run %s", errand_run_id(session->run));
    if (as_json) {
        (void)show_json(errand_run_to_json(run));
    } else {
        const char *message = errand_run_termination_message(run);

        (void)complain("run %s: %s%s%s", errand_run_status_name(result->status),
                       result->termination_reason, message[0] == '\0' ? "" : ": ", message);
    }
    errand_run_free(run);
    return 0;
}

static int exit_status(const errand_follow_result *result)
{
    if (result->has_exit_code)
        return result->exit_code & 0xff;
    return result->status == ERRAND_RUN_CANCELED ? EXIT_INTERRUPTED : EXIT_OURS;
}

static int follow(struct session *session)
{
    int r = watch_to_the_end(session);

    if (r != 0)
        return r;
    if (arguments_has(session->arguments, "trace"))
        print_trace(session);
    r = explain(session);
    return r == 0 ? exit_status(&session->result) : r;
}

static int print_run(const struct session *session)
{
    if (arguments_has(session->arguments, "json"))
        return show_json(errand_run_to_json(session->run));
    (void)puts(errand_run_id(session->run));
    return 0;
}

static int run(const struct arguments *arguments)
{
    const errand_follow_result nothing = ERRAND_FOLLOW_RESULT_INIT;
    struct session session = {.arguments = arguments, .result = nothing};
    char runner_id[RUNNER_ID_BYTES];
    int r = session_open(arguments, &session.client);

    if (r == 0)
        r = runner_lookup(session.client, arguments->words[0], runner_id);
    if (r == 0)
        r = trigger(&session, runner_id);
    if (r == 0 && arguments_has(arguments, "detach")) {
        r = print_run(&session);
    } else if (r == 0) {
        line_printer_init(&session.watch.printer, arguments_has(arguments, "json"),
                          arguments_has(arguments, "timestamps"));
        r = follow(&session);
    }
    errand_run_free(session.run);
    errand_client_free(session.client);
    return r;
}

const struct command run_command = {
    .name = "run",
    .synopsis = "RUNNER [flags] [-- ARG...]",
    .examples = "  errand run backup\n"
                "  errand run tools --env STAGE=test -- ./migrate --to 42\n"
                "  errand run tools --command 'ls | wc -l'\n"
                "  id=$(errand run nightly --detach); errand logs --follow \"$id\"",
    .summary = "start a run, follow its log, exit with its exit code",
    .details =
        "RUNNER is an id or a name. ARGs replace the runner's arguments; they reach the program\n"
        "unchanged, without a shell.\n"
        "\n"
        "Ctrl-C asks the server to stop the run and keeps following it to its end; a second\n"
        "Ctrl-C leaves the run alone.\n"
        "\n"
        "Exit status: the container's own; 124 when it was killed at its deadline, 128 + n by\n"
        "signal n; 130 when it was canceled before it ran, or left alone; 125 when it never ran\n"
        "and for failures of errand itself. --json prints a JSON object for each line, then the\n"
        "run.",
    .flags = flags,
    .n_flags = N_FLAGS(flags),
    .min_words = 1,
    .max_words = 1,
    .takes_rest = 1,
    .run = run,
};
