/* SPDX-License-Identifier: Apache-2.0
 *
 * A program in the container (prober/) tries everything it should not do, in each sandbox, and the
 * rows below say what each may come to. An attempt without a row is a failure.
 */
#include "agent/shim_fixture.h"

#include "base/clock.h"
#include "base/file.h"

#include <dirent.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MIB ((uint64_t)1 << 20)

/* Who succeeds. */
#define NOBODY 0u
#define BY_DEFAULT (1u << RUN_SANDBOX_DEFAULT)
#define UNTRUSTED (1u << RUN_SANDBOX_UNTRUSTED)
#define TRUSTED (1u << RUN_SANDBOX_TRUSTED)

static const struct row {
    const char *name;
    unsigned allowed;
} rows[] = {
    {"mount_tmpfs", NOBODY},
    {"mount_proc", NOBODY},
    {"mount_cgroup", NOBODY},
    {"bind_mount", NOBODY},
    {"remount_proc_sys", NOBODY},
    {"unmount_masked", NOBODY},
    {"pivot_root", NOBODY},
    {"new_mount_api", NOBODY},
    {"unshare_mounts", NOBODY},
    /* with all capabilities over nothing but what they make in there */
    {"unshare_users", TRUSTED},
    {"clone_users", TRUSTED},
    {"clone3_users", NOBODY},
    {"join_namespace", NOBODY},
    {"set_host_name", NOBODY},
    {"add_key", NOBODY},
    {"read_keyring", NOBODY},
    {"bpf", NOBODY},
    {"perf", NOBODY},
    {"userfault", NOBODY},
    {"io_uring", NOBODY},
    {"open_by_handle", NOBODY},
    {"load_module", NOBODY},
    {"unload_module", NOBODY},
    {"kexec", NOBODY},
    {"reboot", NOBODY},
    {"swap", NOBODY},
    {"set_clock", NOBODY},
    {"kernel_log", NOBODY},
    {"io_ports", NOBODY},
    {"accounting", NOBODY},
    {"odd_personality", NOBODY},

    {"sysrq", NOBODY},
    {"core_pattern", NOBODY},
    {"modprobe_path", NOBODY},
    {"network_switches", NOBODY},
    {"interrupt_affinity", NOBODY},
    {"uevent_helper", NOBODY},
    {"huge_pages", NOBODY},
    {"cgroup_move", NOBODY},
    {"cgroup_memory", NOBODY},
    {"cgroup_release_agent", NOBODY},
    {"cgroup_devices", NOBODY},
    {"cgroup_make", NOBODY},
    {"kernel_memory", NOBODY},
    {"kernel_keys", NOBODY},
    {"kernel_timers", NOBODY},
    /* made, but opened only when it is one of the harmless */
    {"make_node", BY_DEFAULT | TRUSTED},
    {"device_memory", NOBODY},
    {"device_kernel_log", NOBODY},
    {"device_loop_control", NOBODY},
    {"device_fuse", NOBODY},
    {"device_tun", NOBODY},
    {"device_kvm", NOBODY},
    {"device_disk", NOBODY},
    {"host_files", NOBODY},
    {"chroot_escape", NOBODY},
    {"own_descriptors", NOBODY},
    {"init_descriptors", NOBODY},
    {"overwrite_init", NOBODY},

    {"plain_socket", BY_DEFAULT | UNTRUSTED | TRUSTED},
    {"raw_socket", BY_DEFAULT | TRUSTED},
    {"packet_socket", BY_DEFAULT | TRUSTED},
    {"vsock_socket", NOBODY},
    {"crypto_socket", NOBODY},
    {"change_network", TRUSTED},
    {"trace_child", BY_DEFAULT | TRUSTED},
    /* errand-init holds nothing that root in the container has not */
    {"trace_init", BY_DEFAULT | TRUSTED},
    {"signal_outside", NOBODY},
    {"see_outside", NOBODY},
    {"kill_init", NOBODY},
    {"raise_files", NOBODY},
    {"raise_priority", NOBODY},
    {"use_realtime", NOBODY},
    {"protect_from_oom", NOBODY},
    {"gain_capability", BY_DEFAULT | TRUSTED},
    {"use_setuid", TRUSTED},
};

static const struct row *row_of(const char *line, size_t n)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (strlen(rows[i].name) == n && memcmp(rows[i].name, line, n) == 0)
            return &rows[i];
    }
    return NULL;
}

/* Whether the line "name: how" is what its row says; complains if not. */
static bool is_as_said(const char *line, enum run_sandbox sandbox)
{
    size_t n = strcspn(line, ":");
    const struct row *row = row_of(line, n);
    bool allowed = strncmp(line + n, ": allowed\n", 10) == 0;
    bool expected = row != NULL && (row->allowed & (1u << sandbox)) != 0;
    if (row != NULL && allowed == expected)
        return true;
    print_error("sandbox %s: %.*s\n", run_sandbox_name(sandbox), (int)strcspn(line, "\n"), line);
    return false;
}

static void add_marks(struct shim *shim)
{
    char text[SHIM_PATH_BYTES];
    assert_true(snprintf(text, sizeof(text), "PROBER_MARK=%s/low", shim_root()) > 0);
    shim_add_env(shim, text);
    assert_true(snprintf(text, sizeof(text), "PROBER_PID=%d", (int)getpid()) > 0);
    shim_add_env(shim, text);
}

static void probe(struct shim *shim, enum run_sandbox sandbox)
{
    size_t n;
    size_t lines = 0;
    size_t wrong = 0;
    shim_set_sandbox(shim, sandbox);
    add_marks(shim);
    shim_set_argv(shim, "prober", NULL);
    shim_run(shim);
    assert_string_equal(shim->record.message, "");
    CLEANUP(freep) char *text = shim_text(shim, LOG_STREAM_STDOUT, &n);
    for (const char *line = text; *line != '\0'; line += strcspn(line, "\n") + 1, lines++)
        wrong += !is_as_said(line, sandbox);
    assert_int_equal(wrong, 0);
    assert_int_equal(lines, ARRAY_LEN(rows));
    assert_int_equal(shim->record.exit_code, 0);
}

static void test_breakout__default(void **state)
{
    probe(*state, RUN_SANDBOX_DEFAULT);
}

static void test_breakout__untrusted(void **state)
{
    probe(*state, RUN_SANDBOX_UNTRUSTED);
}

static void test_breakout__trusted(void **state)
{
    probe(*state, RUN_SANDBOX_TRUSTED);
}

static void test_breakout__setuid_bits_do_nothing_to_a_user(void **state)
{
    struct shim *shim = *state;
    shim->spec.user = strdup("worker");
    shim_set_argv(shim, "prober", "use_setuid", "raw_socket", "make_node", NULL);
    shim_run(shim);
    shim_assert_text(shim, LOG_STREAM_STDOUT,
                     "make_node: EPERM\nraw_socket: EPERM\nuse_setuid: EPERM\n");
}

/* What is shared by all containers of an image stays as it is, whoever is root inside. */
static void write_to_image(struct shim *shim, enum run_sandbox sandbox)
{
    struct stat before;
    struct stat after;
    char path[SHIM_PATH_BYTES];
    assert_true(snprintf(path, sizeof(path), "%s/low/bin/busybox", shim_root()) > 0);
    assert_int_equal(stat(path, &before), 0);
    shim_set_sandbox(shim, sandbox);
    shim_set_script(shim, "echo changed >>/bin/busybox; echo changed >/etc/layer; "
                          "rm /etc/passwd; rm -r /bin/no-format; cat /etc/layer");
    shim_run(shim);
    assert_int_equal(stat(path, &after), 0);
    assert_int_equal(before.st_size, after.st_size);
    assert_int_equal(before.st_ctim.tv_sec, after.st_ctim.tv_sec);
    assert_int_equal(before.st_ctim.tv_nsec, after.st_ctim.tv_nsec);
    assert_int_equal(after.st_uid, 0);
    assert_true(snprintf(path, sizeof(path), "%s/low/etc/passwd", shim_root()) > 0);
    assert_int_equal(access(path, F_OK), 0);
}

static void test_breakout__layers_are_not_written(void **state)
{
    write_to_image(*state, RUN_SANDBOX_DEFAULT);
}

static void test_breakout__layers_are_not_written_by_untrusted(void **state)
{
    write_to_image(*state, RUN_SANDBOX_UNTRUSTED);
}

static bool is_empty(const char *path)
{
    DIR *dir = opendir(path);
    size_t n = 0;
    assert_non_null(dir);
    while (readdir(dir) != NULL)
        n++;
    (void)closedir(dir);
    return n == 2;
}

/* An image where a place that we or the runtime write to or mount on is a link to a directory of
 * the machine's. Whether such a container starts is the runtime's affair; the directory stays empty
 * and the container sees none of it. */
static void start_through_link(struct shim *shim, enum run_sandbox sandbox, const char *name)
{
    struct err e;
    char victim[SHIM_PATH_BYTES];
    char layer[SHIM_PATH_BYTES];
    char link[SHIM_PATH_BYTES + 32];
    char target[SHIM_PATH_BYTES + 64];
    assert_true(snprintf(victim, sizeof(victim), "%s/victim", shim_root()) > 0);
    assert_true(snprintf(layer, sizeof(layer), "%s/evil", shim_root()) > 0);
    assert_true(snprintf(link, sizeof(link), "%s/%s", layer, name) > 0);
    assert_true(snprintf(target, sizeof(target), "../../../../../../../../..%s", victim) > 0);
    ASSERT_OK(dir_make(victim, 0777, &e), e);
    ASSERT_OK(dir_make(layer, 0755, &e), e);
    assert_int_equal(symlink(target, link), 0);
    ASSERT_OK(text_list_add(&shim->spec.layers, layer, &e), e);

    shim_set_sandbox(shim, sandbox);
    add_marks(shim);
    shim_set_script(shim, "prober host_files; echo x >/etc/written; echo x >/dev/written; true");
    shim_run(shim);
    if (shim->record.reason == TERMINATION_EXITED)
        shim_assert_text(shim, LOG_STREAM_STDOUT, "host_files: ENOENT\n");
    else
        assert_int_equal(shim->record.reason, TERMINATION_START_FAILED);
    if (!is_empty(victim))
        fail_msg("written through /%s", name);
    ASSERT_OK(dir_remove(layer, &e), e);
    ASSERT_OK(dir_remove(victim, &e), e);
}

static void test_breakout__links_in_an_image_stay_inside(void **state)
{
    static const char *const names[] = {"etc", "dev", "proc", "sys", "tmp"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        for (int sandbox = RUN_SANDBOX_DEFAULT; sandbox <= RUN_SANDBOX_UNTRUSTED; sandbox++) {
            void *other = NULL;
            assert_int_equal(shim_setup(&other), 0);
            start_through_link(other, (enum run_sandbox)sandbox, names[i]);
            (void)shim_teardown(&other);
        }
    }
}

static void test_breakout__working_directory_stays_inside(void **state)
{
    struct shim *shim = *state;
    char cwd[SHIM_PATH_BYTES + 32];
    assert_true(snprintf(cwd, sizeof(cwd), "/../../../..%s/made", shim_root()) > 0);
    shim->spec.cwd = strdup(cwd);
    shim_set_argv(shim, "true", NULL);
    shim_run(shim);
    assert_int_equal(shim->record.exit_code, 0);
    assert_true(snprintf(cwd, sizeof(cwd), "%s/made", shim_root()) > 0);
    assert_int_equal(access(cwd, F_OK), -1);
}

static int64_t elapsed_ms(int64_t since_us)
{
    return (clock_mono_us() - since_us) / CLOCK_US_PER_MS;
}

/* Each stops at a limit, ends at its deadline, and takes nobody along. */
static void bomb(struct shim *shim, enum run_sandbox sandbox, uint32_t timeout_seconds,
                 const char *script)
{
    int64_t from = clock_mono_us();
    shim_set_sandbox(shim, sandbox);
    shim->spec.timeout_seconds = timeout_seconds;
    shim->spec.stop_grace_seconds = 1;
    shim_set_script(shim, script);
    shim_run(shim);
    assert_true(elapsed_ms(from) < (timeout_seconds + 10) * 1000);
    assert_int_equal(shim_count_processes(shim), 0);
    shim_assert_only_record_is_left(shim);
}

static void test_limits__fork_bomb_ends(void **state)
{
    struct shim *shim = *state;
    shim->spec.memory_bytes = 1024 * MIB; /* processes are what is to run out */
    bomb(shim, RUN_SANDBOX_DEFAULT, 1,
         "trap '' TERM; bomb() { trap '' TERM; bomb | bomb & }; (bomb) & while :; do :; done");
    assert_int_equal(shim->record.exit_code, 124);
    assert_int_equal(shim->record.reason, TERMINATION_TIMEOUT);
}

static void test_limits__fork_bomb_of_untrusted_ends(void **state)
{
    struct shim *shim = *state;
    shim->spec.memory_bytes = 1024 * MIB;
    bomb(shim, RUN_SANDBOX_UNTRUSTED, 1,
         "trap '' TERM; bomb() { trap '' TERM; bomb | bomb & }; (bomb) & while :; do :; done");
    assert_int_equal(shim->record.exit_code, 124);
    assert_int_equal(shim->record.reason, TERMINATION_TIMEOUT);
}

static void test_limits__memory_of_all_processes_counts(void **state)
{
    struct shim *shim = *state;
    shim->spec.memory_bytes = 16 * MIB;
    bomb(shim, RUN_SANDBOX_DEFAULT, 20,
         "for i in 1 2 3 4 5 6; do tail /dev/zero & done; wait; echo all ended");
    assert_true(shim->record.oom_killed);
    assert_in_range(shim->record.memory_peak_bytes, 12 * MIB, 17 * MIB);
}

/* What lives in memory counts as memory, wherever it is mounted. */
static void test_limits__memory_of_files_counts(void **state)
{
    struct shim *shim = *state;
    shim->spec.memory_bytes = 16 * MIB;
    shim->spec.shm_size_bytes = 512 * MIB;
    bomb(shim, RUN_SANDBOX_DEFAULT, 20,
         "cat /dev/zero >/dev/shm/x; echo $?; cat /dev/zero >/dev/x");
    assert_true(shim->record.oom_killed);
    assert_in_range(shim->record.memory_peak_bytes, 12 * MIB, 17 * MIB);
}

static void test_limits__shared_memory_ends_at_its_size(void **state)
{
    struct shim *shim = *state;
    shim->spec.shm_size_bytes = 2 * MIB;
    bomb(shim, RUN_SANDBOX_UNTRUSTED, 20,
         "cat /dev/zero >/dev/shm/x 2>/dev/null; stat -c %s /dev/shm/x");
    shim_assert_text(shim, LOG_STREAM_STDOUT, "2097152\n");
}

/* Some 40 MB a second: the ceiling is looked at once a second. */
#define FILL(what) "while :; do dd if=/dev/zero bs=1M count=4 2>/dev/null " what "; sleep 0.1; done"

static void fill_disk(struct shim *shim, enum run_sandbox sandbox, const char *script)
{
    shim_set_sandbox(shim, sandbox);
    shim->spec.disk_bytes = 16 * MIB;
    shim_set_script(shim, script);
    shim_run(shim);
    assert_int_equal(shim->record.reason, TERMINATION_EXITED);
    assert_int_equal(shim->record.exit_code, 137);
    assert_string_equal(shim->record.message, "the disk limit of 16 MiB was reached");
    assert_true(shim_duration_ms(shim) < 15000);
    shim_assert_only_record_is_left(shim);
}

static void test_limits__disk_filler_ends(void **state)
{
    fill_disk(*state, RUN_SANDBOX_DEFAULT, "trap '' TERM; " FILL(">>/big"));
}

static void test_limits__disk_filler_of_untrusted_ends(void **state)
{
    fill_disk(*state, RUN_SANDBOX_UNTRUSTED, "cp /bin/busybox /tmp/copy; " FILL(">>/tmp/big"));
}

static void test_limits__files_without_a_name_count(void **state)
{
    fill_disk(*state, RUN_SANDBOX_DEFAULT, "exec 5>/tmp/x; rm /tmp/x; " FILL(">&5"));
}

static void test_limits__disk_below_the_ceiling_is_free(void **state)
{
    struct shim *shim = *state;
    shim->spec.disk_bytes = 16 * MIB;
    shim_set_script(shim, "for i in 1 2 3; do dd if=/dev/zero of=/big bs=1M count=12 2>/dev/null; "
                          "sleep 0.9; rm /big; done; echo done");
    shim_run(shim);
    shim_assert_text(shim, LOG_STREAM_STDOUT, "done\n");
    assert_int_equal(shim->record.exit_code, 0);
}

static int breakout_group_setup(void **state)
{
    if (shim_group_setup(state) != 0)
        return -1;
    const char *prober = getenv("ERRAND_TEST_PROBER");
    assert_non_null(prober);
    shim_image_put("bin/prober", prober, 0755);
    shim_image_put("bin/prober-setuid", prober, 04755);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SHIM_TEST(test_breakout__default),
        SHIM_TEST(test_breakout__untrusted),
        SHIM_TEST(test_breakout__trusted),
        SHIM_TEST(test_breakout__setuid_bits_do_nothing_to_a_user),
        SHIM_TEST(test_breakout__layers_are_not_written),
        SHIM_TEST(test_breakout__layers_are_not_written_by_untrusted),
        SHIM_TEST(test_breakout__links_in_an_image_stay_inside),
        SHIM_TEST(test_breakout__working_directory_stays_inside),
        SHIM_TEST(test_limits__fork_bomb_ends),
        SHIM_TEST(test_limits__fork_bomb_of_untrusted_ends),
        SHIM_TEST(test_limits__memory_of_all_processes_counts),
        SHIM_TEST(test_limits__memory_of_files_counts),
        SHIM_TEST(test_limits__shared_memory_ends_at_its_size),
        SHIM_TEST(test_limits__disk_filler_ends),
        SHIM_TEST(test_limits__disk_filler_of_untrusted_ends),
        SHIM_TEST(test_limits__files_without_a_name_count),
        SHIM_TEST(test_limits__disk_below_the_ceiling_is_free),
    };
    int failed = cmocka_run_group_tests(tests, breakout_group_setup, NULL);
    return failed + shim_group_count_left();
}
