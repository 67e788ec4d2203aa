/* SPDX-License-Identifier: Apache-2.0
 *
 * Tokens are made by errand-api: only it has the key they are stored under.
 */
#include "stack/tokens.h"

#include "complain.h"
#include "stack/api.h"

#include <errand/errand.h>

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define TOKEN_BYTES 256

static int make(const struct stack *stack, const char *kind, char ret_token[TOKEN_BYTES])
{
    const char *const words[] = {"token", "create", "--kind", kind, "--name", "local", NULL};
    int r = api_command(stack, words, ret_token, TOKEN_BYTES);

    if (r != 0)
        return r;
    ret_token[strcspn(ret_token, "\n")] = '\0';
    return ret_token[0] == '\0' ? complain("errand-api printed no token") : 0;
}

/* 1 when the API knows the token of DIR/env; a failure of another kind counts as knowing it. */
static int is_known(const struct stack *stack, const char *token)
{
    errand_client_options options = ERRAND_CLIENT_OPTIONS_INIT;
    errand_page_options want = ERRAND_PAGE_OPTIONS_INIT;
    errand_client *client = NULL;
    errand_runner_page *page = NULL;
    errand_error error;
    int r;

    options.url = stack->url;
    options.token = token;
    r = errand_client_new(&options, &client, &error);
    if (r == 0)
        r = errand_runner_list(client, &want, &page, &error);
    errand_runner_page_free(page);
    errand_client_free(client);
    return r != ERRAND_E_UNAUTHENTICATED;
}

int tokens_ensure_user(struct stack *stack)
{
    const char *known = env_file_get(&stack->env, "ERRAND_TOKEN");
    char token[TOKEN_BYTES];
    int r;

    if (known != NULL && !stack->is_new && is_known(stack, known))
        return 0;
    r = make(stack, "user", token);
    if (r == 0 && env_file_set(&stack->env, "ERRAND_TOKEN", token) < 0)
        r = complain("out of memory");
    explicit_bzero(token, sizeof(token));
    return r;
}

int tokens_make_join(const struct stack *stack, const char *path)
{
    char token[TOKEN_BYTES];
    int r = make(stack, "join", token);
    int fd;

    if (r != 0)
        return r;
    (void)unlink(path);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, token, strlen(token)) != (ssize_t)strlen(token))
        r = complain_errno("write %s", path);
    if (fd >= 0)
        (void)close(fd);
    explicit_bzero(token, sizeof(token));
    return r;
}
