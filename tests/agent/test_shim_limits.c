/* SPDX-License-Identifier: Apache-2.0
 *
 * What holds a container in: memory, processes, processor, privileges, network, files.
 */
#include "agent/shim_fixture.h"

#include <string.h>

#define MIB ((uint64_t)1 << 20)

static void test_shim__memory_limit_ends_the_run(void **state)
{
    struct shim *shim = *state;
    shim->spec.memory_bytes = 16 * MIB;
    shim_set_argv(shim, "tail", "/dev/zero", NULL);
    shim_run(shim);
    assert_int_equal(shim->record.reason, TERMINATION_OOM_KILLED);
    assert_int_equal(shim->record.exit_code, 137);
    assert_true(shim->record.oom_killed);
    assert_in_range(shim->record.memory_peak_bytes, 12 * MIB, 16 * MIB);
    assert_string_equal(shim->record.message, "the memory limit of 16 MiB was reached");
}

static void test_shim__a_killed_child_is_no_end(void **state)
{
    struct shim *shim = *state;
    shim->spec.memory_bytes = 16 * MIB;
    shim_set_script(shim, "tail /dev/zero; echo went on; exit 3");
    shim_run(shim);
    assert_int_equal(shim->record.reason, TERMINATION_EXITED);
    assert_int_equal(shim->record.exit_code, 3);
    assert_true(shim->record.oom_killed);
    shim_assert_text(shim, LOG_STREAM_STDOUT, "went on\n");
}

static void test_shim__own_kill_is_not_taken_for_memory(void **state)
{
    struct shim *shim = *state;
    shim_set_script(shim, "kill -KILL $$");
    shim_run(shim);
    assert_int_equal(shim->record.reason, TERMINATION_EXITED);
    assert_int_equal(shim->record.exit_code, 137);
    assert_false(shim->record.oom_killed);
}

static void test_shim__processes_are_limited(void **state)
{
    struct shim *shim = *state;
    shim->spec.pids_limit = 8;
    shim_set_script(shim, "n=0; while [ $n -lt 7 ]; do sleep 60 & n=$((n+1)); done; echo seven; "
                          "sleep 60 & echo eight");
    shim_run(shim);
    shim_assert_text(shim, LOG_STREAM_STDOUT, "seven\n");
    size_t n;
    CLEANUP(freep) char *text = shim_text(shim, LOG_STREAM_STDERR, &n);
    assert_non_null(strstr(text, "can't fork"));
}

static void test_shim__processor_time_is_limited_and_told(void **state)
{
    struct shim *shim = *state;
    shim->spec.cpu_milli = 200;
    shim->spec.timeout_seconds = 1;
    shim->spec.stop_grace_seconds = 0;
    shim_set_script(shim, "while :; do :; done");
    shim_run(shim);
    assert_in_range(shim->record.cpu_ms, 120, 450);
}

static void test_shim__what_it_reads_and_writes_is_told(void **state)
{
    struct shim *shim = *state;
    shim_set_script(shim, "dd if=/dev/zero of=/f bs=65536 count=16 oflag=direct 2>/dev/null && "
                          "dd if=/f of=/dev/null bs=65536 iflag=direct 2>/dev/null");
    shim_run(shim);
    assert_int_equal(shim->record.exit_code, 0);
    assert_in_range(shim->record.io_write_bytes, MIB, 2 * MIB);
    assert_in_range(shim->record.io_read_bytes, MIB, 8 * MIB);
}

static void test_shim__privileges_are_dockers_defaults(void **state)
{
    struct shim *shim = *state;
    shim_set_script(shim, "grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status | tr -d '\\t'");
    shim_run(shim);
    shim_assert_text(shim, LOG_STREAM_STDOUT,
                     "CapInh:0000000000000000\nCapPrm:00000000a80425fb\n"
                     "CapEff:00000000a80425fb\nCapBnd:00000000a80425fb\n"
                     "CapAmb:0000000000000000\nNoNewPrivs:1\nSeccomp:2\n");
}

static void test_shim__namespaces_and_mounts_are_refused(void **state)
{
    struct shim *shim = *state;
    shim_set_script(shim, "unshare -U true; echo $?; mount -t tmpfs x /tmp; echo $?; "
                          "echo b >/proc/sysrq-trigger; echo $?; hostname other; echo $?; "
                          "cat /proc/kcore | wc -c; ls /sys/firmware | wc -l");
    shim_run(shim);
    shim_assert_text(shim, LOG_STREAM_STDOUT, "1\n1\n1\n1\n0\n0\n");
}

static void test_shim__pids_users_and_network_are_its_own(void **state)
{
    struct shim *shim = *state;
    shim_set_script(shim, "ls -d /proc/[0-9]* | wc -l; ls /sys/class/net; "
                          "cat /sys/class/net/lo/flags; cut -d: -f3 /proc/self/cgroup | "
                          "grep -cv '^/$'");
    shim_run(shim);
    size_t n;
    CLEANUP(freep) char *text = shim_text(shim, LOG_STREAM_STDOUT, &n);
    assert_int_equal(text[1], '\n');
    assert_string_equal(text + 1, "\nlo\n0x9\n0\n");
}

static void test_shim__read_only_root_is_read_only(void **state)
{
    struct shim *shim = *state;
    shim->spec.read_only = true;
    shim_set_script(shim, "touch /etc/x; echo $?; touch /dev/shm/x; echo $?");
    shim_run(shim);
    shim_assert_text(shim, LOG_STREAM_STDOUT, "1\n0\n");
}

static void test_shim__shared_memory_has_its_size(void **state)
{
    struct shim *shim = *state;
    shim->spec.shm_size_bytes = 4 * MIB;
    shim_set_script(shim, "df -k /dev/shm | tail -1 | tr -s ' ' | cut -d' ' -f2");
    shim_run(shim);
    shim_assert_text(shim, LOG_STREAM_STDOUT, "4096\n");
}

static void test_shim__no_descriptor_of_ours_leaks_in(void **state)
{
    struct shim *shim = *state;
    /* no pipeline: the shell would hold its pipes while ls looks */
    shim_set_script(shim, "ls /proc/$$/fd >/tmp/fds; grep -v '^10$' /tmp/fds");
    shim_run(shim);
    shim_assert_text(shim, LOG_STREAM_STDOUT, "0\n1\n2\n");
}

static void test_shim__ours_is_the_only_seccomp_profile(void **state)
{
    struct shim *shim = *state;
    free(shim->spec.seccomp_bpf);
    shim->spec.seccomp_bpf = NULL;
    shim_set_script(shim,
                    "grep Seccomp: /proc/self/status | tr -d '\\t'; unshare -U true; echo $?");
    shim_run(shim);
    shim_assert_text(shim, LOG_STREAM_STDOUT, "Seccomp:2\n1\n");
}

static void test_shim__a_deep_tree_is_removed(void **state)
{
    struct shim *shim = *state;
    shim_set_script(shim, "mkdir /deep && cd /deep && i=0; while [ $i -lt 300 ]; do "
                          "mkdir d && cd d || exit 9; i=$((i+1)); done; echo made");
    shim_run(shim);
    shim_assert_text(shim, LOG_STREAM_STDOUT, "made\n");
    shim_assert_only_record_is_left(shim);
}

SHIM_MAIN(SHIM_TEST(test_shim__memory_limit_ends_the_run),
          SHIM_TEST(test_shim__a_killed_child_is_no_end),
          SHIM_TEST(test_shim__own_kill_is_not_taken_for_memory),
          SHIM_TEST(test_shim__processes_are_limited),
          SHIM_TEST(test_shim__processor_time_is_limited_and_told),
          SHIM_TEST(test_shim__what_it_reads_and_writes_is_told),
          SHIM_TEST(test_shim__privileges_are_dockers_defaults),
          SHIM_TEST(test_shim__namespaces_and_mounts_are_refused),
          SHIM_TEST(test_shim__pids_users_and_network_are_its_own),
          SHIM_TEST(test_shim__read_only_root_is_read_only),
          SHIM_TEST(test_shim__shared_memory_has_its_size),
          SHIM_TEST(test_shim__no_descriptor_of_ours_leaks_in),
          SHIM_TEST(test_shim__ours_is_the_only_seccomp_profile),
          SHIM_TEST(test_shim__a_deep_tree_is_removed))
