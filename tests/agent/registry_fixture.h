/* SPDX-License-Identifier: Apache-2.0
 *
 * Debian's docker-registry on a random loopback port, in a directory of its own, for one test
 * program; and programs run to their end.
 */
#ifndef ERRAND_TESTS_AGENT_REGISTRY_FIXTURE_H
#define ERRAND_TESTS_AGENT_REGISTRY_FIXTURE_H

#include <sys/types.h>

#define FIXTURE_PATH_BYTES 256

struct registry_fixture {
    char dir[FIXTURE_PATH_BYTES]; /* temporary; removed at the stop */
    int port;
    pid_t pid; /* 0 while it is down */
};

/* Fails the test when it cannot be started. */
void registry_fixture_start(struct registry_fixture *registry);
void registry_fixture_stop(struct registry_fixture *registry);

/* Without and with its data again, on the same port. */
void registry_fixture_down(struct registry_fixture *registry);
void registry_fixture_up(struct registry_fixture *registry);

/* The same registry with its data, configured anew: `yaml` is appended to its configuration, in the
 * `http` section where it is indented. */
void registry_fixture_reconfigure(struct registry_fixture *registry, const char *yaml);

/* tests/support/make_image.sh into "<name>:<tag>"; its digest goes to `digest` (72 bytes). */
void registry_fixture_push(const struct registry_fixture *registry, const char *name_and_tag,
                           char *digest);

/* Where the registry keeps a blob. */
void registry_fixture_blob_path(const struct registry_fixture *registry, const char *digest,
                                char *path);

/* Start a program that dies with this one. Standard output goes to `stdout_fd` (-1: nowhere),
 * standard error is appended to `stderr_path` (NULL: this program's). */
pid_t program_start(char *const argv[], int stdout_fd, const char *stderr_path);

/* Run a program to its end, its standard output into `output`; its exit status. */
int program_run(char *const argv[], char *output, size_t output_n);

/* A loopback port that nobody listens on now. */
int port_free(void);

#endif
