/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test.h"

#include "run_spec.h"

#include <signal.h>
#include <string.h>

static void add(struct text_list *list, const char *text)
{
    struct err e;
    ASSERT_OK(text_list_add(list, text, &e), e);
}

static void fill(struct run_spec *spec)
{
    run_spec_init(spec);
    spec->run = id_new();
    spec->attempt = 3;
    add(&spec->argv, "sh");
    add(&spec->argv, "a \"b\"\n");
    add(&spec->env, "KEY=val=ue \xc3\xbc");
    add(&spec->layers, "/layers/1");
    spec->cwd = strdup("/work");
    spec->runtime = strdup("/usr/bin/crun");
    spec->init = strdup("/usr/libexec/errand-init");
    spec->cgroup = strdup("/errand/x");
    spec->stop_signal = SIGINT;
    spec->memory_bytes = UINT64_C(1) << 40;
    spec->read_only = true;
    spec->disk_bytes = UINT64_C(1) << 41;
    spec->network = RUN_NETWORK_NONE;
    spec->sandbox = RUN_SANDBOX_UNTRUSTED;
    spec->bridge = strdup("errand0");
    spec->subnet = strdup("10.213.0.0/16");
}

static void encode(const struct run_spec *spec, struct buf *json)
{
    struct err e;
    buf_init(json, RUN_SPEC_MAX_BYTES);
    ASSERT_OK(run_spec_encode(spec, json, &e), e);
}

static void test_run_spec__comes_back_as_it_went(void **state)
{
    (void)state;
    struct err e;
    CLEANUP(run_spec_done) struct run_spec sent;
    CLEANUP(run_spec_done) struct run_spec got;
    CLEANUP(buf_done) struct buf json;
    fill(&sent);
    encode(&sent, &json);
    run_spec_init(&got);
    ASSERT_OK(run_spec_decode(json.data, json.len, &got, &e), e);

    assert_true(id_equal(got.run, sent.run));
    assert_int_equal(got.attempt, 3);
    assert_int_equal(got.argv.n, 2);
    assert_string_equal(got.argv.items[1], "a \"b\"\n");
    assert_null(got.argv.items[2]);
    assert_string_equal(got.env.items[0], "KEY=val=ue \xc3\xbc");
    assert_string_equal(got.layers.items[0], "/layers/1");
    assert_int_equal(got.driver, DRIVER_OCI);
    assert_null(got.image);
    assert_string_equal(got.cwd, "/work");
    assert_string_equal(got.bridge, "errand0");
    assert_string_equal(got.subnet, "10.213.0.0/16");
    assert_null(got.user);
    assert_null(got.wake_socket);
    assert_string_equal(got.cgroup, "/errand/x");
    assert_int_equal(got.timeout_seconds, 3600);
    assert_int_equal(got.stop_signal, SIGINT);
    assert_int_equal(got.memory_bytes, UINT64_C(1) << 40);
    assert_true(got.read_only);
    assert_int_equal(got.disk_bytes, UINT64_C(1) << 41);
    assert_int_equal(got.network, RUN_NETWORK_NONE);
    assert_int_equal(got.sandbox, RUN_SANDBOX_UNTRUSTED);
}

static void assert_refused(struct run_spec *spec, const char *message)
{
    struct err e;
    CLEANUP(run_spec_done) struct run_spec got;
    CLEANUP(buf_done) struct buf json;
    encode(spec, &json);
    run_spec_init(&got);
    assert_int_equal(run_spec_decode(json.data, json.len, &got, &e), ERR_INVALID);
    assert_string_equal(e.msg, message);
    assert_null(got.runtime);
    assert_int_equal(got.env.n, 0);
}

static void test_run_spec_decode__names_what_is_wrong(void **state)
{
    (void)state;
    CLEANUP(run_spec_done) struct run_spec spec;
    fill(&spec);
    text_list_done(&spec.layers);
    assert_refused(&spec, "run spec: layers must not be empty");
    add(&spec.layers, "/layers/1");

    free(spec.runtime);
    spec.runtime = strdup("crun");
    assert_refused(&spec, "run spec: runtime must be an absolute path");
    free(spec.runtime);
    spec.runtime = NULL;
    assert_refused(&spec, "run spec: runtime is missing");
}

static void test_run_spec_decode__asks_each_driver_for_its_own(void **state)
{
    (void)state;
    struct err e;
    CLEANUP(run_spec_done) struct run_spec spec;
    CLEANUP(run_spec_done) struct run_spec got;
    CLEANUP(buf_done) struct buf json;
    fill(&spec);
    text_list_done(&spec.layers);
    free(spec.runtime);
    spec.runtime = NULL;

    spec.driver = DRIVER_DOCKER;
    assert_refused(&spec, "run spec: image is missing");
    spec.image = strdup("sha256:abc");
    assert_refused(&spec, "run spec: engine_socket is missing");
    spec.engine_socket = strdup("/run/docker.sock");
    encode(&spec, &json);
    run_spec_init(&got);
    ASSERT_OK(run_spec_decode(json.data, json.len, &got, &e), e);
    assert_int_equal(got.driver, DRIVER_DOCKER);
    assert_string_equal(got.image, "sha256:abc");
    assert_string_equal(got.engine_socket, "/run/docker.sock");

    spec.driver = DRIVER_PROCESS;
    free(spec.init);
    spec.init = NULL;
    assert_refused(&spec, "run spec: init is missing");
}

static void test_run_spec_decode__never_repeats_a_value(void **state)
{
    (void)state;
    struct err e;
    CLEANUP(run_spec_done) struct run_spec got;
    static const char broken[] = "{\"env\":[\"KEY=hidden-value\",]}";
    run_spec_init(&got);
    assert_int_equal(run_spec_decode(broken, sizeof(broken) - 1, &got, &e), ERR_INVALID);
    assert_null(strstr(e.msg, "hidden-value"));
}

TEST_MAIN(cmocka_unit_test(test_run_spec__comes_back_as_it_went),
          cmocka_unit_test(test_run_spec_decode__names_what_is_wrong),
          cmocka_unit_test(test_run_spec_decode__asks_each_driver_for_its_own),
          cmocka_unit_test(test_run_spec_decode__never_repeats_a_value))
