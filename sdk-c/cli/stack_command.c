/* SPDX-License-Identifier: Apache-2.0
 *
 * errand up | down | status
 */
#include "arguments.h"
#include "complain.h"
#include "stack/elevate.h"
#include "stack/service.h"
#include "stack/spawn.h"
#include "stack/stack.h"
#include "table.h"

#include <errand/client.h>

#include <stdio.h>
#include <unistd.h>

static const struct flag up_flags[] = {
    {"data", 0, "DIR",
     "where it lives; default: .errand in a checkout, else ~/.local/state/errand"},
    {"port", 0, "N", "of the API on 127.0.0.1; 0 = a free one; default: as before, else 8080"},
};

static const struct flag down_flags[] = {
    {"data", 0, "DIR", "where it lives, as for 'errand up'"},
    {"purge", 0, NULL, "remove the database, the keys, the images, everything"},
};

static const struct flag status_flags[] = {
    {"data", 0, "DIR", "where it lives, as for 'errand up'"},
};

static void print_up(const struct stack *stack, int as_json)
{
    const char *token = env_file_get(&stack->env, "ERRAND_TOKEN");

    if (as_json) {
        (void)printf("{\"url\":\"%s\",\"token\":\"%s\",\"started\":%d}\n", stack->url, token,
                     stack->started);
        return;
    }
    if (stack->started == 0)
        (void)puts("errand is already running");
    else if (stack->started < (int)n_stack_programs)
        (void)printf("errand is running again: %d of its programs had to be started\n",
                     stack->started);
    else
        (void)puts("errand is running");
    (void)printf("  url        %s\n"
                 "  token      %s\n"
                 "  env        %s/env\n"
                 "  dashboard  %s/ (sign in with the token)\n",
                 stack->url, token, stack->places.data, stack->url);
}

static int bring_up(struct stack *stack, unsigned port)
{
    char path[PLACE_BYTES];
    int lock = places_lock(&stack->places);
    int r;

    if (lock < 0)
        return EXIT_OURS;
    r = env_file_read(places_data(&stack->places, "env", path), &stack->env);
    r = r < 0 ? complain_errno("read %s", path) : stack_up(stack, port);
    (void)close(lock);
    return r;
}

static int up(const struct arguments *arguments)
{
    struct stack stack = {.started = 0};
    unsigned port;
    int r = arguments_number(arguments, "port", 0, 65535, STACK_ANY_PORT, &port);

    if (r == 0)
        r = places_find(arguments, &stack.places);
    if (r == 0)
        r = elevate(arguments, &stack.places);
    if (r == 0)
        r = account_service(&stack.service);
    if (r != 0)
        return r;
    account_invoker(&stack.invoker);
    r = places_make(&stack.places, &stack.service, &stack.invoker);
    if (r == 0)
        r = bring_up(&stack, port);
    if (r == 0)
        print_up(&stack, arguments_has(arguments, "json"));
    env_file_done(&stack.env);
    return r;
}

/* Remove what `up` made, and DIR when nothing else is in it. */
static int purge(const struct places *places)
{
    static const char *const names[] = {"env", "log", "pid", "state", "lock"};
    char paths[sizeof(names) / sizeof(names[0])][PLACE_BYTES];
    const char *const argv[] = {"rm",     "-rf",         "--one-file-system",
                                "--",     places->state, paths[0],
                                paths[1], paths[2],      paths[3],
                                paths[4], NULL};
    struct spawn spawn = {
        .program = "/bin/rm", .argv = argv, .stdin_fd = -1, .stdout_fd = -1, .stderr_fd = 2};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        (void)places_data(places, names[i], paths[i]);
    if (spawn_run(&spawn, NULL, 0) != 0)
        return complain("cannot remove all of %s", places->data);
    (void)rmdir(places->data);
    return 0;
}

static int down(const struct arguments *arguments)
{
    struct places places;
    int lock;
    int r = places_find(arguments, &places);

    if (r == 0 && access(places.data, F_OK) < 0) {
        (void)printf("errand is not running: there is no %s\n", places.data);
        return 0;
    }
    if (r == 0)
        r = elevate(arguments, &places);
    if (r != 0)
        return r;
    lock = places_lock(&places);
    if (lock < 0)
        return EXIT_OURS;
    r = stack_down(&places);
    if (r == 0 && arguments_has(arguments, "purge"))
        r = purge(&places);
    (void)close(lock);
    if (r == 0)
        (void)puts("errand is stopped");
    return r;
}

/* Non-zero when the API says that all is well. */
static int is_ready(const char *url, char *ret_message, size_t n)
{
    errand_client_options options = ERRAND_CLIENT_OPTIONS_INIT;
    errand_client *client = NULL;
    errand_error error;
    int r;

    options.url = url;
    r = errand_client_new(&options, &client, &error);
    if (r == 0)
        r = errand_client_ready(client, &error);
    errand_client_free(client);
    (void)snprintf(ret_message, n, "%s", r == 0 ? "ready" : error.message);
    return r == 0;
}

/* The address `up` left in DIR/env; what it is based on is not for everybody to read. */
static void read_url(const struct places *places, char ret_url[STACK_URL_BYTES])
{
    char path[PLACE_BYTES];
    struct env_file file;
    const char *url = NULL;

    if (env_file_read(places_data(places, "env", path), &file) == 0)
        url = env_file_get(&file, "ERRAND_URL");
    (void)snprintf(ret_url, STACK_URL_BYTES, "%s", url == NULL ? "" : url);
    env_file_done(&file);
}

/* How many of the programs run. */
static size_t add_programs(const struct places *places, struct table *table)
{
    size_t running = 0;

    for (size_t i = 0; i < n_stack_programs; i++) {
        struct service service;
        char text[PLACE_BYTES + 64] = "";
        int runs = service_find(places, stack_programs[i], &service);

        table_add(table, stack_programs[i]);
        table_add(table, runs ? "running" : "stopped");
        if (runs)
            (void)snprintf(text, sizeof(text), "%d", (int)service.pid);
        table_add(table, text);
        (void)snprintf(text, sizeof(text), "%s/log/%s.log", places->data, stack_programs[i]);
        table_add(table, text);
        running += (size_t)runs;
        service_close(&service);
    }
    return running;
}

static int status(const struct arguments *arguments)
{
    static const char *const titles[] = {"PROGRAM", "STATE", "PROCESS", "LOG"};
    char message[ERRAND_MESSAGE_BYTES] = "not running";
    char url[STACK_URL_BYTES] = "";
    struct places places;
    struct table table;
    size_t running;
    int ready = 0;
    int r = places_find(arguments, &places);

    if (r != 0)
        return r;
    table_init(&table, titles, sizeof(titles) / sizeof(titles[0]), 3);
    running = add_programs(&places, &table);
    if (running > 0)
        read_url(&places, url);
    if (url[0] != '\0')
        ready = is_ready(url, message, sizeof(message));
    if (arguments_has(arguments, "json")) {
        (void)printf("{\"running\":%zu,\"of\":%zu,\"ready\":%s,\"url\":\"%s\"}\n", running,
                     n_stack_programs, ready ? "true" : "false", url);
    } else {
        table_print(&table);
        (void)printf("%s%s%s\n", url, url[0] == '\0' ? "" : ": ", message);
    }
    table_done(&table);
    return running == n_stack_programs && ready ? 0 : EXIT_OURS;
}

const struct command up_command = {
    .name = "up",
    .synopsis = "[flags]",
    .summary = "bring up Errand on this machine: database, API, scheduler, one hypervisor",
    .details = "Starts what does not run, waits until all of it is ready, prints its address and\n"
               "token, leaves it running and returns. DIR/env holds ERRAND_URL and ERRAND_TOKEN,\n"
               "DIR/log/ what each program says. Needs root to run containers: asks sudo for it.",
    .flags = up_flags,
    .n_flags = N_FLAGS(up_flags),
    .run = up,
};

const struct command down_command = {
    .name = "down",
    .synopsis = "[flags]",
    .summary = "stop all of what 'errand up' started, running containers included",
    .details = "What is stored stays: 'errand up' goes on with it.",
    .flags = down_flags,
    .n_flags = N_FLAGS(down_flags),
    .run = down,
};

const struct command status_command = {
    .name = "status",
    .synopsis = "[flags]",
    .summary = "say what of the local stack runs",
    .exit_status = "  0    all of it runs and is ready\n"
                   "  125  it is not",
    .flags = status_flags,
    .n_flags = N_FLAGS(status_flags),
    .run = status,
};
