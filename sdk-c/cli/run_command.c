/* SPDX-License-Identifier: Apache-2.0
 *
 * errand run: trigger, follow, exit as the container did.
 */
#include "arguments.h"
#include "complain.h"
#include "dry_run.h"
#include "env_args.h"
#include "interrupt.h"
#include "moment.h"
#include "runner_lookup.h"
#include "session.h"
#include "show.h"
#include "watch.h"
#include "when.h"

#include <errand/errand.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST_TIMEOUT_S 86400

static const struct flag flags[] = {
    ENV_ARGS_FLAGS("a variable of this run"),
    {"command", 'c', "TEXT", "shell text instead of the runner's command"},
    {"entrypoint", 0, "PROGRAM", "instead of the image's"},
    {"timeout", 't', "SECONDS", "the run's deadline; then it ends with 124"},
    {"label", 'l', "KEY=VALUE", "to find the run by; may be repeated"},
    {"priority", 0, "N", "0 to 100, higher first; default: the runner's"},
    {"instance-type", 0, "SLUG", "how much memory and CPU it gets; default: the runner's"},
    {"stdin", 0, "none", "a run has no standard input; said for scripts that name it"},
    {"detach", 'd', NULL, "print the run's id and leave it alone"},
    {"wait", 'w', NULL, "wait for the end without its log, then print how it ended"},
    {"dry-run", 0, NULL, "say where it would go and why not elsewhere; start nothing"},
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

/* What there is of --label, as an array the caller frees. */
static const char **gather_labels(const struct arguments *arguments, size_t *ret_n)
{
    const char **labels = calloc(arguments->n_flags + 1, sizeof(*labels));

    *ret_n = 0;
    while (labels != NULL && (labels[*ret_n] = arguments_nth(arguments, "label", *ret_n)) != NULL)
        ++*ret_n;
    return labels;
}

static int check_flags(const struct arguments *arguments)
{
    const char *from = arguments_value(arguments, "stdin");

    if (from != NULL && strcmp(from, "none") != 0)
        return complain("run: --stdin is '%s', but a run has no standard input: none", from);
    if (arguments_has(arguments, "detach") && arguments_has(arguments, "wait"))
        return complain("run: --detach and --wait exclude each other");
    return 0;
}

static int read_numbers(const struct arguments *arguments, errand_run_options *options)
{
    unsigned priority = 0;
    int r =
        arguments_number(arguments, "timeout", 1, LONGEST_TIMEOUT_S, 0, &options->timeout_seconds);

    if (r == 0)
        r = arguments_number(arguments, "priority", 0, 100, 0, &priority);
    options->priority = (int)priority;
    if (r == 0 && priority == 0 && arguments_has(arguments, "priority"))
        options->priority = -1;
    return r;
}

static int trigger(struct session *session, const char *runner_id)
{
    const struct arguments *arguments = session->arguments;
    errand_run_options options = ERRAND_RUN_OPTIONS_INIT;
    const char **labels = gather_labels(arguments, &options.n_labels);
    struct env_args env;
    errand_error error;
    int r = env_args_gather(arguments, &env);

    options.env = env.env;
    options.n_env = env.n;
    options.labels = labels;
    options.command = arguments_value(arguments, "command");
    options.entrypoint = arguments_value(arguments, "entrypoint");
    options.instance_type = arguments_value(arguments, "instance-type");
    options.idempotency_key = arguments_value(arguments, "idempotency-key");
    options.argv = arguments->has_rest ? arguments->rest : NULL;
    options.n_argv = arguments->n_rest;
    if (r == 0)
        r = read_numbers(arguments, &options);
    session->post_us = moment_us();
    if (r == 0 &&
        errand_run_trigger(session->client, runner_id, &options, &session->run, &error) < 0)
        r = complain_error(&error, "run '%s'", arguments->words[0]);
    free(labels);
    env_args_done(&env);
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
    session->state_us = moment_us();
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

    if (!as_json && (strcmp(result->termination_reason, "exited") == 0 ||
                     arguments_has(session->arguments, "quiet")))
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

/* --wait: one line, or the run as JSON, instead of its log. */
static int print_end(struct session *session)
{
    const errand_follow_result *result = &session->result;
    char took[WHEN_BYTES];
    errand_run *run = NULL;
    errand_error error;

    if (arguments_has(session->arguments, "quiet"))
        return 0;
    if (errand_run_get(session->client, errand_run_id(session->run), &run, &error) < 0)
        return complain_error(&error, "run %s", errand_run_id(session->run));
    if (arguments_has(session->arguments, "json"))
        (void)show_json(errand_run_to_json(run));
    else
        (void)printf("%s  %s  %s  %s\n", errand_run_id(run), errand_run_status_name(result->status),
                     result->termination_reason, when_lasted(errand_run_duration_ms(run), took));
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
    r = session->watch.without_lines ? print_end(session) : explain(session);
    return r == 0 ? exit_status(&session->result) : r;
}

static int print_run(const struct session *session)
{
    if (arguments_has(session->arguments, "json"))
        return show_json(errand_run_to_json(session->run));
    (void)puts(errand_run_id(session->run));
    return 0;
}

static int start(struct session *session, const char *runner_id)
{
    const struct arguments *arguments = session->arguments;
    int r = trigger(session, runner_id);

    if (r != 0)
        return r;
    if (arguments_has(arguments, "detach"))
        return print_run(session);
    watch_init(&session->watch, arguments);
    session->watch.without_lines = arguments_has(arguments, "wait");
    return follow(session);
}

static int run(const struct arguments *arguments)
{
    const errand_follow_result nothing = ERRAND_FOLLOW_RESULT_INIT;
    struct session session = {.arguments = arguments, .result = nothing};
    char runner_id[RUNNER_ID_BYTES];
    int r = check_flags(arguments);

    if (r == 0)
        r = session_open(arguments, &session.client);
    if (r == 0)
        r = runner_lookup(session.client, arguments->words[0], runner_id);
    if (r == 0)
        r = arguments_has(arguments, "dry-run") ? dry_run(session.client, arguments, runner_id)
                                                : start(&session, runner_id);
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
                "  errand run deploy --env-file prod.env --wait\n"
                "  errand run train --dry-run\n"
                "  id=$(errand run nightly --detach); errand logs --follow \"$id\"",
    .summary = "start a run, follow its log, exit with its exit code",
    .details =
        "RUNNER is an id or a name. ARGs replace the runner's arguments; they reach the program\n"
        "unchanged, without a shell; --command is text for one. Without either it does what the\n"
        "runner says. A variable given here wins over the runner's of the same name.\n"
        "\n"
        "What the container writes to standard output and standard error goes to those of errand,\n"
        "byte for byte and line by line, as it is written; words of Errand about the run go to\n"
        "standard error and begin with 'errand:'. When the connection is lost, or the server\n"
        "starts anew, the log goes on after the last line that was printed. A repeated request\n"
        "starts no second run; with --idempotency-key not even a repeated command does, within\n"
        "a day.\n"
        "\n"
        "Ctrl-C asks the server to stop the run and keeps following it to its end; a second\n"
        "Ctrl-C leaves the run alone. On a terminal, what is waited for (a machine, the image) is\n"
        "shown while it lasts. --json prints an object for each line, then the run.",
    .exit_status =
        "  N      the container's own\n"
        "  124    it was killed at its deadline\n"
        "  125    it never ran (the reason is on standard error), or errand itself failed\n"
        "  130    it was canceled before it ran, or left alone by Ctrl-C\n"
        "  128+N  it was ended by signal N",
    .flags = flags,
    .n_flags = N_FLAGS(flags),
    .min_words = 1,
    .max_words = 1,
    .takes_rest = 1,
    .run = run,
};
