/* SPDX-License-Identifier: Apache-2.0
 *
 * The contract: what holds a run in, for the drivers that say they do.
 */
#include "agent/contract/contract.h"

#include <string.h>

#define MIB ((uint64_t)1 << 20)

static void test_contract__memory_limit_ends_the_run(void **state)
{
    struct shim *shim = *state;
    shim->spec.memory_bytes = 16 * MIB;
    shim_set_argv(shim, "tail", "/dev/zero", NULL);
    shim_run(shim);
    assert_int_equal(shim->record.reason, TERMINATION_OOM_KILLED);
    assert_int_equal(shim->record.exit_code, 137);
    assert_true(shim->record.oom_killed);
    assert_string_equal(shim->record.message, "the memory limit of 16 MiB was reached");
}

static void test_contract__child_killed_for_memory_is_no_end(void **state)
{
    struct shim *shim = *state;
    shim->spec.memory_bytes = 16 * MIB;
    shim_set_script(shim, "tail /dev/zero; echo went on; exit 3");
    shim_run(shim);
    assert_int_equal(shim->record.reason, TERMINATION_EXITED);
    assert_int_equal(shim->record.exit_code, 3);
    shim_assert_text(shim, LOG_STREAM_STDOUT, "went on\n");
}

static void test_contract__processes_are_limited(void **state)
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

static void test_contract__processor_time_is_limited(void **state)
{
    struct shim *shim = *state;
    shim->spec.cpu_milli = 200;
    shim->spec.timeout_seconds = 1;
    shim->spec.stop_grace_seconds = 0;
    shim_set_script(shim, "while :; do :; done");
    shim_run(shim);
    assert_int_equal(shim->record.reason, TERMINATION_TIMEOUT);
    assert_in_range(shim->record.cpu_ms, 1, 500);
}

static void test_contract__use_is_told(void **state)
{
    struct shim *shim = *state;
    shim_set_script(shim, "x=0; while [ $x -lt 100000 ]; do x=$((x+1)); done");
    shim_run(shim);
    assert_int_equal(shim->record.exit_code, 0);
    assert_in_range(shim->record.cpu_ms, 10, 20000);
    assert_true(shim->record.memory_peak_bytes > 100 * 1024);
}

static void test_contract__privileges_are_dockers_defaults(void **state)
{
    struct shim *shim = *state;
    shim_set_script(shim, "grep -E '^(CapBnd|CapEff|NoNewPrivs|Seccomp):' /proc/self/status | "
                          "tr -s '\\t' ' '; mount -t tmpfs x /mnt 2>/dev/null || echo refused");
    shim_run(shim);
    size_t n;
    CLEANUP(freep) char *text = shim_text(shim, LOG_STREAM_STDOUT, &n);
    assert_non_null(strstr(text, "NoNewPrivs: 1\n"));
    assert_non_null(strstr(text, "Seccomp: 2\n"));
    assert_non_null(strstr(text, "refused\n"));
    const char *set = strstr(text, "CapBnd: ");
    assert_non_null(set);
    /* nothing beyond Docker's fourteen; an engine may grant fewer */
    assert_int_equal(strtoull(set + 8, NULL, 16) & ~UINT64_C(0xa80425fb), 0);
}

static void test_contract__read_only_root_is_read_only(void **state)
{
    struct shim *shim = *state;
    shim->spec.read_only = true;
    shim_set_script(shim, "touch /x 2>/dev/null || echo refused; touch /dev/shm/x && echo shm");
    shim_run(shim);
    shim_assert_text(shim, LOG_STREAM_STDOUT, "refused\nshm\n");
}

static void test_contract__root_is_writable_and_gone_after(void **state)
{
    struct shim *shim = *state;
    shim_set_script(shim, "cat /etc/layer; echo new >/etc/layer && cat /etc/layer");
    shim_run(shim);
    shim_assert_text(shim, LOG_STREAM_STDOUT, "high\nnew\n");

    struct shim *next;
    assert_int_equal(shim_setup((void **)&next), 0);
    shim_set_argv(next, "cat", "/etc/layer", NULL);
    shim_run(next);
    shim_assert_text(next, LOG_STREAM_STDOUT, "high\n");
    assert_int_equal(shim_teardown((void **)&next), 0);
}

static void test_contract__shared_memory_has_its_size(void **state)
{
    struct shim *shim = *state;
    shim->spec.shm_size_bytes = 4 * MIB;
    shim_set_script(shim, "df -k /dev/shm | tail -n 1 | tr -s ' ' | cut -d ' ' -f 2");
    shim_run(shim);
    shim_assert_text(shim, LOG_STREAM_STDOUT, "4096\n");
}

static void test_contract__network_none_has_but_loopback(void **state)
{
    struct shim *shim = *state;
    shim_set_script(shim, "tail -n +3 /proc/net/dev | cut -d : -f 1 | tr -d ' '");
    shim_run(shim);
    shim_assert_text(shim, LOG_STREAM_STDOUT, "lo\n");
}

static void test_contract__untrusted_is_confined_or_refused(void **state)
{
    struct shim *shim = *state;
    shim->spec.sandbox = RUN_SANDBOX_UNTRUSTED;
    freep(&shim->spec.seccomp_bpf); /* the other's */
    shim->spec.seccomp_bpf = NULL;
    shim_set_script(shim, "grep -c '^CapBnd:.0000000000000000$' /proc/self/status");
    shim_run(shim);
    if ((driver_of(shim_driver())->abilities & DRIVER_CAN(UNTRUSTED)) != 0) {
        shim_assert_text(shim, LOG_STREAM_STDOUT, "1\n");
    } else {
        assert_int_equal(shim->record.reason, TERMINATION_START_FAILED);
        assert_non_null(strstr(shim->record.message, "untrusted"));
    }
}

static void test_contract__trusted_may_do_more(void **state)
{
    struct shim *shim = *state;
    shim->spec.sandbox = RUN_SANDBOX_TRUSTED;
    freep(&shim->spec.seccomp_bpf);
    shim->spec.seccomp_bpf = NULL;
    shim_set_script(shim, "grep -E '^(CapEff|NoNewPrivs)' /proc/self/status | tr '\\t' ' '");
    shim_run(shim);
    size_t n;
    CLEANUP(freep) char *text = shim_text(shim, LOG_STREAM_STDOUT, &n);
    assert_non_null(strstr(text, "NoNewPrivs: 0\n"));
    const char *set = strstr(text, "CapEff: ");
    assert_non_null(set);
    uint64_t net_admin = UINT64_C(1) << 12;
    assert_int_equal(strtoull(set + 8, NULL, 16) & net_admin, net_admin);
}

const struct contract_row contract_limits[] = {
    CONTRACT_ROW_IF(test_contract__memory_limit_ends_the_run, DRIVER_CAN(MEMORY)),
    CONTRACT_ROW_IF(test_contract__child_killed_for_memory_is_no_end, DRIVER_CAN(MEMORY)),
    CONTRACT_ROW_IF(test_contract__processes_are_limited, DRIVER_CAN(PIDS)),
    CONTRACT_ROW_IF(test_contract__processor_time_is_limited, DRIVER_CAN(CPU)),
    CONTRACT_ROW_IF(test_contract__use_is_told, DRIVER_CAN(STATS)),
    CONTRACT_ROW_IF(test_contract__privileges_are_dockers_defaults, DRIVER_CAN(CONFINED)),
    CONTRACT_ROW(test_contract__untrusted_is_confined_or_refused),
    CONTRACT_ROW_IF(test_contract__trusted_may_do_more, DRIVER_CAN(CONFINED)),
    CONTRACT_ROW_IF(test_contract__read_only_root_is_read_only, DRIVER_CAN(READ_ONLY)),
    CONTRACT_ROW_IF(test_contract__root_is_writable_and_gone_after, DRIVER_CAN(IMAGE)),
    CONTRACT_ROW_IF(test_contract__shared_memory_has_its_size, DRIVER_CAN(SHM)),
    CONTRACT_ROW_IF(test_contract__network_none_has_but_loopback, DRIVER_CAN(NETWORK_NONE)),
    {.needs = 0},
};
