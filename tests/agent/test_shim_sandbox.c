/* SPDX-License-Identifier: Apache-2.0
 *
 * What a container finds itself to be in each sandbox.
 */
#include "agent/shim_fixture.h"

#include "base/file.h"
#include "drivers/isolation.h"

#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define STATUS "grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status | tr -d '\\t'"

static void run_in(struct shim *shim, enum run_sandbox sandbox, const char *script)
{
    shim_set_sandbox(shim, sandbox);
    shim_set_script(shim, script);
    shim_run(shim);
    assert_string_equal(shim->record.message, "");
    shim_assert_text(shim, LOG_STREAM_STDERR, "");
}

static void test_default__is_what_nobody_asked_for(void **state)
{
    (void)state;
    struct run_spec spec;
    run_spec_init(&spec);
    assert_int_equal(spec.sandbox, RUN_SANDBOX_DEFAULT);
}

static void test_untrusted__has_no_capability(void **state)
{
    struct shim *shim = *state;
    run_in(shim, RUN_SANDBOX_UNTRUSTED, STATUS);
    shim_assert_text(shim, LOG_STREAM_STDOUT,
                     "CapInh:0000000000000000\nCapPrm:0000000000000000\n"
                     "CapEff:0000000000000000\nCapBnd:0000000000000000\n"
                     "CapAmb:0000000000000000\nNoNewPrivs:1\nSeccomp:2\n");
}

static void test_trusted__may_gain_privileges(void **state)
{
    struct shim *shim = *state;
    run_in(shim, RUN_SANDBOX_TRUSTED, STATUS);
    shim_assert_text(shim, LOG_STREAM_STDOUT,
                     "CapInh:0000000000000000\nCapPrm:00000000a80c75fb\n"
                     "CapEff:00000000a80c75fb\nCapBnd:00000000a80c75fb\n"
                     "CapAmb:0000000000000000\nNoNewPrivs:0\nSeccomp:2\n");
}

static void test_untrusted__is_root_of_its_files_only(void **state)
{
    struct shim *shim = *state;
    char expected[128];
    assert_true(snprintf(expected, sizeof(expected), "0 0\n0 0 0 0 0\n0 %u 65536\n0 0\nhigh\nnew\n",
                         isolation_first_id(shim->spec.run)) > 0);
    run_in(shim, RUN_SANDBOX_UNTRUSTED,
           "echo $(id -u) $(id -g); "
           "echo $(stat -c %u / /bin/busybox /etc/hosts /etc/resolv.conf /dev); "
           "cat /proc/self/uid_map | tr -s ' ' | cut -c2-; "
           "touch /new /etc/new && echo $(stat -c %u /new /etc/new); cat /etc/layer; "
           "echo new >/etc/layer; cat /etc/layer");
    shim_assert_text(shim, LOG_STREAM_STDOUT, expected);
}

static void test_untrusted__becomes_its_user(void **state)
{
    struct shim *shim = *state;
    shim->spec.user = strdup("worker");
    run_in(shim, RUN_SANDBOX_UNTRUSTED,
           "id -u; id -g; id -G; touch /tmp/mine && stat -c %u:%g /tmp/mine; "
           "touch /etc/mine 2>/dev/null || echo refused; grep CapEff /proc/self/status | cut -f2");
    shim_assert_text(shim, LOG_STREAM_STDOUT,
                     "1234\n1235\n1235 1236\n1234:1235\nrefused\n0000000000000000\n");
}

/* As in every sandbox, root need not be able to enter it. */
static void test_untrusted__starts_in_its_users_own_directory(void **state)
{
    struct shim *shim = *state;
    struct err e;
    char home[SHIM_PATH_BYTES];
    assert_true(snprintf(home, sizeof(home), "%s/low/home/worker", shim_root()) > 0);
    ASSERT_OK(dir_make(home, 0755, &e), e);
    assert_int_equal(chown(home, 1234, 1235), 0);
    assert_int_equal(chmod(home, 0700), 0);
    shim->spec.user = strdup("worker");
    shim->spec.cwd = strdup("/home/worker/made");
    run_in(shim, RUN_SANDBOX_UNTRUSTED, "pwd; stat -c %u:%a ..");
    shim_assert_text(shim, LOG_STREAM_STDOUT, "/home/worker/made\n1234:700\n");
}

static void test_untrusted__is_stopped_as_any_user(void **state)
{
    struct shim *shim = *state;
    shim->spec.user = strdup("worker");
    shim->spec.timeout_seconds = 1;
    shim->spec.stop_grace_seconds = 20;
    shim_set_sandbox(shim, RUN_SANDBOX_UNTRUSTED);
    shim_set_script(shim, "trap 'echo asked; exit 3' TERM; while :; do sleep 0.05; done");
    shim_run(shim);
    shim_assert_text(shim, LOG_STREAM_STDOUT, "asked\n");
    assert_int_equal(shim->record.reason, TERMINATION_TIMEOUT);
    assert_true(shim_duration_ms(shim) < 10000);
}

static void test_untrusted__read_only_is_read_only(void **state)
{
    struct shim *shim = *state;
    shim->spec.read_only = true;
    run_in(shim, RUN_SANDBOX_UNTRUSTED,
           "touch /etc/x 2>/dev/null; echo $?; touch /dev/shm/x; echo $?");
    shim_assert_text(shim, LOG_STREAM_STDOUT, "1\n0\n");
}

/* Nothing of it is root's on the machine, not even for the moment before it is removed. */
static void test_untrusted__owns_nothing_of_roots(void **state)
{
    struct shim *shim = *state;
    struct stat st;
    char path[SHIM_PATH_BYTES + 64];
    uint32_t first = isolation_first_id(shim->spec.run);
    shim_set_sandbox(shim, RUN_SANDBOX_UNTRUSTED);
    shim_set_script(shim, "touch /made; chmod 4755 /made; echo ready; sleep 20");
    shim_start(shim);
    shim_await(shim, "log");
    assert_true(snprintf(path, sizeof(path), "%s/overlay/upper/made", shim->run_dir) > 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_uid, first);
    assert_int_equal(kill(shim->pid, SIGTERM), 0);
    shim_finish(shim);
}

static void test_untrusted__shares_no_ids_with_others(void **state)
{
    (void)state;
    struct id one = {{[15] = 1}};
    struct id other = {{[15] = 2}};
    struct id last = {{[14] = 0xff, [15] = 0xff}};
    assert_int_equal(isolation_first_id(other) - isolation_first_id(one), ISOLATION_IDS);
    assert_true(isolation_first_id(last) <= INT32_MAX - ISOLATION_IDS + 1);
}

static void test_untrusted__leaves_nothing_when_its_shim_dies(void **state)
{
    struct shim *shim = *state;
    shim_set_sandbox(shim, RUN_SANDBOX_UNTRUSTED);
    shim_set_script(shim, "sleep 60");
    shim_start(shim);
    shim_await(shim, "started");
    assert_int_equal(kill(shim->pid, SIGKILL), 0);
    assert_int_equal(waitpid(shim->pid, NULL, 0), shim->pid);
    assert_int_equal(shim_reap(shim), 0);
    assert_int_equal(shim_count_processes(shim), 0);
    shim_assert_only_record_is_left(shim);
}

/* The runtime compiles it then, without the agent's help. */
static void test_untrusted__profile_goes_as_text_too(void **state)
{
    struct shim *shim = *state;
    shim_set_sandbox(shim, RUN_SANDBOX_UNTRUSTED);
    free(shim->spec.seccomp_bpf);
    shim->spec.seccomp_bpf = NULL;
    shim_set_script(shim, STATUS " | grep -c Seccomp:2");
    shim_run(shim);
    shim_assert_text(shim, LOG_STREAM_STDOUT, "1\n");
}

SHIM_MAIN(SHIM_TEST(test_default__is_what_nobody_asked_for),
          SHIM_TEST(test_untrusted__has_no_capability),
          SHIM_TEST(test_trusted__may_gain_privileges),
          SHIM_TEST(test_untrusted__is_root_of_its_files_only),
          SHIM_TEST(test_untrusted__becomes_its_user),
          SHIM_TEST(test_untrusted__starts_in_its_users_own_directory),
          SHIM_TEST(test_untrusted__is_stopped_as_any_user),
          SHIM_TEST(test_untrusted__read_only_is_read_only),
          SHIM_TEST(test_untrusted__owns_nothing_of_roots),
          SHIM_TEST(test_untrusted__shares_no_ids_with_others),
          SHIM_TEST(test_untrusted__leaves_nothing_when_its_shim_dies),
          SHIM_TEST(test_untrusted__profile_goes_as_text_too))
