/* SPDX-License-Identifier: Apache-2.0
 *
 * From the same tables as the parser and --help, so that it cannot know less than they do.
 */
#include "complete.h"

#include "arguments.h"
#include "command.h"
#include "session.h"
#include "show.h"

#include <errand/errand.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SERVER_WITHIN_S 2
#define CANDIDATES_MAX 100

static int begins(const char *text, const char *part)
{
    return strncmp(text, part, strlen(part)) == 0;
}

static void offer(const char *candidate, const char *part, const char *description)
{
    if (begins(candidate, part))
        (void)printf("%s\t%s\n", candidate, description);
}

/* First words; a word that begins several commands is offered once. */
static void offer_first_words(const char *part)
{
    char last[32] = "";

    for (size_t i = 0; i < n_commands; i++) {
        const char *name = commands[i]->name;
        size_t n = strcspn(name, " ");
        char word[32];

        (void)snprintf(word, sizeof(word), "%.*s", (int)n, name);
        if (name[n] == '\0')
            offer(word, part, commands[i]->summary);
        else if (strcmp(last, word) != 0)
            offer(word, part, "...");
        (void)snprintf(last, sizeof(last), "%s", word);
    }
}

static void offer_second_words(const char *first, const char *part)
{
    for (size_t i = 0; i < n_commands; i++) {
        const char *space = strchr(commands[i]->name, ' ');
        size_t n = space == NULL ? 0 : (size_t)(space - commands[i]->name);

        if (n > 0 && strlen(first) == n && memcmp(first, commands[i]->name, n) == 0)
            offer(space + 1, part, commands[i]->summary);
    }
}

static void offer_flags(const struct flag *flags, size_t n, const char *part)
{
    for (size_t i = 0; i < n; i++) {
        char text[40];

        (void)snprintf(text, sizeof(text), "--%s", flags[i].name);
        offer(text, part, flags[i].help);
    }
}

static void offer_runners(errand_client *client, const char *part)
{
    errand_page_options want = ERRAND_PAGE_OPTIONS_INIT;
    errand_runner_page *page;
    errand_error error;

    want.per_page = CANDIDATES_MAX;
    if (errand_runner_list(client, &want, &page, &error) < 0)
        return;
    for (size_t i = 0; i < errand_runner_page_count(page); i++) {
        const errand_runner *runner = errand_runner_page_at(page, i);

        offer(errand_runner_name(runner), part, errand_runner_image_name(runner));
    }
    errand_runner_page_free(page);
}

static const char *run_arg(const void *run, size_t i)
{
    return errand_run_arg(run, i);
}

static void offer_runs(errand_client *client, const char *part)
{
    errand_page_options want = ERRAND_PAGE_OPTIONS_INIT;
    errand_run_page *page;
    errand_error error;

    want.per_page = CANDIDATES_MAX;
    if (errand_run_list(client, NULL, NULL, &want, &page, &error) < 0)
        return;
    for (size_t i = 0; i < errand_run_page_count(page); i++) {
        const errand_run *run = errand_run_page_at(page, i);
        char process[64];
        char text[128];

        show_process(process, sizeof(process), errand_run_command(run), errand_run_argc(run),
                     run_arg, run);
        process[strcspn(process, "\n\t")] = '\0';
        (void)snprintf(text, sizeof(text), "%s %s",
                       errand_run_status_name(errand_run_get_status(run)), process);
        offer(errand_run_id(run), part, text);
    }
    errand_run_page_free(page);
}

static void offer_hypervisors(errand_client *client, const char *part)
{
    errand_page_options want = ERRAND_PAGE_OPTIONS_INIT;
    errand_hypervisor_page *page;
    errand_error error;

    want.per_page = CANDIDATES_MAX;
    if (errand_hypervisor_list(client, &want, &page, &error) < 0)
        return;
    for (size_t i = 0; i < errand_hypervisor_page_count(page); i++) {
        const errand_hypervisor *hypervisor = errand_hypervisor_page_at(page, i);

        offer(errand_hypervisor_name(hypervisor), part, errand_hypervisor_status(hypervisor));
    }
    errand_hypervisor_page_free(page);
}

/* The first word of most commands names something that the server knows. */
static void offer_objects(const struct command *command, const char *part)
{
    const char *synopsis = command->synopsis + strspn(command->synopsis, "[");
    size_t n = strcspn(synopsis, " ]");
    struct arguments none = {.command = command};
    errand_client *client = NULL;

    (void)alarm(SERVER_WITHIN_S);
    if (session_open(&none, &client) != 0)
        return;
    if (n == strlen("RUNNER") && begins(synopsis, "RUNNER"))
        offer_runners(client, part);
    else if (n == strlen("RUN") && begins(synopsis, "RUN"))
        offer_runs(client, part);
    else if (n == strlen("HYPERVISOR") && begins(synopsis, "HYPERVISOR"))
        offer_hypervisors(client, part);
    errand_client_free(client);
}

static int takes_value(const struct flag *flags, size_t n, const char *word)
{
    for (size_t i = 0; i < n; i++) {
        if (flags[i].value == NULL)
            continue;
        if (begins(word, "--") ? strcmp(word + 2, flags[i].name) == 0
                               : word[1] == flags[i].letter && word[2] == '\0')
            return 1;
    }
    return 0;
}

static int wants_value(const struct command *command, const char *word)
{
    return word[0] == '-' && word[1] != '\0' &&
           (takes_value(command->flags, command->n_flags, word) ||
            takes_value(common_flags, n_common_flags, word));
}

/* `words` follow the command's name; the last one is the part. */
static void complete_words(const struct command *command, int argc, char **words)
{
    const char *part = words[argc - 1];
    int n_words = 0;

    for (int i = 0; i < argc - 1; i++) {
        if (strcmp(words[i], "--") == 0)
            return;
        if (wants_value(command, words[i]))
            i++;
        else if (words[i][0] != '-')
            n_words++;
    }
    if (argc > 1 && wants_value(command, words[argc - 2]))
        return;
    if (part[0] == '-') {
        offer_flags(command->flags, command->n_flags, part);
        offer_flags(common_flags, n_common_flags, part);
    } else if (n_words == 0) {
        offer_objects(command, part);
    }
}

int complete(int argc, char **words)
{
    int n_named = 0;
    const struct command *command = argc > 1 ? command_find(argc - 1, words, &n_named) : NULL;

    if (argc == 2)
        offer_second_words(words[0], words[1]);
    if (command != NULL)
        complete_words(command, argc - n_named, words + n_named);
    else if (argc == 1)
        offer_first_words(words[0]);
    return 0;
}
