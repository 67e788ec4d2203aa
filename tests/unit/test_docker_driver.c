/* SPDX-License-Identifier: Apache-2.0
 *
 * The parts of the docker driver and of an engine's images that need no engine.
 */
#include "support/test.h"

#include "base/parse.h"
#include "drivers/docker_failure.h"
#include "drivers/docker_request.h"
#include "engine/pull_progress.h"
#include "images/image_engine.h"

#include <jansson.h>

#include <string.h>

static void fill(struct run_spec *spec)
{
    struct err e;
    run_spec_init(spec);
    spec->run = id_new();
    spec->attempt = 2;
    ASSERT_OK(text_list_add(&spec->argv, "sh", &e), e);
    ASSERT_OK(text_list_add(&spec->argv, "", &e), e);
    ASSERT_OK(text_list_add(&spec->argv, "two\nlines \"q\"", &e), e);
    spec->driver = DRIVER_DOCKER;
    spec->image = strdup("sha256:abc");
    spec->network = RUN_NETWORK_NONE;
}

static json_t *request_of(const struct run_spec *spec)
{
    CLEANUP(buf_done) struct buf body;
    buf_init(&body, 65536);
    docker_request_put(&body, spec, "/data/runs/x/2");
    assert_true(buf_ok(&body));
    json_t *doc = json_loadb(body.data, body.len, 0, NULL);
    assert_non_null(doc);
    return doc;
}

static void test_docker_request__asks_for_every_limit(void **state)
{
    (void)state;
    CLEANUP(run_spec_done) struct run_spec spec;
    fill(&spec);
    spec.memory_bytes = 64 << 20;
    spec.cpu_milli = 1500;
    spec.pids_limit = 8;
    spec.shm_size_bytes = 4096;
    spec.read_only = true;
    spec.cgroup = strdup("/errand/a/b");
    json_t *doc = request_of(&spec);
    const json_t *host = json_object_get(doc, "HostConfig");
    assert_int_equal(json_integer_value(json_object_get(host, "Memory")), 64 << 20);
    assert_int_equal(json_integer_value(json_object_get(host, "MemorySwap")), 64 << 20);
    assert_int_equal(json_integer_value(json_object_get(host, "NanoCpus")), 1500000000);
    assert_int_equal(json_integer_value(json_object_get(host, "PidsLimit")), 9);
    assert_int_equal(json_integer_value(json_object_get(host, "ShmSize")), 4096);
    assert_true(json_is_true(json_object_get(host, "ReadonlyRootfs")));
    assert_true(json_is_true(json_object_get(host, "Init")));
    assert_true(json_is_false(json_object_get(host, "Privileged")));
    assert_string_equal(json_string_value(json_object_get(host, "NetworkMode")), "none");
    assert_string_equal(json_string_value(json_object_get(host, "CgroupParent")), "/errand/a/b");
    assert_string_equal(json_string_value(json_array_get(json_object_get(host, "SecurityOpt"), 0)),
                        "no-new-privileges");
    assert_int_equal(json_array_size(json_object_get(host, "CapAdd")), 0);
    const json_t *argv = json_object_get(doc, "Entrypoint");
    assert_int_equal(json_array_size(argv), 3);
    assert_string_equal(json_string_value(json_array_get(argv, 2)), "two\nlines \"q\"");
    assert_int_equal(json_array_size(json_object_get(doc, "Cmd")), 0);
    assert_string_equal(json_string_value(json_object_get(doc, "User")), "0");
    const json_t *labels = json_object_get(doc, "Labels");
    assert_string_equal(json_string_value(json_object_get(labels, "errand.attempt")), "2");
    assert_string_equal(json_string_value(json_object_get(labels, "errand.run_dir")),
                        "/data/runs/x/2");
    json_decref(doc);
}

static void test_docker_request__trusted_has_what_it_has_elsewhere(void **state)
{
    (void)state;
    CLEANUP(run_spec_done) struct run_spec spec;
    fill(&spec);
    spec.sandbox = RUN_SANDBOX_TRUSTED;
    json_t *doc = request_of(&spec);
    const json_t *host = json_object_get(doc, "HostConfig");
    assert_int_equal(json_array_size(json_object_get(host, "SecurityOpt")), 0);
    assert_int_equal(json_array_size(json_object_get(host, "CapAdd")), 3);
    assert_true(json_is_false(json_object_get(host, "Privileged")));
    json_decref(doc);
}

static void assert_init_says(const char *words, int exit_code, const char *expected)
{
    char text[64];
    int32_t code = -1;
    bool is_failure = docker_failure_of_init(words, strlen(words), text, sizeof(text), &code);
    assert_int_equal(is_failure, expected != NULL);
    if (expected == NULL)
        return;
    assert_int_equal(code, exit_code);
    assert_string_equal(text, expected);
}

static void test_docker_failure__what_inits_say(void **state)
{
    (void)state;
    assert_init_says("[FATAL tini (7)] exec nope failed: No such file or directory\n", 127,
                     "No such file or directory");
    assert_init_says("[FATAL tini (7)] exec /x failed: Permission denied\n", 126,
                     "Permission denied");
    assert_init_says("ERROR (catatonit:6): failed to exec pid1: No such file or directory\n", 127,
                     "No such file or directory");
    assert_init_says("", 0, NULL);
    assert_init_says("\n", 0, NULL);
    assert_init_says("sh: nope: not found\n", 0, NULL);
    assert_init_says("[FATAL tini (7)] exec nope failed: No such file or directory", 0, NULL);
    assert_init_says("[FATAL tini (7)] exec a failed: b\nmore\n", 0, NULL);
    assert_init_says("[FATAL tini (7)] \n", 0, NULL);
    assert_init_says("[FATAL tini (7)] exec nope failed: \xff\xfe\n", 0, NULL);
}

static void test_docker_failure__what_engines_say(void **state)
{
    (void)state;
    int32_t code = -1;
    assert_true(docker_failure_of_start(
        "OCI runtime create failed: exec: \"nope\": executable file not found in $PATH", &code));
    assert_int_equal(code, 127);
    assert_true(docker_failure_of_start("unable to find user x: no matching entries in passwd file",
                                        &code));
    assert_int_equal(code, 126);
    assert_false(docker_failure_of_start("driver failed programming external connectivity", &code));
}

static void test_pull_progress__sums_layers_and_hears_failures(void **state)
{
    (void)state;
    static const char lines[] =
        "{\"status\":\"Pulling from tool\",\"id\":\"1\"}\r\n"
        "{\"status\":\"Downloading\",\"progressDetail\":{\"current\":10,\"total\":100},\"id\":"
        "\"a\"}\r\n"
        "{\"status\":\"Downloading\",\"progressDetail\":{\"current\":5,\"total\":50},\"id\":\"b\"}"
        "\r\n"
        "no JSON\n"
        "{\"status\":\"Downloading\",\"progressDetail\":{\"current\":-5,\"total\":50},\"id\":\"b\"}"
        "\r\n"
        "{\"status\":\"Download complete\",\"progressDetail\":{},\"id\":\"a\"}\r\n";
    static const char failure[] =
        "{\"errorDetail\":{\"message\":\"x\"},\"error\":\"manifest unknown\"}\n";
    struct err e;
    int64_t done;
    int64_t total;
    struct pull_progress progress;
    pull_progress_init(&progress);
    for (size_t i = 0; i < sizeof(lines) - 1; i++)
        ASSERT_OK(pull_progress_take(&progress, lines + i, 1, &e), e);
    pull_progress_sum(&progress, &done, &total);
    assert_int_equal(done, 105);
    assert_int_equal(total, 150);
    assert_int_equal(progress.failure.code, ERR_OK);
    ASSERT_OK(pull_progress_take(&progress, failure, sizeof(failure) - 1, &e), e);
    assert_int_equal(progress.failure.code, ERR_NOT_FOUND);
    assert_string_equal(progress.failure.msg, "manifest unknown");
    pull_progress_done(&progress);
}

static void test_pull_progress__codes(void **state)
{
    (void)state;
    assert_int_equal(pull_progress_code_of("manifest for x:1 not found: manifest unknown"),
                     ERR_NOT_FOUND);
    assert_int_equal(
        pull_progress_code_of("Get \"https://r/v2/\": unauthorized: authentication required"),
        ERR_UNAUTHENTICATED);
    assert_int_equal(pull_progress_code_of("dial tcp 127.0.0.1:1: connection refused"),
                     ERR_INTERNAL);
}

static void test_image_engine_parse__digest_id_and_configuration(void **state)
{
    (void)state;
#define DIGEST(c) "sha256:" c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c
    static const char answer[] =
        "{\"Id\":\"" DIGEST("11") "\",\"RepoDigests\":[\"r:5000/other@" DIGEST(
            "22") "\",\"r:5000/a/"
                  "tool@" DIGEST(
                      "33") "\"],\"Size\":7,\"Config\":{\"Env\":[\"A=b\"],\"Cmd\":[\"sh\"],"
                            "\"Entrypoint\":null,\"WorkingDir\":\"/w\",\"User\":\"\"}}";
    static const char local[] =
        "{\"Id\":\"" DIGEST("11") "\",\"RepoDigests\":[],\"Size\":7,\"Config\":{}}";
    struct err e;
    struct image_reference ref = {0};
    CLEANUP(image_freep) struct image *image = NULL;
    CLEANUP(image_freep) struct image *plain = NULL;
    ASSERT_OK(image_reference_parse("r:5000/a/tool:1", NULL, &ref, &e), e);
    ASSERT_OK(image_engine_parse(answer, sizeof(answer) - 1, &ref, &image, &e), e);
    assert_string_equal(image->engine_id, DIGEST("11"));
    assert_string_equal(image->digest, DIGEST("33"));
    assert_string_equal(image->config.cwd, "/w");
    assert_null(image->config.user);
    assert_string_equal(image->config.cmd.items[0], "sh");
    ASSERT_OK(image_engine_parse(local, sizeof(local) - 1, &ref, &plain, &e), e);
    assert_string_equal(plain->digest, DIGEST("11"));
    struct image *none = NULL;
    assert_int_not_equal(image_engine_parse("{\"Id\":\"x\"}", 10, &ref, &none, &e), 0);
    assert_null(none);
    image_reference_done(&ref);
}

static void test_image_engine_put_login__is_url_safe(void **state)
{
    (void)state;
    struct err e;
    struct image_reference ref = {0};
    char user[] = "me";
    char password[] = "\xc3\xbf\xc3\xbe>>>???";
    const struct registry_login login = {.username = user, .password = password};
    CLEANUP(buf_done) struct buf b;
    CLEANUP(freep) unsigned char *json = NULL;
    size_t n = 0;
    buf_init(&b, 4096);
    ASSERT_OK(image_reference_parse("r:5000/tool:1", NULL, &ref, &e), e);
    image_engine_put_login(&b, &ref, &login);
    assert_null(strpbrk(buf_text(&b), "+/"));
    for (size_t i = 0; i < b.len; i++)
        b.data[i] = b.data[i] == '-' ? '+' : (char)(b.data[i] == '_' ? '/' : b.data[i]);
    ASSERT_OK(parse_base64(b.data, b.len, "login", &json, &n, &e), e);
    json_t *doc = json_loadb((const char *)json, n, 0, NULL);
    assert_string_equal(json_string_value(json_object_get(doc, "password")), password);
    assert_string_equal(json_string_value(json_object_get(doc, "serveraddress")), "r:5000");
    json_decref(doc);
    image_reference_done(&ref);
}

TEST_MAIN(cmocka_unit_test(test_docker_request__asks_for_every_limit),
          cmocka_unit_test(test_docker_request__trusted_has_what_it_has_elsewhere),
          cmocka_unit_test(test_docker_failure__what_inits_say),
          cmocka_unit_test(test_docker_failure__what_engines_say),
          cmocka_unit_test(test_pull_progress__sums_layers_and_hears_failures),
          cmocka_unit_test(test_pull_progress__codes),
          cmocka_unit_test(test_image_engine_parse__digest_id_and_configuration),
          cmocka_unit_test(test_image_engine_put_login__is_url_safe))
