/* SPDX-License-Identifier: Apache-2.0
 *
 * The real errand-agent with driver docker: an engine pulls from a real registry and runs. The
 * engine's socket is in ERRAND_DOCKER_SOCKET (support/with_engine.sh).
 */
#include "agent/agent_world.h"

#include "base/file.h"

#include <signal.h>
#include <string.h>

#define PATIENCE_TRIES 300

/* Of the engine's answer, by curl; the caller's buffer. */
static void ask_engine(const char *method, const char *path, const char *body, char *answer,
                       size_t n)
{
    CLEANUP(freep) char *url = text_of("http://engine%s", path);
    const char *socket = getenv("ERRAND_DOCKER_SOCKET");
    assert_non_null(socket);
    CLEANUP(freep)
    char *script = text_of("curl -sS --unix-socket %s -X %s -H 'Content-Type: application/json' "
                           "-d '%s' '%s'",
                           socket, method, body, url);
    char shell[] = "sh";
    char option[] = "-c";
    char *argv[] = {shell, option, script, NULL};
    assert_int_equal(program_run(argv, answer, n), 0);
}

static bool engine_is_empty(void)
{
    char list[64];
    ask_engine("GET", "/containers/json?all=1", "", list, sizeof(list));
    return strncmp(list, "[]", 2) == 0;
}

static void wait_engine_empty(void)
{
    for (int i = 0; i < PATIENCE_TRIES && !engine_is_empty(); i++)
        sleep_ms(20);
    assert_true(engine_is_empty());
}

static void test_engine__output_end_and_nothing_left(void **state)
{
    struct world *w = *state;
    struct assignment a =
        run_of(w, "echo \"$SECRET $IMAGE $PATH\"; pwd; echo oops >&2; sleep 0.2; exit 7");
    struct fake_event started;
    fake_api_assign(w->api, &a);
    fake_api_wait_event(w->api, AGENT_EVENT_STARTED, a.run_id, &started);
    assert_string_equal(started.image_digest, world_image_digest);
    assert_finished(w, a.run_id, "exited", 7);
    CLEANUP(freep) char *log = fake_api_log(w->api, a.run_id);
    assert_non_null(strstr(log, "1:*** run /bin\n"));
    assert_non_null(strstr(log, "1:/root\n"));
    assert_non_null(strstr(log, "2:oops\n"));
    wait_run_dirs_gone(w);
    assert_true(engine_is_empty());
}

static void test_engine__entrypoint_and_arguments(void **state)
{
    static const char *const argv[] = {"[%s]\n", "a b", "\"q\" 'r' $X \\", "", "two\nlines"};
    struct world *w = *state;
    struct assignment a = run_of(w, NULL);
    struct assignment defaults = run_of(w, NULL);
    struct assignment by_entrypoint = run_of(w, "printf shell");
    a.entrypoint = "printf";
    a.argv = argv;
    a.argc = ARRAY_LEN(argv);
    by_entrypoint.entrypoint = "echo";
    fake_api_assign(w->api, &a);
    fake_api_assign(w->api, &defaults);
    fake_api_assign(w->api, &by_entrypoint);
    assert_finished(w, a.run_id, "exited", 0);
    assert_log(w, a.run_id, "1:[a b]\n1:[\"q\" 'r' $X \\]\n1:[]\n1:[two\n1:lines]\n");
    assert_finished(w, defaults.run_id, "exited",
                    0); /* the image's CMD: sh, with nothing to read */
    assert_finished(w, by_entrypoint.run_id, "exited", 0);
    assert_log(w, by_entrypoint.run_id, "1:printf shell\n");
    wait_run_dirs_gone(w);
}

static void test_engine__failures_have_their_reasons(void **state)
{
    static const char *const argv[] = {"/no/such/program"};
    struct world *w = *state;
    CLEANUP(freep) char *other = text_of("127.0.0.1:%d/absent:1", world_registry.port);
    CLEANUP(freep) char *nowhere = text_of("127.0.0.1:%d/tool:1", port_free());
    struct assignment missing = run_of(w, "true");
    struct assignment never = run_of(w, "true");
    struct assignment gone = run_of(w, "true");
    struct assignment unknown = run_of(w, NULL);
    struct assignment untrusted = run_of(w, "true");
    missing.image = other;
    never.image = other;
    never.pull_policy = "never";
    gone.image = nowhere;
    unknown.argv = argv;
    unknown.argc = 1;
    untrusted.sandbox = "untrusted";
    fake_api_assign(w->api, &missing);
    fake_api_assign(w->api, &never);
    fake_api_assign(w->api, &gone);
    fake_api_assign(w->api, &unknown);
    fake_api_assign(w->api, &untrusted);
    assert_finished(w, missing.run_id, "image_not_found", -1);
    assert_finished(w, never.run_id, "image_not_found", -1);
    assert_finished(w, gone.run_id, "image_pull_failed", -1);
    assert_finished(w, unknown.run_id, "invalid_command", 127);
    assert_finished(w, untrusted.run_id, "start_failed", -1);
    wait_run_dirs_gone(w);
    assert_true(engine_is_empty());
}

static void test_engine__doctor_finds_it(void **state)
{
    struct world *w = *state;
    char output[4096];
    CLEANUP(freep)
    char *script = text_of("%s/errand-agent doctor --api_url=%s --data_dir=%s/data; true",
                           getenv("ERRAND_BIN_DIR"), fake_api_url(w->api), w->dir);
    char shell[] = "sh";
    char option[] = "-c";
    char *argv[] = {shell, option, script, NULL};
    assert_int_equal(program_run(argv, output, sizeof(output)), 0);
    const char *line = strstr(output, "engine");
    assert_non_null(line);
    assert_non_null(strstr(line, "Docker"));
    assert_null(strstr(output, "runtime"));
}

static void test_engine__network_bridge_is_the_engines(void **state)
{
    struct world *w = *state;
    struct assignment a = run_of(w, "tail -n +3 /proc/net/dev | cut -d : -f 1 | tr -d ' ' | sort");
    a.network = "bridge";
    fake_api_assign(w->api, &a);
    assert_finished(w, a.run_id, "exited", 0);
    assert_log(w, a.run_id, "1:eth0\n1:lo\n");
    wait_run_dirs_gone(w);
}

/* What the engine has serves without the registry; a digest finds it too. */
static void test_engine__image_that_is_there_needs_no_registry(void **state)
{
    struct world *w = *state;
    struct assignment first = run_of(w, "true");
    struct assignment again = run_of(w, "echo again");
    struct assignment pinned = run_of(w, "echo pinned");
    struct assignment always = run_of(w, "true");
    fake_api_assign(w->api, &first);
    assert_finished(w, first.run_id, "exited", 0);
    registry_fixture_down(&world_registry);
    again.pull_policy = "never";
    pinned.image_digest = world_image_digest;
    always.pull_policy = "always";
    fake_api_assign(w->api, &again);
    fake_api_assign(w->api, &pinned);
    fake_api_assign(w->api, &always);
    assert_finished(w, again.run_id, "exited", 0);
    assert_finished(w, pinned.run_id, "exited", 0);
    assert_finished(w, always.run_id, "image_pull_failed", -1);
    registry_fixture_up(&world_registry);
    wait_run_dirs_gone(w);
}

/* What came with a project's login is not another's, though the engine would give it to anybody. */
static void test_engine__image_of_a_login_is_its_projects(void **state)
{
    struct world *w = *state;
    char digest[72];
    registry_fixture_push(&world_registry, "private:1", digest);
    CLEANUP(freep) char *image = text_of("127.0.0.1:%d/private:1", world_registry.port);
    CLEANUP(freep)
    char *login = text_of("{\"host\":\"127.0.0.1:%d\",\"username\":\"u\",\"password\":\"s3cr3t\"}",
                          world_registry.port);
    CLEANUP(freep) char *sealed = fake_api_seal(w->api, login);
    struct assignment first = run_of(w, "true");
    struct assignment again = run_of(w, "true");
    struct assignment other = run_of(w, "true");
    first.image = image;
    first.registry_sealed = sealed;
    again.image = image;
    again.project_id = first.project_id;
    again.pull_policy = "never";
    other.image = image;
    other.pull_policy = "never";
    fake_api_assign(w->api, &first);
    assert_finished(w, first.run_id, "exited", 0);
    fake_api_assign(w->api, &again);
    fake_api_assign(w->api, &other);
    assert_finished(w, again.run_id, "exited", 0);
    assert_finished(w, other.run_id, "image_not_found", -1);
    wait_run_dirs_gone(w);
}

static void test_engine__killed_agent_finds_its_runs_again(void **state)
{
    struct world *w = *state;
    struct assignment a = run_of(w, "seq 1 20000; sleep 1; seq 20001 40000; exit 3");
    fake_api_list(w->api, a.run_id, 1);
    fake_api_assign(w->api, &a);
    fake_api_wait_lines(w->api, a.run_id, 1);
    assert_int_equal(agent_stop(w, SIGKILL), 128 + SIGKILL);
    agent_start(w);
    struct fake_event end;
    fake_api_wait_event(w->api, AGENT_EVENT_FINISHED, a.run_id, &end);
    assert_int_equal(end.event.finished.exit_code, 3);
    fake_api_wait_lines(w->api, a.run_id, 40000);
    assert_log_counts(w, a.run_id, 40000);
    wait_run_dirs_gone(w);
}

static void test_engine__killed_shim_leaves_no_container(void **state)
{
    struct world *w = *state;
    struct assignment a = run_of(w, "trap '' TERM; echo up; sleep 60");
    fake_api_assign(w->api, &a);
    fake_api_wait_lines(w->api, a.run_id, 1);
    assert_false(engine_is_empty());
    assert_int_equal(kill(shim_pid(w, a.run_id), SIGKILL), 0);
    assert_finished(w, a.run_id, "internal", -1);
    wait_run_dirs_gone(w);
    wait_engine_empty();
}

static void make_container(const char *run_dir, struct id run, char *answer, size_t n)
{
    CLEANUP(freep) char *path = text_of("/containers/create?name=errand-%s-1", ID_TEXT(run));
    CLEANUP(freep)
    char *body = text_of("{\"Image\":\"%s\",\"Cmd\":[\"sleep\",\"60\"],\"Labels\":{\"errand.run\":"
                         "\"%s\",\"errand.attempt\":\"1\",\"errand.run_dir\":\"%s\"}}",
                         world_image, ID_TEXT(run), run_dir);
    ask_engine("POST", path, body, answer, n);
    if (strstr(answer, "\"Id\"") == NULL)
        fail_msg("%s", answer);
}

/* As it is when an engine has made a container for a shim that was killed. */
static void test_engine__container_nobody_answers_for_is_swept(void **state)
{
    struct world *w = *state;
    struct assignment a = run_of(w, "true");
    struct id ours = id_new();
    struct id others = id_new();
    char answer[1024];
    CLEANUP(freep) char *ours_dir = text_of("%s/data/runs/%s/1", w->dir, ID_TEXT(ours));
    CLEANUP(freep) char *ours_path = text_of("/containers/errand-%s-1/json", ID_TEXT(ours));
    CLEANUP(freep) char *others_path = text_of("/containers/errand-%s-1", ID_TEXT(others));
    fake_api_assign(w->api, &a);
    assert_finished(w, a.run_id, "exited", 0);
    wait_run_dirs_gone(w);
    make_container(ours_dir, ours, answer, sizeof(answer));
    make_container("/elsewhere/runs/x/1", others, answer, sizeof(answer));
    assert_int_equal(agent_stop(w, SIGTERM), 0);
    agent_start(w);
    wait_agent_log(w, "run.swept");
    ask_engine("GET", ours_path, "", answer, sizeof(answer));
    assert_non_null(strstr(answer, "No such container"));
    ask_engine("GET", others_path, "", answer, sizeof(answer));
    ask_engine("DELETE", others_path, "", answer, sizeof(answer));
    assert_null(strstr(answer, "No such container"));
    wait_engine_empty();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_engine__output_end_and_nothing_left),
        WORLD_TEST(test_engine__entrypoint_and_arguments),
        WORLD_TEST(test_engine__failures_have_their_reasons),
        WORLD_TEST(test_engine__doctor_finds_it),
        WORLD_TEST(test_engine__network_bridge_is_the_engines),
        WORLD_TEST(test_engine__image_that_is_there_needs_no_registry),
        WORLD_TEST(test_engine__image_of_a_login_is_its_projects),
        WORLD_TEST(test_engine__killed_agent_finds_its_runs_again),
        WORLD_TEST(test_engine__killed_shim_leaves_no_container),
        WORLD_TEST(test_engine__container_nobody_answers_for_is_swept),
    };
    return cmocka_run_group_tests(tests, world_group_set_up, world_group_tear_down);
}
