/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/registry_fixture.h"

#include "support/test.h"

#include "base/file.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#define START_TRIES 1000
#define TRY_MS 10

static struct sockaddr_in loopback(int port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

int port_free(void)
{
    struct sockaddr_in address = loopback(0);
    socklen_t n = sizeof(address);
    CLEANUP(fd_closep) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &n), 0);
    return ntohs(address.sin_port);
}

static bool answers(int port)
{
    struct sockaddr_in address = loopback(port);
    CLEANUP(fd_closep) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
}

pid_t program_start(char *const argv[], int stdout_fd, const char *stderr_path)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid > 0)
        return pid;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    int stderr_fd = stderr_path != NULL ? open(stderr_path, O_WRONLY | O_CREAT | O_APPEND, 0600)
                                        : STDERR_FILENO;
    int null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    (void)dup2(stdout_fd >= 0 ? stdout_fd : null_fd, STDOUT_FILENO);
    (void)dup2(stderr_fd, STDERR_FILENO);
    (void)execvp(argv[0], argv);
    _exit(127);
}

int program_run(char *const argv[], char *output, size_t output_n)
{
    int ends[2];
    int status = 0;
    size_t n = 0;
    ssize_t got;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid_t pid = program_start(argv, ends[1], NULL);
    (void)close(ends[1]);
    while (n + 1 < output_n && (got = read(ends[0], output + n, output_n - 1 - n)) > 0)
        n += (size_t)got;
    output[n] = '\0';
    (void)close(ends[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void registry_fixture_up(struct registry_fixture *registry)
{
    char config[FIXTURE_PATH_BYTES + 16];
    char log[FIXTURE_PATH_BYTES + 16];
    (void)snprintf(config, sizeof(config), "%s/config.yml", registry->dir);
    (void)snprintf(log, sizeof(log), "%s/log", registry->dir);
    char program[] = "docker-registry";
    char command[] = "serve";
    char *argv[] = {program, command, config, NULL};
    registry->pid = program_start(argv, -1, log);
    for (int i = 0; i < START_TRIES && !answers(registry->port); i++) {
        struct timespec pause = {.tv_nsec = TRY_MS * 1000000L};
        (void)nanosleep(&pause, NULL);
    }
    if (!answers(registry->port))
        fail_msg("docker-registry does not listen; see %s", log);
}

void registry_fixture_down(struct registry_fixture *registry)
{
    if (registry->pid == 0)
        return;
    (void)kill(registry->pid, SIGKILL);
    (void)waitpid(registry->pid, NULL, 0);
    registry->pid = 0;
}

static void configure(const struct registry_fixture *registry, const char *yaml)
{
    char path[FIXTURE_PATH_BYTES + 16];
    char text[4096];
    struct err e;
    (void)snprintf(path, sizeof(path), "%s/config.yml", registry->dir);
    int n = snprintf(text, sizeof(text),
                     "version: 0.1\n"
                     "log: {level: error, accesslog: {disabled: true}}\n"
                     "storage: {filesystem: {rootdirectory: %s/data}}\n"
                     "http:\n"
                     "  addr: '127.0.0.1:%d'\n"
                     "%s",
                     registry->dir, registry->port, yaml);
    ASSERT_OK(file_replace(path, text, (size_t)n, 0600, &e), e);
}

void registry_fixture_start(struct registry_fixture *registry)
{
    *registry = (struct registry_fixture){.dir = "/tmp/errand-registry-XXXXXX"};
    assert_non_null(mkdtemp(registry->dir));
    registry->port = port_free();
    configure(registry, "");
    registry_fixture_up(registry);
}

void registry_fixture_reconfigure(struct registry_fixture *registry, const char *yaml)
{
    registry_fixture_down(registry);
    configure(registry, yaml);
    registry_fixture_up(registry);
}

void registry_fixture_stop(struct registry_fixture *registry)
{
    struct err e;
    registry_fixture_down(registry);
    ASSERT_OK(dir_remove(registry->dir, &e), e);
}

void registry_fixture_push(const struct registry_fixture *registry, const char *name_and_tag,
                           char *digest)
{
    char script[FIXTURE_PATH_BYTES];
    char work[FIXTURE_PATH_BYTES + 16];
    char target[FIXTURE_PATH_BYTES];
    char output[256];
    const char *source = getenv("ERRAND_SOURCE_DIR");
    assert_non_null(source);
    (void)snprintf(script, sizeof(script), "%s/tests/support/make_image.sh", source);
    (void)snprintf(work, sizeof(work), "%s/work", registry->dir);
    (void)snprintf(target, sizeof(target), "127.0.0.1:%d/%s", registry->port, name_and_tag);
    char *argv[] = {script, work, target, NULL};
    assert_int_equal(program_run(argv, output, sizeof(output)), 0);
    output[strcspn(output, "\n")] = '\0';
    assert_int_equal(strlen(output), 71);
    memcpy(digest, output, 72);
}

void registry_fixture_blob_path(const struct registry_fixture *registry, const char *digest,
                                char *path)
{
    const char *hex = strchr(digest, ':') + 1;
    (void)snprintf(path, 2 * FIXTURE_PATH_BYTES,
                   "%s/data/docker/registry/v2/blobs/sha256/%.2s/%s/data", registry->dir, hex, hex);
}
