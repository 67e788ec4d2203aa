/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test.h"

#include "drivers/cgroup.h"
#include "drivers/oci_config.h"
#include "drivers/seccomp_profile.h"

#include <jansson.h>

#include <string.h>

static json_t *config_of(const struct run_spec *spec, const struct buf *program)
{
    CLEANUP(buf_done) struct buf text;
    buf_init(&text, 1 << 20);
    oci_config_put(
        &text, &(struct oci_config){.spec = spec, .hostname = "box", .seccomp_program = program});
    json_t *config = json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(config);
    return config;
}

static void fill(struct run_spec *spec)
{
    struct err e;
    run_spec_init(spec);
    spec->init = strdup("/opt/errand-init");
    spec->cgroup = strdup("/errand/x");
    ASSERT_OK(text_list_add(&spec->env, "KEY=hidden", &e), e);
    ASSERT_OK(text_list_add(&spec->argv, "hidden", &e), e);
}

static void test_oci_config_put__command_and_environment_are_not_in_it(void **state)
{
    (void)state;
    CLEANUP(run_spec_done) struct run_spec spec;
    fill(&spec);
    CLEANUP(buf_done) struct buf text;
    buf_init(&text, 1 << 20);
    oci_config_put(&text, &(struct oci_config){.spec = &spec, .hostname = "box"});
    assert_true(buf_ok(&text));
    assert_null(strstr(buf_text(&text), "hidden"));
}

static void test_oci_config_put__a_compiled_profile_takes_the_place_of_the_text(void **state)
{
    (void)state;
    CLEANUP(run_spec_done) struct run_spec spec;
    CLEANUP(buf_done) struct buf program;
    fill(&spec);
    buf_init(&program, 100);
    buf_add_text(&program, "bpf");
    json_t *config = config_of(&spec, &program);
    assert_null(json_object_get(json_object_get(config, "linux"), "seccomp"));
    const json_t *notes = json_object_get(config, "annotations");
    assert_string_equal(json_string_value(json_object_get(notes, "run.oci.seccomp_bpf_data")),
                        "YnBm");
    json_decref(config);
}

static enum seccomp_action action_of(enum run_sandbox sandbox, const char *call)
{
    size_t n;
    const struct seccomp_rule *rules = seccomp_profile_rules(sandbox, &n);
    for (size_t i = 0; i < n; i++) {
        size_t length = strlen(call);
        for (const char *at = rules[i].names; (at = strstr(at, call)) != NULL; at += length) {
            if ((at == rules[i].names || at[-1] == ' ') && (at[length] == ' ' || at[length] == 0))
                return rules[i].action;
        }
    }
    return SECCOMP_DEFAULT_ACTION;
}

static void test_seccomp_profile__refuses_what_administers(void **state)
{
    (void)state;
    static const char *const refused[] = {"mount",
                                          "umount2",
                                          "unshare",
                                          "setns",
                                          "bpf",
                                          "keyctl",
                                          "add_key",
                                          "reboot",
                                          "swapon",
                                          "kexec_load",
                                          "syslog",
                                          "iopl",
                                          "ioperm",
                                          "mbind",
                                          "init_module",
                                          "perf_event_open",
                                          "open_by_handle_at",
                                          "userfaultfd"};
    for (size_t i = 0; i < ARRAY_LEN(refused); i++)
        assert_int_equal(action_of(RUN_SANDBOX_DEFAULT, refused[i]), SECCOMP_EPERM);
    for (int i = 0; i < RUN_SANDBOX_COUNT; i++) {
        enum run_sandbox sandbox = (enum run_sandbox)i;
        assert_int_equal(action_of(sandbox, "bpf"), SECCOMP_EPERM);
        assert_int_equal(action_of(sandbox, "keyctl"), SECCOMP_EPERM);
        assert_int_equal(action_of(sandbox, "clone3"), SECCOMP_ENOSYS);
        assert_int_equal(action_of(sandbox, "io_uring_setup"), SECCOMP_ENOSYS);
        assert_int_equal(action_of(sandbox, "openat"), SECCOMP_ALLOW);
    }
}

static void test_seccomp_profile__sandboxes_differ(void **state)
{
    (void)state;
    assert_int_equal(action_of(RUN_SANDBOX_DEFAULT, "ptrace"), SECCOMP_ALLOW);
    assert_int_equal(action_of(RUN_SANDBOX_UNTRUSTED, "ptrace"), SECCOMP_EPERM);
    assert_int_equal(action_of(RUN_SANDBOX_UNTRUSTED, "mknod"), SECCOMP_EPERM);
    assert_int_equal(action_of(RUN_SANDBOX_TRUSTED, "ptrace"), SECCOMP_ALLOW);
    assert_int_equal(action_of(RUN_SANDBOX_TRUSTED, "unshare"), SECCOMP_ALLOW);
    assert_int_equal(action_of(RUN_SANDBOX_UNTRUSTED, "unshare"), SECCOMP_EPERM);
}

static void test_cgroup_path_is_safe__only_below_a_named_group(void **state)
{
    (void)state;
    assert_true(cgroup_path_is_safe("/errand/run-1"));
    assert_true(cgroup_path_is_safe("/a/b/c"));
    static const char *const bad[] = {"",         "/",       "/errand", "/errand/", "//x",
                                      "errand/x", "/a/../b", "/a/..",   "/a/./b",   "/a//b"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_false(cgroup_path_is_safe(bad[i]));
}

TEST_MAIN(cmocka_unit_test(test_oci_config_put__command_and_environment_are_not_in_it),
          cmocka_unit_test(test_oci_config_put__a_compiled_profile_takes_the_place_of_the_text),
          cmocka_unit_test(test_seccomp_profile__refuses_what_administers),
          cmocka_unit_test(test_seccomp_profile__sandboxes_differ),
          cmocka_unit_test(test_cgroup_path_is_safe__only_below_a_named_group))
