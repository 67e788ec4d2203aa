/* SPDX-License-Identifier: Apache-2.0 */
#include "images/layer_writer.h"

#include "base/file.h"
#include "base/log.h"
#include "images/digest.h"
#include "images/layer_unpack.h"

#include <sodium.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define CANCEL_CHECK_MS 250
#define PIPE_BYTES (1 << 20)

struct layer_writer {
    const struct layer_store *layers;
    const struct blob *blob;
    const atomic_bool *cancel;
    crypto_hash_sha256_state hash;
    int64_t bytes;
    char dir[PATH_MAX]; /* temporary; "" once it has its place */
    pid_t pid;          /* of the unpacker; 0 once waited for */
    int data_fd;        /* its standard input */
    int complaint_fd;   /* its standard error, a memory file */
};

static int spawn_unpacker(struct layer_writer *w, int data_fd, struct err *e)
{
    const struct layer_limits *limits = layer_store_limits(w->layers);
    const char *unpacker = layer_store_unpacker(w->layers);
    char name[] = "errand-agent";
    char flag[] = "--unpack";
    char max_bytes[24];
    char floor_bytes[24];
    char *argv[] = {name, flag, w->dir, max_bytes, floor_bytes, NULL};
    char *environment[] = {NULL};
    sigset_t none;
    sigset_t all;
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;

    (void)snprintf(max_bytes, sizeof(max_bytes), "%lld", (long long)limits->max_bytes);
    (void)snprintf(floor_bytes, sizeof(floor_bytes), "%lld", (long long)limits->floor_bytes);
    (void)sigemptyset(&none);
    (void)sigfillset(&all);
    if (posix_spawn_file_actions_init(&files) != 0)
        return err_errno(e, ENOMEM, "start the unpacker");
    if (posix_spawnattr_init(&attributes) != 0) {
        (void)posix_spawn_file_actions_destroy(&files);
        return err_errno(e, ENOMEM, "start the unpacker");
    }
    (void)posix_spawnattr_setsigmask(&attributes, &none);
    (void)posix_spawnattr_setsigdefault(&attributes, &all);
    (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    int rc = posix_spawn_file_actions_adddup2(&files, data_fd, STDIN_FILENO);
    if (rc == 0)
        rc = posix_spawn_file_actions_adddup2(&files, w->complaint_fd, STDERR_FILENO);
    if (rc == 0)
        rc = posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    if (rc == 0)
        rc = posix_spawn(&w->pid, unpacker, &files, &attributes, argv, environment);
    (void)posix_spawnattr_destroy(&attributes);
    (void)posix_spawn_file_actions_destroy(&files);
    return rc == 0 ? 0 : err_errno(e, rc, "start the unpacker %s", unpacker);
}

static int start_unpacker(struct layer_writer *w, struct err *e)
{
    int ends[2];
    w->complaint_fd = memfd_create("unpacker-stderr", MFD_CLOEXEC);
    if (w->complaint_fd < 0 || pipe2(ends, O_CLOEXEC) < 0)
        return err_errno(e, errno, "start the unpacker");
    CLEANUP(fd_closep) int read_end = ends[0];
    w->data_fd = ends[1];
    (void)fcntl(w->data_fd, F_SETPIPE_SZ, PIPE_BYTES);
    if (fcntl(w->data_fd, F_SETFL, O_NONBLOCK) < 0)
        return err_errno(e, errno, "start the unpacker");
    return spawn_unpacker(w, read_end, e);
}

int layer_writer_open(const struct layer_store *layers, const struct blob *blob,
                      const atomic_bool *cancel, struct layer_writer **ret_writer, struct err *e)
{
    CLEANUP(layer_writer_freep) struct layer_writer *w = calloc(1, sizeof(*w));
    if (w == NULL)
        return err_errno(e, ENOMEM, "write layer");
    w->layers = layers;
    w->blob = blob;
    w->cancel = cancel;
    w->data_fd = -1;
    w->complaint_fd = -1;
    (void)crypto_hash_sha256_init(&w->hash);

    int n = snprintf(w->dir, sizeof(w->dir), "%s/tmp-XXXXXX", layer_store_dir(layers));
    if (n < 0 || (size_t)n >= sizeof(w->dir) || mkdtemp(w->dir) == NULL) {
        w->dir[0] = '\0';
        return err_errno(e, n < 0 ? ENAMETOOLONG : errno, "make a directory in %s",
                         layer_store_dir(layers));
    }
    int rc = start_unpacker(w, e);
    if (rc == 0)
        *ret_writer = TAKE_PTR(w);
    return rc;
}

/* What the unpacker said before it went, or that it was killed. */
static int complaint(const struct layer_writer *w, int status, struct err *e)
{
    char text[ERR_MESSAGE_BYTES];
    ssize_t n = pread(w->complaint_fd, text, sizeof(text) - 1, 0);
    text[n > 0 ? n : 0] = '\0';
    text[strcspn(text, "\n")] = '\0';
    if (WIFSIGNALED(status))
        return err_set(e, ERR_INTERNAL, "the unpacker was killed by signal %d", WTERMSIG(status));
    bool is_full = WEXITSTATUS(status) == LAYER_UNPACK_DISK_FULL;
    return err_set(e, is_full ? ERR_LIMIT : ERR_INVALID, "unpack layer: %s",
                   text[0] != '\0' ? text : "failed");
}

static int wait_unpacker(struct layer_writer *w, struct err *e)
{
    int status = 0;
    pid_t got;
    do {
        got = waitpid(w->pid, &status, 0);
    } while (got < 0 && errno == EINTR);
    w->pid = 0;
    if (got < 0)
        return err_errno(e, errno, "wait for the unpacker");
    return status == 0 ? 0 : complaint(w, status, e);
}

static int write_some(struct layer_writer *w, const char **bytes, size_t *n, struct err *e)
{
    if (atomic_load(w->cancel))
        return err_set(e, ERR_UNAVAILABLE, "canceled");
    ssize_t put = write(w->data_fd, *bytes, *n);
    if (put >= 0) {
        *bytes += put;
        *n -= (size_t)put;
        return 0;
    }
    if (errno == EPIPE) {
        /* A tar ends before its padding does: only the unpacker's exit tells. */
        int rc = wait_unpacker(w, e);
        *n = 0;
        return rc;
    }
    if (errno != EAGAIN && errno != EINTR)
        return err_errno(e, errno, "pass bytes to the unpacker");
    struct pollfd waiting = {.fd = w->data_fd, .events = POLLOUT};
    (void)poll(&waiting, 1, CANCEL_CHECK_MS);
    return 0;
}

int64_t layer_writer_bytes(const struct layer_writer *w)
{
    return w->bytes;
}

int layer_writer_put(struct layer_writer *w, const char *bytes, size_t n, struct err *e)
{
    w->bytes += (int64_t)n;
    if (w->bytes > w->blob->size_bytes)
        return err_set(e, ERR_CONFLICT, "layer %.19s..: larger than the manifest says",
                       w->blob->digest);
    (void)crypto_hash_sha256_update(&w->hash, (const unsigned char *)bytes, n);
    while (n > 0 && w->pid != 0) {
        int rc = write_some(w, &bytes, &n, e);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int check(struct layer_writer *w, struct err *e)
{
    unsigned char sha256[crypto_hash_sha256_BYTES];
    char actual[DIGEST_TEXT_BYTES];
    (void)crypto_hash_sha256_final(&w->hash, sha256);
    digest_format(sha256, actual);
    if (w->bytes != w->blob->size_bytes)
        return err_set(e, ERR_CONFLICT, "layer %.19s..: %lld bytes came instead of %lld",
                       w->blob->digest, (long long)w->bytes, (long long)w->blob->size_bytes);
    if (strcmp(actual, w->blob->digest) != 0)
        return err_set(e, ERR_CONFLICT, "layer: digest is %.19s.. instead of %.19s..", actual,
                       w->blob->digest);
    return 0;
}

int layer_writer_finish(struct layer_writer *w, const char *path, struct err *e)
{
    int rc = check(w, e);
    if (rc < 0)
        return rc;
    fd_closep(&w->data_fd);
    w->data_fd = -1;
    if (w->pid != 0)
        rc = wait_unpacker(w, e);
    if (rc < 0)
        return rc;
    if (rename(w->dir, path) < 0)
        return err_errno(e, errno, "rename %s", w->dir);
    w->dir[0] = '\0';
    return 0;
}

void layer_writer_free(struct layer_writer *w)
{
    if (w == NULL)
        return;
    if (w->pid > 0) {
        (void)kill(w->pid, SIGKILL);
        (void)wait_unpacker(w, NULL);
    }
    fd_closep(&w->data_fd);
    fd_closep(&w->complaint_fd);
    struct err e;
    if (w->dir[0] != '\0' && dir_remove(w->dir, &e) < 0)
        log_debug("layer.leftover error=\"%s\"", e.msg);
    free(w);
}

void layer_writer_freep(struct layer_writer **w)
{
    layer_writer_free(*w);
}
