/* SPDX-License-Identifier: Apache-2.0
 *
 * Which driver an agent takes: what its settings refuse, and a run as a process of the machine.
 */
#include "agent/agent_world.h"

#include <string.h>

static void assert_ends(const char *setting, const char *more, const char *words,
                        const char *status)
{
    char output[2048];
    const char *bin = getenv("ERRAND_BIN_DIR");
    CLEANUP(freep)
    char *script =
        text_of("%s/errand-agent --api_url=http://127.0.0.1:1 --data_dir=/tmp/errand-none "
                "%s %s 2>&1; echo \"status $?\"",
                bin, setting, more);
    char shell[] = "sh";
    char option[] = "-c";
    char *argv[] = {shell, option, script, NULL};
    (void)program_run(argv, output, sizeof(output));
    if (strstr(output, words) == NULL || strstr(output, status) == NULL)
        fail_msg("%s: %s", setting, output);
}

static void assert_refused(const char *setting, const char *more, const char *words)
{
    assert_ends(setting, more, words, "status 2\n");
}

static void test_settings__say_what_is_wrong(void **state)
{
    (void)state;
    assert_refused("--driver=process", "", "allow_process_driver=true");
    assert_refused("--driver=process", "--allow_process_driver=false", "allow_process_driver=true");
    assert_refused("--driver=containerd", "", "driver");
    /* it may be started later: worth another try */
    assert_ends("--driver=docker", "--docker_socket=/nowhere.sock", "docker_socket", "status 1\n");
    assert_refused("--driver=docker", "--docker_socket=relative.sock", "absolute");
}

static void test_process__runs_what_is_on_the_machine(void **state)
{
    struct world *w = *state;
    struct assignment a = run_of(w, "echo $SECRET; id -u; exit 5");
    struct assignment untrusted = run_of(w, "true");
    struct assignment nothing = run_of(w, NULL);
    untrusted.sandbox = "untrusted";
    fake_api_assign(w->api, &a);
    fake_api_assign(w->api, &untrusted);
    fake_api_assign(w->api, &nothing);
    assert_finished(w, a.run_id, "exited", 5);
    assert_log(w, a.run_id, "1:***\n1:0\n");
    assert_finished(w, untrusted.run_id, "start_failed", -1);
    assert_finished(w, nothing.run_id, "invalid_command", -1);
    wait_run_dirs_gone(w);
}

static int process_set_up(void **state)
{
    (void)setenv("ERRAND_DRIVER", "process", 1);
    (void)setenv("ERRAND_ALLOW_PROCESS_DRIVER", "true", 1);
    return world_set_up(state);
}

static int process_tear_down(void **state)
{
    int failed = world_tear_down(state);
    (void)unsetenv("ERRAND_DRIVER");
    (void)unsetenv("ERRAND_ALLOW_PROCESS_DRIVER");
    return failed;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_settings__say_what_is_wrong),
        cmocka_unit_test_setup_teardown(test_process__runs_what_is_on_the_machine, process_set_up,
                                        process_tear_down),
    };
    return cmocka_run_group_tests(tests, world_group_set_up, world_group_tear_down);
}
