/* SPDX-License-Identifier: Apache-2.0
 *
 * Lines that are not ours are kept as they are.
 */
#include "env_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int env_file_read(const char *path, struct env_file *ret_file)
{
    FILE *in = fopen(path, "re");
    char *line = NULL;
    size_t capacity = 0;
    ssize_t n;

    ret_file->n = 0;
    if (in == NULL)
        return errno == ENOENT ? 0 : -1;
    while ((n = getline(&line, &capacity, in)) >= 0) {
        if (ret_file->n == ENV_LINES_MAX)
            break; /* written again, it would be without the rest */
        if (n > 0 && line[n - 1] == '\n')
            line[n - 1] = '\0';
        ret_file->lines[ret_file->n] = strdup(line);
        if (ret_file->lines[ret_file->n] != NULL)
            ret_file->n++;
    }
    free(line);
    (void)fclose(in);
    if (n >= 0)
        errno = EFBIG;
    return n >= 0 ? -1 : 0;
}

void env_file_done(struct env_file *file)
{
    for (size_t i = 0; i < file->n; i++)
        free(file->lines[i]);
    file->n = 0;
}

/* The index of the last line that sets `name`, or `n` when none does. */
static size_t find_line(const struct env_file *file, const char *name)
{
    size_t n_name = strlen(name);

    for (size_t i = file->n; i > 0; i--) {
        if (strncmp(file->lines[i - 1], name, n_name) == 0 && file->lines[i - 1][n_name] == '=')
            return i - 1;
    }
    return file->n;
}

const char *env_file_get(const struct env_file *file, const char *name)
{
    size_t i = find_line(file, name);

    return i == file->n ? NULL : file->lines[i] + strlen(name) + 1;
}

int env_file_set(struct env_file *file, const char *name, const char *value)
{
    size_t i = find_line(file, name);
    char *line = NULL;

    if (i == ENV_LINES_MAX || asprintf(&line, "%s=%s", name, value) < 0)
        return -1;
    if (i == file->n)
        file->n++;
    else
        free(file->lines[i]);
    file->lines[i] = line;
    return 0;
}

static int write_lines(const struct env_file *file, int fd)
{
    FILE *out = fdopen(fd, "w");
    int failed = 0;

    if (out == NULL) {
        (void)close(fd);
        return -1;
    }
    for (size_t i = 0; i < file->n; i++)
        failed |= fprintf(out, "%s\n", file->lines[i]) < 0;
    failed |= fflush(out) != 0 || fsync(fileno(out)) < 0;
    failed |= fclose(out) != 0;
    return failed ? -1 : 0;
}

int env_file_write(const struct env_file *file, const char *path, uid_t owner, gid_t group)
{
    char *beside = NULL;
    int r = -1;
    int fd;

    if (asprintf(&beside, "%s.new", path) < 0)
        return -1;
    (void)unlink(beside);
    fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0 && owner != (uid_t)-1 && fchown(fd, owner, group) < 0)
        (void)close(fd);
    else if (fd >= 0)
        r = write_lines(file, fd);
    if (r == 0)
        r = rename(beside, path);
    if (r < 0) {
        int errnum = errno;

        (void)unlink(beside);
        errno = errnum;
    }
    free(beside);
    return r;
}
