/* SPDX-License-Identifier: Apache-2.0
 *
 * The command line's parts that have no I/O but files: near names, DIR/env, durations, KEY=VALUE.
 */
#include "support/test.h"

#include "command.h"
#include "env_file.h"
#include "env_pair.h"
#include "near_name.h"
#include "when.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *nearest(const char *typed, const char *const *names)
{
    struct near_name near = near_name_of(typed);

    for (; *names != NULL; names++)
        near_name_offer(&near, *names);
    return near.best;
}

static void test_near_name__the_nearest_or_none(void **state)
{
    static const char *const names[] = {"backup", "nightly-report", "import", NULL};

    (void)state;
    assert_string_equal(nearest("bakcup", names), "backup");
    assert_string_equal(nearest("backup", names), "backup");
    assert_string_equal(nearest("nightly-reprot", names), "nightly-report");
    assert_string_equal(nearest("imprt", names), "import");
    assert_null(nearest("zebra", names));
    assert_null(nearest("", names));
    assert_null(nearest("xx", names));
}

static void expect_file(const char *path, const char *wanted)
{
    char text[256] = "";
    FILE *in = fopen(path, "r");
    size_t n;

    assert_non_null(in);
    n = fread(text, 1, sizeof(text) - 1, in);
    text[n] = '\0';
    assert_int_equal(fclose(in), 0);
    assert_string_equal(text, wanted);
}

static void test_env_file__keeps_lines_that_are_not_ours(void **state)
{
    char directory[] = "/tmp/errand-env-XXXXXX";
    char path[64];
    struct env_file file;
    struct stat status;
    FILE *out;

    (void)state;
    assert_non_null(mkdtemp(directory));
    (void)snprintf(path, sizeof(path), "%s/env", directory);
    assert_int_equal(env_file_read(path, &file), 0);
    assert_int_equal(file.n, 0);
    assert_null(env_file_get(&file, "ERRAND_URL"));

    out = fopen(path, "w");
    assert_non_null(out);
    assert_true(fputs("# mine\nERRAND_URL=http://old\nERRAND_DEMO_IMAGE=h:1/x:2\n", out) >= 0);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(env_file_read(path, &file), 0);
    assert_string_equal(env_file_get(&file, "ERRAND_URL"), "http://old");
    assert_int_equal(env_file_set(&file, "ERRAND_URL", "http://new"), 0);
    assert_int_equal(env_file_set(&file, "ERRAND_TOKEN", "err_u_x"), 0);
    assert_int_equal(env_file_write(&file, path, (uid_t)-1, (gid_t)-1), 0);
    env_file_done(&file);

    expect_file(path, "# mine\nERRAND_URL=http://new\nERRAND_DEMO_IMAGE=h:1/x:2\n"
                      "ERRAND_TOKEN=err_u_x\n");
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(directory), 0);
}

static void test_when__durations(void **state)
{
    char text[WHEN_BYTES];

    (void)state;
    assert_string_equal(when_lasted(-1, text), "");
    assert_string_equal(when_lasted(0, text), "0 ms");
    assert_string_equal(when_lasted(999, text), "999 ms");
    assert_string_equal(when_lasted(3240, text), "3.2 s");
    assert_string_equal(when_lasted(250000, text), "4 min 10 s");
    assert_string_equal(when_lasted(7500000, text), "2 h 5 min");
}

static void test_when__ages(void **state)
{
    char text[WHEN_BYTES];

    (void)state;
    assert_string_equal(when_ago("", text), "");
    assert_string_equal(when_ago("yesterday", text), "yesterday");
    assert_non_null(strstr(when_ago("2020-01-01T00:00:00.000Z", text), " days ago"));
    assert_string_equal(when_ago("2999-01-01T00:00:00.000Z", text), "just now");
}

static void test_env_pair__the_first_equals_sign_counts(void **state)
{
    struct env_pair pair;

    (void)state;
    assert_int_equal(env_pair_parse("A=b=c", &pair), 0);
    assert_string_equal(pair.key, "A");
    assert_string_equal(pair.value, "b=c");
    assert_int_equal(env_pair_parse("A=", &pair), 0);
    assert_string_equal(pair.value, "");
    assert_int_equal(env_pair_parse("=b", &pair), EXIT_OURS);
    assert_int_equal(env_pair_parse("A", &pair), EXIT_OURS);
}

TEST_MAIN(cmocka_unit_test(test_near_name__the_nearest_or_none),
          cmocka_unit_test(test_env_file__keeps_lines_that_are_not_ours),
          cmocka_unit_test(test_when__durations), cmocka_unit_test(test_when__ages),
          cmocka_unit_test(test_env_pair__the_first_equals_sign_counts))
