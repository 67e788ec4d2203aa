/* SPDX-License-Identifier: Apache-2.0
 *
 * The API is set up (migrations, keys) each time before it starts: both do nothing when done.
 */
#include "stack/api.h"

#include "complain.h"
#include "stack/database.h"
#include "stack/programs.h"
#include "stack/service.h"
#include "stack/spawn.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PROGRAM "errand-api"
#define DEFAULT_PORT 8080
#define WORDS_MAX 8

int api_command(const struct stack *stack, const char *const *words, char *ret_output, size_t n)
{
    char url[DATABASE_URL_BYTES];
    char ring[PLACE_BYTES];
    const char *argv[5 + WORDS_MAX + 1] = {
        PROGRAM, "--database_url", database_url(&stack->places, DATABASE_OWNER, url), "--key_ring",
        places_state(&stack->places, "keys/ring.json", ring)};
    struct spawn spawn = {.argv = argv, .account = &stack->service, .stdin_fd = -1};
    char program[PATH_MAX];
    int status = program_find(PROGRAM, program);

    if (status != 0)
        return status;
    for (size_t i = 0; words[i] != NULL && i < WORDS_MAX; i++)
        argv[5 + i] = words[i];
    spawn.program = program;
    spawn.stdout_fd = service_log_open(&stack->places, PROGRAM, &stack->invoker);
    spawn.stderr_fd = spawn.stdout_fd;
    if (spawn.stderr_fd < 0)
        return complain(PROGRAM " is not run");
    status = spawn_run(&spawn, ret_output, n);
    (void)close(spawn.stderr_fd);
    if (status < 0)
        return complain_errno("run %s", program);
    return status == 0 ? 0 : service_complain(&stack->places, PROGRAM, "failed");
}

static int is_free(unsigned port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int one = 1;
    int r;

    if (fd < 0)
        return 0;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    r = bind(fd, (struct sockaddr *)&address, sizeof(address));
    (void)close(fd);
    return r == 0;
}

/* The port of the address in DIR/env, so that it stays the same; 8080 when there is none. */
static unsigned usual_port(const struct stack *stack)
{
    const char *url = env_file_get(&stack->env, "ERRAND_URL");
    const char *colon = url == NULL ? NULL : strrchr(url, ':');
    unsigned long port = colon == NULL ? 0 : strtoul(colon + 1, NULL, 10);

    return port > 0 && port < 65536 ? (unsigned)port : DEFAULT_PORT;
}

static int choose_port(const struct stack *stack, unsigned wanted, unsigned *ret_port)
{
    if (wanted == STACK_ANY_PORT) {
        *ret_port = usual_port(stack);
        if (!is_free(*ret_port))
            *ret_port = 0;
        return 0;
    }
    *ret_port = wanted;
    if (wanted != 0 && !is_free(wanted))
        return complain("port %u is taken; --port 0 takes a free one", wanted);
    return 0;
}

static int start_api(struct stack *stack, unsigned port, struct service *ret_service)
{
    char url[DATABASE_URL_BYTES];
    char ring[PLACE_BYTES];
    char port_file[PLACE_BYTES];
    char program[PATH_MAX];
    char listen[32];
    const char *const argv[] = {PROGRAM,
                                "--listen",
                                listen,
                                "--port_file",
                                places_state(&stack->places, "run/port", port_file),
                                "--database_url",
                                database_url(&stack->places, "errand_api", url),
                                "--key_ring",
                                places_state(&stack->places, "keys/ring.json", ring),
                                NULL};
    const struct service_order order = {
        .program = program, .argv = argv, .account = &stack->service, .log_owner = &stack->invoker};
    int r = program_find(PROGRAM, program);

    (void)snprintf(listen, sizeof(listen), "127.0.0.1:%u", port);
    (void)unlink(port_file);
    return r == 0 ? service_start(&stack->places, PROGRAM, &order, ret_service) : r;
}

int api_up(struct stack *stack, unsigned port)
{
    static const char *const migrate[] = {"migrate", NULL};
    static const char *const keys[] = {"keys", "init", NULL};
    struct service service;
    unsigned chosen;
    int r;

    if (service_find(&stack->places, PROGRAM, &service)) {
        service_close(&service);
        return 0;
    }
    r = choose_port(stack, port, &chosen);
    if (r == 0)
        r = api_command(stack, migrate, NULL, 0);
    if (r == 0)
        r = api_command(stack, keys, NULL, 0);
    if (r == 0)
        r = start_api(stack, chosen, &service);
    if (r == 0)
        r = service_wait_ready(&stack->places, &service);
    service_close(&service);
    return r;
}
