/* SPDX-License-Identifier: Apache-2.0
 *
 * Looking for files that can be run.
 */
#include "stack/programs.h"

#include "complain.h"
#include "stack/spawn.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int program_self(char ret_path[PATH_MAX])
{
    ssize_t n = readlink("/proc/self/exe", ret_path, PATH_MAX - 1);

    if (n < 0)
        return complain_errno("read /proc/self/exe");
    ret_path[n] = '\0';
    return 0;
}

/* 1 when DIRECTORY/NAME can be run; it is then in ret_path. */
static int is_in(const char *directory, size_t n_directory, const char *name,
                 char ret_path[PATH_MAX])
{
    int n = snprintf(ret_path, PATH_MAX, "%.*s/%s", (int)n_directory, directory, name);

    return n > 0 && n < PATH_MAX && access(ret_path, X_OK) == 0;
}

/* 1 when `name` is in PATH. */
static int is_in_path(const char *name, char ret_path[PATH_MAX])
{
    const char *path = getenv("PATH");

    while (path != NULL && *path != '\0') {
        size_t n = strcspn(path, ":");

        if (n > 0 && is_in(path, n, name, ret_path))
            return 1;
        path += n + (path[n] == ':');
    }
    return 0;
}

int program_find(const char *name, char ret_path[PATH_MAX])
{
    char self[PATH_MAX];
    int r = program_self(self);

    if (r != 0)
        return r;
    if (is_in(self, (size_t)(strrchr(self, '/') - self), name, ret_path) ||
        is_in_path(name, ret_path))
        return 0;
    return complain("%s is neither beside %s nor in PATH", name, self);
}

static int bindir_of_pg_config(char ret_path[PATH_MAX])
{
    const char *const argv[] = {"pg_config", "--bindir", NULL};
    struct spawn spawn = {.argv = argv, .stdin_fd = -1, .stdout_fd = -1, .stderr_fd = -1};
    char program[PATH_MAX];
    char tried[PATH_MAX];

    if (!is_in_path("pg_config", program))
        return 0;
    spawn.program = program;
    if (spawn_run(&spawn, ret_path, PATH_MAX) != 0)
        return 0;
    ret_path[strcspn(ret_path, "\n")] = '\0';
    return is_in(ret_path, strlen(ret_path), "postgres", tried);
}

/* The highest N of /usr/lib/postgresql/N/bin. */
static int bindir_of_debian(char ret_path[PATH_MAX])
{
    static const char above[] = "/usr/lib/postgresql/";
    unsigned long best = 0;
    glob_t found;

    if (glob("/usr/lib/postgresql/*/bin/postgres", 0, NULL, &found) != 0)
        return 0;
    for (size_t i = 0; i < found.gl_pathc; i++) {
        const char *path = found.gl_pathv[i];
        unsigned long version = strtoul(path + strlen(above), NULL, 10);

        if (version >= best) {
            best = version;
            (void)snprintf(ret_path, PATH_MAX, "%.*s", (int)(strrchr(path, '/') - path), path);
        }
    }
    globfree(&found);
    return 1;
}

int postgres_bindir_find(char ret_path[PATH_MAX])
{
    if (bindir_of_pg_config(ret_path) || bindir_of_debian(ret_path))
        return 0;
    return complain("PostgreSQL's server is not installed (Debian: apt install postgresql)");
}
