/* SPDX-License-Identifier: Apache-2.0
 *
 * A real errand-shim with a real runtime, driven as the agent drives it: spec on stdin, wake-ups on
 * a socket, files in a run dir. Needs root. The image is Debian's static busybox.
 */
#ifndef ERRAND_TESTS_SHIM_FIXTURE_H
#define ERRAND_TESTS_SHIM_FIXTURE_H

#include "support/test.h"

#include <sys/types.h>

#include "base/buf.h"
#include "exit_record.h"
#include "model/log_record.h"
#include "run_spec.h"
#include "run_status.h"

#define SHIM_PATH_BYTES 256

/* One run; every test has its own. */
struct shim {
    struct run_spec spec;
    char run_dir[SHIM_PATH_BYTES];
    int wake_fd;
    pid_t pid; /* 0 = not running */
    struct exit_record record;
    struct buf log; /* the spool's records */
    uint64_t n_records;
    uint64_t n_payload;
    uint64_t n_taken; /* id of the last segment that was taken */
};

/* What ERRAND_TEST_DRIVER names; oci when there is none. For docker, ERRAND_TEST_ENGINE_SOCKET is
 * the engine (support/with_engine.sh). */
enum driver_kind shim_driver(void);

/* One image and one compiled seccomp profile for all tests of a program. */
int shim_group_setup(void **state);

/* Put a copy of a file of the machine's into the image: "bin/x". After shim_group_setup(). */
void shim_image_put(const char *name, const char *file, mode_t mode);

/* Where the tests' files are; no path inside the image. */
const char *shim_root(void);

/* How many control groups, containers, mounts or files the tests have left; says which. */
int shim_group_count_left(void);

/* For each test; `*state` is a struct shim with a spec that runs `true`. The teardown kills what
 * still runs. */
int shim_setup(void **state);
int shim_teardown(void **state);

#define SHIM_TEST(f) cmocka_unit_test_setup_teardown(f, shim_setup, shim_teardown)

/* Every file ends with `SHIM_MAIN(SHIM_TEST(test_shim__x), ...)`. The program fails when anything
 * is left behind; cmocka itself takes no notice of what a group's teardown returns. */
#define SHIM_MAIN(...)                                                                             \
    int main(void)                                                                                 \
    {                                                                                              \
        const struct CMUnitTest tests[] = {__VA_ARGS__};                                           \
        int failed = cmocka_run_group_tests(tests, shim_group_setup, NULL);                        \
        return failed + shim_group_count_left();                                                   \
    }

/* With the seccomp profile that belongs to it. */
void shim_set_sandbox(struct shim *shim, enum run_sandbox sandbox);

/* Replace the spec's command; ends in NULL. */
void shim_set_argv(struct shim *shim, ...) __attribute__((sentinel));

/* The same with "sh", "-c". */
void shim_set_script(struct shim *shim, const char *script);

void shim_add_env(struct shim *shim, const char *text);

/* Start it; returns at once. */
void shim_start(struct shim *shim);

/* Wait for a wake-up: "started", "log" or "exited". Others are taken in and forgotten. Fails the
 * test after some seconds. */
void shim_await(struct shim *shim, const char *event);

/* The same with the whole word: "ready <box>/0". */
void shim_await_word(const struct shim *shim, const char *word);

/* Wait for the shim's end and read its record and log. */
void shim_finish(struct shim *shim);

/* Add the next segment, which must be complete, to `log`. False: there is none. */
bool shim_take_segment(struct shim *shim);

/* Start and finish. */
void shim_run(struct shim *shim);

/* `errand-shim --reap`; the exit code. */
int shim_reap(struct shim *shim);

/* All payloads of a stream, a newline after each that is not partial. Free with free(). */
char *shim_text(struct shim *shim, enum log_stream stream, size_t *ret_n);

void shim_assert_text(struct shim *shim, enum log_stream stream, const char *expected);

/* How many processes are in the run's control group. */
size_t shim_count_processes(const struct shim *shim);

/* Whether any file in the run dir, or in the living shim's scratch directory, holds `text`. */
bool shim_disk_holds(const struct shim *shim, const char *text);

/* The run dir of an ended run holds its lock, status, spool and record, and nothing else. */
void shim_assert_only_record_is_left(const struct shim *shim);

/* From the start of the command to the exit record. */
int64_t shim_duration_ms(const struct shim *shim);

#endif
