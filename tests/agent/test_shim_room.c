/* SPDX-License-Identifier: Apache-2.0
 *
 * A container that writes more than there is room for waits; it loses nothing. The tests are the
 * agent that ships segments and removes them.
 */
#include "agent/shim_fixture.h"

#include "base/clock.h"
#include "shim/spool_segment.h"

#include <errno.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_MS 30000
#define STILL_MS 1200

static void sleep_ms(long ms)
{
    struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    (void)nanosleep(&pause, NULL);
}

static void path_of(const struct shim *shim, const char *name, char path[SHIM_PATH_BYTES])
{
    int n = snprintf(path, SHIM_PATH_BYTES, "%s/%s", shim->run_dir, name);
    assert_true(n > 0 && n < SHIM_PATH_BYTES);
}

static bool has_ended(const struct shim *shim)
{
    char path[SHIM_PATH_BYTES];
    path_of(shim, "exit.json", path);
    return access(path, F_OK) == 0;
}

static uint64_t last_segment(const struct shim *shim, off_t *ret_size)
{
    uint64_t first;
    uint64_t last = 0;
    char name[SPOOL_SEGMENT_NAME_BYTES];
    char path[SHIM_PATH_BYTES];
    struct stat st = {0};
    if (spool_segment_bounds(shim->run_dir, &first, &last, NULL) < 0)
        return 0;
    spool_segment_name(last, name);
    path_of(shim, name, path);
    (void)stat(path, &st);
    *ret_size = st.st_size;
    return last;
}

/* The spool has grown and does not grow any more, and the run goes on. */
static void await_hold(const struct shim *shim)
{
    uint64_t before = 0;
    off_t size_before = 0;
    for (int waited = 0, still = 0; still < STILL_MS; waited += 50) {
        off_t size = 0;
        uint64_t last = last_segment(shim, &size);
        still = last > 1 && last == before && size == size_before ? still + 50 : 0;
        before = last;
        size_before = size;
        assert_true(waited < PATIENCE_MS);
        sleep_ms(50);
    }
    assert_false(has_ended(shim));
}

/* Take and remove whatever is complete until the run has ended. */
static void ship_all(struct shim *shim)
{
    for (int waited = 0; !has_ended(shim); waited += 5) {
        off_t size;
        while (last_segment(shim, &size) > shim->n_records + 1) {
            char name[SPOOL_SEGMENT_NAME_BYTES];
            char path[SHIM_PATH_BYTES];
            spool_segment_name(shim->n_records + 1, name);
            path_of(shim, name, path);
            assert_true(shim_take_segment(shim));
            assert_int_equal(unlink(path), 0);
        }
        assert_true(waited < PATIENCE_MS);
        sleep_ms(5);
    }
}

static void assert_counts_to(struct shim *shim, int to)
{
    size_t n;
    size_t at = 0;
    CLEANUP(freep) char *text = shim_text(shim, LOG_STREAM_STDOUT, &n);
    for (int i = 1; i <= to; i++) {
        char line[16];
        size_t length = (size_t)snprintf(line, sizeof(line), "%d\n", i);
        assert_true(at + length <= n && memcmp(text + at, line, length) == 0);
        at += length;
    }
    assert_int_equal(at, n);
}

static void test_shim__over_the_ceiling_the_container_waits_for_the_agent(void **state)
{
    struct shim *shim = *state;
    shim->spec.spool_limit_bytes = 1; /* the least there is: 4 MiB */
    shim_set_script(shim, "seq 1 300000");
    shim_start(shim);
    await_hold(shim);
    ship_all(shim);
    shim_finish(shim);
    assert_int_equal(shim->record.exit_code, 0);
    assert_false(shim->record.log_truncated);
    assert_counts_to(shim, 300000);
    size_t n;
    CLEANUP(freep) char *told = shim_text(shim, LOG_STREAM_SYSTEM, &n);
    assert_non_null(memmem(told, n, "the log could not be sent", 25));
}

static void test_shim__on_a_full_disk_the_container_waits_for_room(void **state)
{
    struct shim *shim = *state;
    shim->spec.spool_limit_bytes = 1;
    assert_int_equal(mount("tmpfs", shim->run_dir, "tmpfs", 0, "size=2m,mode=700"), 0);
    shim_set_script(shim, "seq 1 200000");
    shim_start(shim);
    await_hold(shim);
    ship_all(shim);
    shim_finish(shim);
    assert_int_equal(umount(shim->run_dir), 0);
    assert_int_equal(shim->record.exit_code, 0);
    assert_false(shim->record.log_truncated);
    assert_counts_to(shim, 200000);
    size_t n;
    CLEANUP(freep) char *told = shim_text(shim, LOG_STREAM_SYSTEM, &n);
    assert_non_null(memmem(told, n, "the disk of the hypervisor is full", 34));
}

static void test_shim__the_deadline_holds_while_the_container_waits(void **state)
{
    struct shim *shim = *state;
    shim->spec.spool_limit_bytes = 1;
    shim->spec.timeout_seconds = 2;
    shim->spec.stop_grace_seconds = 1;
    shim_set_script(shim, "seq 1 1000000");
    shim_start(shim);
    await_hold(shim);
    sleep_ms(1000);
    assert_int_equal(shim_count_processes(shim), 0);
    ship_all(shim);
    shim_finish(shim);
    assert_int_equal(shim->record.reason, TERMINATION_TIMEOUT);
    assert_int_equal(shim->record.exit_code, 124);
    assert_true(shim_duration_ms(shim) < 10000);
}

static void test_shim__a_rate_is_kept(void **state)
{
    struct shim *shim = *state;
    shim->spec.log_rate_bytes = 500000;
    shim_set_script(shim, "seq 1 150000"); /* 938,895 bytes */
    shim_run(shim);
    assert_int_equal(shim->record.exit_code, 0);
    assert_true(shim_duration_ms(shim) > 1000);
    assert_counts_to(shim, 150000);
}

static void test_shim__a_line_that_does_not_go_on_is_shown(void **state)
{
    struct shim *shim = *state;
    shim_set_script(shim, "printf 'Working...'; sleep 2; echo ' done'; printf 'last'; sleep 2");
    shim_run(shim);
    struct log_record record;
    static const char *const payloads[] = {"Working...", " done", "last", ""};
    static const int flags[] = {LOG_RECORD_PARTIAL, 0, LOG_RECORD_PARTIAL, 0};
    size_t at = 0;
    size_t size;
    for (size_t i = 0; i < ARRAY_LEN(payloads); i++, at += size) {
        assert_int_equal(log_record_next(shim->log.data + at, shim->log.len - at, &record, &size),
                         LOG_RECORD_WHOLE);
        assert_int_equal(record.n, strlen(payloads[i]));
        assert_memory_equal(record.payload, payloads[i], record.n);
        assert_int_equal(record.flags, flags[i]);
    }
    assert_int_equal(at, shim->log.len);
}

static void add_secret(struct shim *shim, const char *key, const char *value)
{
    struct err e;
    char text[256];
    assert_true(snprintf(text, sizeof(text), "%s=%s", key, value) > 0);
    shim_add_env(shim, text);
    ASSERT_OK(text_list_add(&shim->spec.secret_keys, key, &e), e);
}

static void test_shim__secrets_are_masked_before_the_disk(void **state)
{
    struct shim *shim = *state;
    add_secret(shim, "TOKEN", "tok/3n of+the run");
    add_secret(shim, "PIN", "12345");
    shim_add_env(shim, "LEVEL=verbose-level");
    shim_set_script(shim, "echo a $TOKEN b; printf 'tok/3n of'; sleep 0.3; echo '+the run';"
                          "printf %s \"$TOKEN\" | base64; echo $TOKEN >&2; echo $PIN $LEVEL;"
                          "sleep 60");
    shim_start(shim);
    shim_await(shim, "log");
    for (int i = 0; i < PATIENCE_MS / 20 && !shim_disk_holds(shim, "12345 verbose-level"); i++)
        sleep_ms(20);
    assert_true(shim_disk_holds(shim, "a *** b"));
    assert_false(shim_disk_holds(shim, "tok/3n of+the run"));
    assert_false(shim_disk_holds(shim, "dG9rLzNuIG9mK3RoZSBydW4"));
    shim->spec.stop_grace_seconds = 0;
}

SHIM_MAIN(SHIM_TEST(test_shim__over_the_ceiling_the_container_waits_for_the_agent),
          SHIM_TEST(test_shim__on_a_full_disk_the_container_waits_for_room),
          SHIM_TEST(test_shim__the_deadline_holds_while_the_container_waits),
          SHIM_TEST(test_shim__a_rate_is_kept),
          SHIM_TEST(test_shim__a_line_that_does_not_go_on_is_shown),
          SHIM_TEST(test_shim__secrets_are_masked_before_the_disk))
