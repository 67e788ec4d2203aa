/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test.h"

#include "images/auth_challenge.h"
#include "images/image.h"
#include "images/manifest.h"

#include <string.h>

#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B64 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define CONFIG "\"config\":{\"digest\":\"sha256:" A64 "\",\"size\":10}"
static const struct platform amd64_v3 = {"linux", "amd64", "v3"};
static const struct platform arm64 = {"linux", "arm64", "v8"};

#define LAYER "{\"digest\":\"sha256:" B64 "\",\"size\":20}"

static void test_manifest__gives_config_and_layers_in_order(void **state)
{
    (void)state;
    static const char text[] = "{\"schemaVersion\":2," CONFIG ",\"layers\":[" LAYER
                               ",{\"digest\":\"sha256:" A64 "\",\"size\":0}]}";
    CLEANUP(manifest_done) struct manifest m = {0};
    struct err e;
    bool is_index = true;
    ASSERT_OK(manifest_is_index(text, strlen(text), &is_index, &e), e);
    assert_false(is_index);
    ASSERT_OK(manifest_parse(text, strlen(text), &m, &e), e);
    assert_string_equal(m.config.digest, "sha256:" A64);
    assert_int_equal(m.layers_n, 2);
    assert_string_equal(m.layers[0].digest, "sha256:" B64);
    assert_int_equal(m.layers[0].size_bytes, 20);
}

static void test_manifest__refuses_nonsense(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "[]",
        "{}",
        "{\"schemaVersion\":1,\"fsLayers\":[]}",
        "{\"schemaVersion\":2," CONFIG "}",
        "{\"schemaVersion\":2," CONFIG ",\"layers\":[]}",
        "{\"schemaVersion\":2,\"layers\":[" LAYER "]}",
        "{\"schemaVersion\":2," CONFIG ",\"layers\":[{\"digest\":\"sha256:../x\",\"size\":1}]}",
        "{\"schemaVersion\":2," CONFIG ",\"layers\":[{\"digest\":\"sha256:" A64 "\",\"size\":-1}]}",
        "{\"schemaVersion\":2," CONFIG ",\"layers\":[7]}",
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct manifest m;
        struct err e;
        if (manifest_parse(bad[i], strlen(bad[i]), &m, &e) != ERR_INVALID)
            fail_msg("accepted %s", bad[i]);
    }
}

static void test_index__chooses_the_machine_asked_for(void **state)
{
    (void)state;
    static const char text[] =
        "{\"schemaVersion\":2,\"manifests\":["
        "{\"digest\":\"sha256:" A64
        "\",\"size\":1,\"platform\":{\"os\":\"windows\",\"architecture\":\"amd64\"}},"
        "{\"digest\":\"sha256:" A64 "\",\"size\":2},"
        "{\"digest\":\"sha256:" B64
        "\",\"size\":3,\"platform\":{\"os\":\"linux\",\"architecture\":\"amd64\"}},"
        "{\"digest\":\"sha256:" A64
        "\",\"size\":4,\"platform\":{\"os\":\"linux\",\"architecture\":\"arm64\"}}]}";
    struct blob chosen;
    struct err e;
    bool is_index = false;
    ASSERT_OK(manifest_is_index(text, strlen(text), &is_index, &e), e);
    assert_true(is_index);
    ASSERT_OK(manifest_choose(text, strlen(text), &amd64_v3, &chosen, &e), e);
    assert_int_equal(chosen.size_bytes, 3);
    ASSERT_OK(manifest_choose(text, strlen(text), &arm64, &chosen, &e), e);
    assert_int_equal(chosen.size_bytes, 4);
}

static void test_index__chooses_the_best_variant_the_machine_has(void **state)
{
    (void)state;
    char text[2048] = "{\"schemaVersion\":2,\"manifests\":[";
    static const char *const variants[] = {"", "v2", "v3", "v4", "v1"};
    size_t n = strlen(text);
    for (int i = 0; i < (int)ARRAY_LEN(variants); i++)
        n += (size_t)snprintf(text + n, sizeof(text) - n,
                              "{\"digest\":\"sha256:" B64 "\",\"size\":%d,\"platform\":{\"os\":"
                              "\"linux\",\"architecture\":\"amd64\",\"variant\":\"%s\"}},",
                              i + 1, variants[i]);
    (void)snprintf(text + n, sizeof(text) - n,
                   "{\"digest\":\"sha256:" B64 "\",\"size\":9,\"platform\":"
                   "{\"os\":\"unknown\",\"architecture\":\"unknown\"}}]}");
    const struct platform amd64 = {"linux", "amd64", NULL};
    const struct platform amd64_v4 = {"linux", "amd64", "v4"};
    struct blob chosen;
    struct err e;
    ASSERT_OK(manifest_choose(text, strlen(text), &amd64_v3, &chosen, &e), e);
    assert_int_equal(chosen.size_bytes, 3);
    ASSERT_OK(manifest_choose(text, strlen(text), &amd64, &chosen, &e), e);
    assert_int_equal(chosen.size_bytes, 1);
    ASSERT_OK(manifest_choose(text, strlen(text), &amd64_v4, &chosen, &e), e);
    assert_int_equal(chosen.size_bytes, 4);
    assert_int_equal(manifest_choose(text, strlen(text), &arm64, &chosen, &e), ERR_NOT_FOUND);
    assert_non_null(strstr(e.msg, "no variant for linux/arm64"));
    assert_non_null(strstr(e.msg, "linux/amd64, linux/amd64/v2"));
    assert_null(strstr(e.msg, "unknown"));
}

static void test_platform__of_this_machine_suits_itself(void **state)
{
    (void)state;
    const struct platform *host = platform_host();
    const struct platform plain = {host->os, host->architecture, NULL};
    const struct platform windows = {"windows", host->architecture, NULL};
    const struct platform odd = {host->os, host->architecture, "v1.5"};
    assert_true(platform_rank(host, host) > 0);
    assert_true(platform_rank(&plain, host) > 0);
    assert_true(platform_rank(&windows, host) < 0);
    assert_true(platform_rank(&odd, host) < 0);
}

static void test_config__for_another_machine_is_refused(void **state)
{
    (void)state;
    static const char text[] = "{\"os\":\"linux\",\"architecture\":\"s390x\","
                               "\"rootfs\":{\"diff_ids\":[\"a\"]}}";
    struct image_config config;
    struct err e;
    assert_int_equal(image_config_parse(text, strlen(text), 1, &amd64_v3, &config, &e),
                     ERR_NOT_FOUND);
    assert_string_equal(e.msg, "the image is for linux/s390x and this machine is linux/amd64/v3");
}

static void test_image__is_open_to_whom_it_was_given(void **state)
{
    (void)state;
    CLEANUP(image_freep) struct image *image = image_new("host/x:1", "sha256:" A64);
    CLEANUP(image_freep) struct image *got = NULL;
    CLEANUP(buf_done) struct buf b;
    struct id one = id_new();
    struct id two = id_new();
    struct err e;
    assert_false(image_is_open_to(image, one));
    ASSERT_OK(image_open_to(image, one, true, &e), e);
    assert_true(image_is_open_to(image, one));
    assert_false(image_is_open_to(image, two));

    buf_init(&b, IMAGE_RECORD_MAX_BYTES);
    image_put(&b, image);
    ASSERT_OK(image_parse(b.data, b.len, &got, &e), e);
    assert_true(image_is_open_to(got, one));
    assert_false(image_is_open_to(got, two));
    ASSERT_OK(image_open_to(got, two, false, &e), e);
    assert_true(image_is_open_to(got, id_new()));
}

static void test_config__reads_what_docker_and_oci_write(void **state)
{
    (void)state;
    static const char text[] =
        "{\"config\":{\"Entrypoint\":[\"/init\",\"--x\"],\"Cmd\":null,\"Env\":[\"A=1\"],"
        "\"WorkingDir\":\"\",\"User\":\"1000:1000\"},\"rootfs\":{\"diff_ids\":[\"a\",\"b\"]}}";
    CLEANUP(image_config_done) struct image_config config = {0};
    struct err e;
    ASSERT_OK(image_config_parse(text, strlen(text), 2, &amd64_v3, &config, &e), e);
    assert_int_equal(config.entrypoint.n, 2);
    assert_string_equal(config.entrypoint.items[1], "--x");
    assert_int_equal(config.cmd.n, 0);
    assert_string_equal(config.env.items[0], "A=1");
    assert_null(config.cwd);
    assert_string_equal(config.user, "1000:1000");

    struct image_config other;
    assert_int_equal(image_config_parse(text, strlen(text), 3, &amd64_v3, &other, &e), ERR_INVALID);
}

static void test_image__record_comes_back(void **state)
{
    (void)state;
    CLEANUP(image_freep) struct image *image = image_new("host/x:1", "sha256:" A64);
    CLEANUP(image_freep) struct image *got = NULL;
    CLEANUP(buf_done) struct buf b;
    struct err e;
    ASSERT_OK(text_list_add(&image->layers, "sha256:" B64, &e), e);
    ASSERT_OK(text_list_add(&image->config.cmd, "sh", &e), e);
    image->size_bytes = 77;
    image->config.cwd = strdup("/root");

    buf_init(&b, IMAGE_RECORD_MAX_BYTES);
    image_put(&b, image);
    ASSERT_OK(image_parse(b.data, b.len, &got, &e), e);
    assert_string_equal(got->reference, "host/x:1");
    assert_string_equal(got->digest, "sha256:" A64);
    assert_int_equal(got->size_bytes, 77);
    assert_string_equal(got->layers.items[0], "sha256:" B64);
    assert_string_equal(got->config.cmd.items[0], "sh");
    assert_string_equal(got->config.cwd, "/root");
    assert_null(got->config.user);
}

static void test_challenge__gives_realm_service_and_scope(void **state)
{
    (void)state;
    struct auth_challenge c;
    struct err e;
    ASSERT_OK(auth_challenge_parse(" Bearer realm=\"https://auth.x/token\",service=\"reg.x\","
                                   "scope=\"repository:a/b:pull,push\"",
                                   &c, &e),
              e);
    assert_int_equal(c.scheme, AUTH_SCHEME_BEARER);
    assert_string_equal(c.realm, "https://auth.x/token");
    assert_string_equal(c.service, "reg.x");
    assert_string_equal(c.scope, "repository:a/b:pull,push");

    ASSERT_OK(auth_challenge_parse("Basic realm=\"x\"", &c, &e), e);
    assert_int_equal(c.scheme, AUTH_SCHEME_BASIC);
}

static void test_challenge__refuses_malformed_headers(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "Digest realm=\"x\"", "Bearer service=\"x\"",
                                      "Bearer realm", "Bearer realm=\"open"};
    char endless[2048];
    struct auth_challenge c;
    struct err e;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (auth_challenge_parse(bad[i], &c, &e) != ERR_INVALID)
            fail_msg("accepted '%s'", bad[i]);

    memset(endless, 'x', sizeof(endless));
    memcpy(endless, "Bearer realm=\"", 14);
    endless[sizeof(endless) - 2] = '"';
    endless[sizeof(endless) - 1] = '\0';
    assert_int_equal(auth_challenge_parse(endless, &c, &e), ERR_INVALID);
}

TEST_MAIN(cmocka_unit_test(test_manifest__gives_config_and_layers_in_order),
          cmocka_unit_test(test_manifest__refuses_nonsense),
          cmocka_unit_test(test_index__chooses_the_machine_asked_for),
          cmocka_unit_test(test_index__chooses_the_best_variant_the_machine_has),
          cmocka_unit_test(test_platform__of_this_machine_suits_itself),
          cmocka_unit_test(test_config__for_another_machine_is_refused),
          cmocka_unit_test(test_image__is_open_to_whom_it_was_given),
          cmocka_unit_test(test_config__reads_what_docker_and_oci_write),
          cmocka_unit_test(test_image__record_comes_back),
          cmocka_unit_test(test_challenge__gives_realm_service_and_scope),
          cmocka_unit_test(test_challenge__refuses_malformed_headers))
