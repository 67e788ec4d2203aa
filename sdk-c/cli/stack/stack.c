/* SPDX-License-Identifier: Apache-2.0
 *
 * Starting and stopping in order. Every step looks first whether it is already done, so `errand up`
 * repairs what died.
 */
#include "stack/stack.h"

#include "complain.h"
#include "stack/api.h"
#include "stack/database.h"
#include "stack/programs.h"
#include "stack/service.h"
#include "stack/shims.h"
#include "stack/tokens.h"

#include <errand/errand.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define READY_WITHIN_MS 60000
#define READY_PAUSE_MS 20
/* What the agent got for its join token; while it has it, it needs no other. */
#define CREDENTIAL "agent/credential"
#define SCHEDULER_STOP_MS 10000
#define AGENT_STOP_MS 20000
#define API_STOP_MS 20000

const char *const stack_programs[] = {DATABASE_SERVICE, "errand-api", "errand-scheduler",
                                      "errand-agent"};
const size_t n_stack_programs = sizeof(stack_programs) / sizeof(stack_programs[0]);

/* The API's address, from the port it wrote down; "" when there is none. */
static void read_url(const struct places *places, char ret_url[STACK_URL_BYTES])
{
    char path[PLACE_BYTES];
    char port[16] = "";
    FILE *in = fopen(places_state(places, "run/port", path), "re");

    ret_url[0] = '\0';
    if (in == NULL)
        return;
    if (fgets(port, sizeof(port), in) != NULL) {
        port[strcspn(port, "\n")] = '\0';
        (void)snprintf(ret_url, STACK_URL_BYTES, "http://127.0.0.1:%s", port);
    }
    (void)fclose(in);
}

/* Start `name` unless it runs; `ret_service` is ready to be waited for. */
static int start(struct stack *stack, const char *name, const struct account *account,
                 const char *const *argv, struct service *ret_service)
{
    struct service_order order = {.argv = argv, .account = account, .log_owner = &stack->invoker};
    char program[PATH_MAX];
    int r;

    if (service_find(&stack->places, name, ret_service))
        return 0;
    r = program_find(name, program);
    order.program = program;
    stack->started++;
    return r == 0 ? service_start(&stack->places, name, &order, ret_service) : r;
}

static int start_scheduler(struct stack *stack, struct service *ret_service)
{
    char url[DATABASE_URL_BYTES];
    const char *const argv[] = {"errand-scheduler", "--database_url",
                                database_url(&stack->places, "errand_scheduler", url), NULL};

    return start(stack, "errand-scheduler", &stack->service, argv, ret_service);
}

static int start_agent(struct stack *stack, struct service *ret_service)
{
    char data[PLACE_BYTES];
    char join_token[PLACE_BYTES];
    char credential[PLACE_BYTES];
    const char *const argv[] = {"errand-agent", "--api_url",         stack->url, "--data_dir",
                                data,           "--join_token_file", join_token, NULL};
    int r = 0;

    (void)places_state(&stack->places, "agent", data);
    (void)places_state(&stack->places, "join_token", join_token);
    if (!service_find(&stack->places, "errand-agent", ret_service) &&
        (stack->is_new || access(places_state(&stack->places, CREDENTIAL, credential), F_OK) < 0))
        r = tokens_make_join(stack, join_token);
    service_close(ret_service);
    return r == 0 ? start(stack, "errand-agent", NULL, argv, ret_service) : r;
}

/* GET /readyz until it says yes: there is nobody to wake us when the last check turns green. */
static int wait_ready(const struct stack *stack)
{
    const struct timespec pause = {0, READY_PAUSE_MS * 1000000L};
    errand_client_options options = ERRAND_CLIENT_OPTIONS_INIT;
    errand_client *client = NULL;
    errand_error error;
    int r;

    options.url = stack->url;
    if (errand_client_new(&options, &client, &error) < 0)
        return complain("%s", error.message);
    for (int waited_ms = 0;; waited_ms += READY_PAUSE_MS) {
        r = errand_client_ready(client, &error);
        if (r == 0 || waited_ms > READY_WITHIN_MS)
            break;
        (void)nanosleep(&pause, NULL);
    }
    errand_client_free(client);
    return r == 0 ? 0 : complain_error(&error, "wait for %s", stack->url);
}

static int start_workers(struct stack *stack)
{
    struct service scheduler = {.pidfd = -1, .notify = {.fd = -1}};
    struct service agent = {.pidfd = -1, .notify = {.fd = -1}};
    int r = start_scheduler(stack, &scheduler);

    if (r == 0)
        r = start_agent(stack, &agent);
    if (r == 0)
        r = service_wait_ready(&stack->places, &scheduler);
    if (r == 0)
        r = service_wait_ready(&stack->places, &agent);
    service_close(&scheduler);
    service_close(&agent);
    return r;
}

static int start_api(struct stack *stack, unsigned port)
{
    struct service api;
    int was_running = service_find(&stack->places, "errand-api", &api);
    int r;

    service_close(&api);
    r = api_up(stack, port);
    stack->started += !was_running;
    if (r == 0)
        read_url(&stack->places, stack->url);
    return r;
}

static int write_env(struct stack *stack)
{
    char path[PLACE_BYTES];

    (void)places_data(&stack->places, "env", path);
    if (env_file_set(&stack->env, "ERRAND_URL", stack->url) < 0 ||
        env_file_write(&stack->env, path, stack->invoker.uid, stack->invoker.gid) < 0)
        return complain_errno("write %s", path);
    return 0;
}

int stack_up(struct stack *stack, unsigned port)
{
    struct service database;
    int r;

    stack->started += !service_find(&stack->places, DATABASE_SERVICE, &database);
    service_close(&database);
    r = database_up(&stack->places, &stack->service, &stack->invoker, &stack->is_new);
    if (r == 0)
        r = start_api(stack, port);
    if (r == 0)
        r = start_workers(stack);
    if (r == 0)
        r = wait_ready(stack);
    if (r == 0)
        r = tokens_ensure_user(stack);
    return r == 0 ? write_env(stack) : r;
}

/* Nothing new is placed; the shims end their runs while the agent can still report it; what an
 * assignment on its way started meanwhile ends in the second round. */
int stack_down(const struct places *places)
{
    int r = service_stop(places, "errand-scheduler", SIGTERM, SCHEDULER_STOP_MS);

    r |= shims_stop(places) < 0 ? EXIT_OURS : 0;
    r |= service_stop(places, "errand-agent", SIGTERM, AGENT_STOP_MS);
    r |= shims_stop(places) < 0 ? EXIT_OURS : 0;
    r |= service_stop(places, "errand-api", SIGTERM, API_STOP_MS);
    r |= database_down(places);
    return r;
}
