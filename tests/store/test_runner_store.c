/* SPDX-License-Identifier: Apache-2.0 */
#include "store/runner_store.h"

#include "fixture.h"

#include <string.h>

#include "store/catalog_store.h"

static struct db *db;
static struct rows *rows; /* of the latest statement */

static int open_database(void **state)
{
    (void)state;
    db = test_database_migrated();
    return 0;
}

static int close_database(void **state)
{
    (void)state;
    rows_free(rows);
    rows = NULL;
    db_close(db);
    return 0;
}

static int run(const struct statement *statement, struct params *p)
{
    rows_free(rows);
    rows = fixture_run(db, statement, p);
    return rows_count(rows);
}

static void find_catalog(const char *region, const char *type, struct id *ret_region,
                         struct id *ret_type)
{
    struct params p;
    struct catalog_choice choice = {.region = region, .instance_type = type};
    catalog_store_find_params(&p, &choice);
    assert_int_equal(run(&catalog_store_find, &p), 1);
    struct catalog_found found;
    catalog_store_find_read(rows, &found);
    *ret_region = found.region;
    *ret_type = found.instance_type;
}

/* Every field differs from what the columns would have by themselves. */
static struct runner sample(void)
{
    struct runner runner = {
        .id = id_new(),
        .project = fixture_project(),
        .name = "sample \u00e4",
        .image_name = "localhost:5000/a/b",
        .image_tag = "1.2",
        .image_digest = "sha256:ab",
        .run_command = "echo 'a' | cat",
        .argv = "[\"a b\", \"\", \"\\\"{},\"]",
        .entrypoint = "/bin/x",
        .timeout_seconds = 1,
        .stop_grace_seconds = 2,
        .stop_signal = "SIGINT",
        .pull_policy = "always",
        .pull_timeout_seconds = 3,
        .priority = 4,
        .max_concurrency = 3,
        .on_overlap = "replace",
        .retry = "{\"on\": [\"failed\"]}",
        .pending_timeout_seconds = 5,
        .hypervisor_labels = "{\"gpu\": \"a\"}",
        .pids_limit = 50,
        .shm_size_mb = 6,
        .network = "none",
        .sandbox = "untrusted",
        .read_only = true,
        .user = "7:8",
        .log_limit_bytes = INT64_C(9) << 32,
        .log_storage = "transient",
        .labels = "{\"a\": \"b\"}",
    };
    find_catalog("local", "standard-m", &runner.region.id, &runner.instance_type.id);
    return runner;
}

static void insert(const struct runner *runner)
{
    struct params p;
    runner_store_insert_params(&p, runner);
    assert_int_equal(run(&runner_store_insert, &p), 1);
}

static int update(const struct runner *runner)
{
    struct params p;
    runner_store_update_params(&p, runner);
    return run(&runner_store_update, &p);
}

static int get(struct id project, struct id id)
{
    struct params p;
    runner_store_get_params(&p, project, id);
    return run(&runner_store_get, &p);
}

static struct runner read_row(int row)
{
    struct runner runner;
    runner_store_read(rows, row, &runner);
    return runner;
}

static void assert_same_text(const char *a, const char *b)
{
    if (a == NULL || b == NULL)
        assert_true(a == b);
    else
        assert_string_equal(a, b);
}

static void assert_same_written(const struct runner *a, const struct runner *b)
{
    assert_same_text(a->name, b->name);
    assert_same_text(a->image_name, b->image_name);
    assert_same_text(a->image_tag, b->image_tag);
    assert_same_text(a->image_digest, b->image_digest);
    assert_same_text(a->run_command, b->run_command);
    assert_same_text(a->argv, b->argv);
    assert_same_text(a->entrypoint, b->entrypoint);
    assert_int_equal(a->timeout_seconds, b->timeout_seconds);
    assert_int_equal(a->stop_grace_seconds, b->stop_grace_seconds);
    assert_same_text(a->stop_signal, b->stop_signal);
    assert_same_text(a->pull_policy, b->pull_policy);
    assert_int_equal(a->pull_timeout_seconds, b->pull_timeout_seconds);
    assert_int_equal(a->priority, b->priority);
    assert_int_equal(a->max_concurrency, b->max_concurrency);
    assert_same_text(a->on_overlap, b->on_overlap);
    assert_same_text(a->retry, b->retry);
    assert_int_equal(a->pending_timeout_seconds, b->pending_timeout_seconds);
    assert_same_text(a->hypervisor_labels, b->hypervisor_labels);
    assert_int_equal(a->pids_limit, b->pids_limit);
    assert_int_equal(a->shm_size_mb, b->shm_size_mb);
    assert_same_text(a->network, b->network);
    assert_same_text(a->sandbox, b->sandbox);
    assert_int_equal(a->read_only, b->read_only);
    assert_same_text(a->user, b->user);
    assert_true(a->log_limit_bytes == b->log_limit_bytes);
    assert_string_equal(a->log_storage, b->log_storage);
    assert_same_text(a->labels, b->labels);
    assert_true(id_equal(a->region.id, b->region.id));
    assert_true(id_equal(a->instance_type.id, b->instance_type.id));
}

static void test_insert__every_field_comes_back(void **state)
{
    (void)state;
    struct runner runner = sample();
    insert(&runner);
    struct runner made = read_row(0);
    assert_true(id_equal(made.id, runner.id));
    assert_same_written(&made, &runner);
    assert_int_equal(made.version, 1);
    assert_string_equal(made.status, "available");
    assert_string_equal(made.region.slug, "local");
    assert_string_equal(made.instance_type.slug, "standard-m");
    assert_int_equal(made.instance_type.memory_mb, 1024);
    assert_true(made.created_at_us > 0);
    assert_true(made.updated_at_us == made.created_at_us);
    assert_true(made.warmed_at_us == 0);

    insert(&runner); /* sent twice after a lost connection */
    assert_int_equal(get(runner.project, runner.id), 1);
    struct runner found = read_row(0);
    assert_same_written(&found, &runner);
}

static void test_get__belongs_to_its_project(void **state)
{
    (void)state;
    struct runner runner = sample();
    insert(&runner);
    assert_int_equal(get(id_new(), runner.id), 0);
    assert_int_equal(get(runner.project, id_new()), 0);
}

static void test_update__every_field_counts_a_version(void **state)
{
    (void)state;
    struct runner runner = sample();
    insert(&runner);
    struct runner edited = {
        .id = runner.id,
        .project = runner.project,
        .version = 1,
        .name = "new",
        .image_name = "n",
        .image_tag = "n",
        .argv = "[]",
        .timeout_seconds = 11,
        .stop_grace_seconds = 12,
        .stop_signal = "SIGHUP",
        .pull_policy = "never",
        .pull_timeout_seconds = 13,
        .priority = 14,
        .on_overlap = "skip",
        .hypervisor_labels = "{}",
        .pids_limit = 15,
        .shm_size_mb = 16,
        .network = "bridge",
        .sandbox = "default",
        .log_limit_bytes = 17,
        .log_storage = "stored",
        .labels = "{}",
        .region = runner.region,
    };
    find_catalog("local", "standard-s", &edited.region.id, &edited.instance_type.id);
    assert_int_equal(update(&edited), 1);
    struct runner found = read_row(0);
    assert_same_written(&found, &edited);
    assert_int_equal(found.version, 2);
    assert_true(found.updated_at_us > found.created_at_us);

    assert_int_equal(update(&edited), 0); /* version 1 is gone */
}

static void test_update__of_nothing_keeps_the_version(void **state)
{
    (void)state;
    struct runner runner = sample();
    insert(&runner);
    runner.version = 1;
    assert_int_equal(update(&runner), 1);
    struct runner found = read_row(0);
    assert_int_equal(found.version, 1);
    assert_true(found.updated_at_us == found.created_at_us);
}

static enum runner_deletion delete (struct id project, struct id id) {
    struct params p; runner_store_delete_params(&p, project, id);
    assert_int_equal(run(&runner_store_delete, &p), 1);
    return runner_store_delete_read(rows);
}

static void test_delete__waits_for_final_runs(void **state)
{
    (void)state;
    static const char *const open[] = {"pending", "assigned", "running"};
    struct id run_id = fixture_run_in(db, "pending", (struct id){0});
    const char *text =
        fixture_text(db, "SELECT runner_id FROM runs WHERE id = '%s'", ID_TEXT(run_id));
    struct id runner;
    assert_int_equal(id_parse(text, strlen(text), &runner, NULL), 0);
    fixture_script(db,
                   "INSERT INTO runner_env (id, runner_id, env_key, value, secret)"
                   " VALUES ('%s', '%s', 'K', '', true)",
                   ID_TEXT(id_new()), ID_TEXT(runner));

    for (size_t i = 0; i < ARRAY_LEN(open); i++) {
        fixture_script(db, "UPDATE runs SET state = '%s' WHERE id = '%s'", open[i],
                       ID_TEXT(run_id));
        assert_int_equal(delete (fixture_project(), runner), RUNNER_IN_USE);
    }
    fixture_script(db, "UPDATE runs SET state = 'failed' WHERE id = '%s'", ID_TEXT(run_id));
    assert_int_equal(delete (id_new(), runner), RUNNER_MISSING);
    assert_int_equal(delete (fixture_project(), runner), RUNNER_DELETED);
    assert_int_equal(delete (fixture_project(), runner), RUNNER_MISSING);
    assert_int_equal(get(fixture_project(), runner), 0);
    assert_string_equal(
        fixture_text(db, "SELECT count(*) FROM runner_env WHERE runner_id = '%s'", ID_TEXT(runner)),
        "0");
    assert_string_equal(
        fixture_text(db, "SELECT count(*) FROM runs WHERE id = '%s'", ID_TEXT(run_id)), "1");
}

static void test_list__newest_first_without_the_deleted(void **state)
{
    (void)state;
    struct id project = id_new();
    fixture_script(db, "INSERT INTO projects (id, name) VALUES ('%s', '%s')", ID_TEXT(project),
                   ID_TEXT(project));
    struct id ids[4];
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        struct runner runner = sample();
        runner.project = project;
        ids[i] = runner.id;
        insert(&runner);
    }
    assert_int_equal(delete (project, ids[1]), RUNNER_DELETED);

    struct params p;
    runner_store_list_params(&p, project, (struct page_window){.limit = 2});
    assert_int_equal(run(&runner_store_list, &p), 2);
    assert_int_equal(page_rows_total(rows), 3);
    assert_true(id_equal(read_row(0).id, ids[3]));
    assert_true(id_equal(read_row(1).id, ids[2]));

    runner_store_list_params(&p, project, (struct page_window){.limit = 2, .offset = 2});
    (void)run(&runner_store_list, &p);
    assert_int_equal(page_rows_count(rows), 1);
    assert_true(id_equal(read_row(0).id, ids[0]));

    runner_store_list_params(&p, project, (struct page_window){.limit = 2, .offset = 4});
    (void)run(&runner_store_list, &p);
    assert_int_equal(page_rows_count(rows), 0);
    assert_int_equal(page_rows_total(rows), 3);
}

static void test_catalog__is_found_by_id_and_slug(void **state)
{
    (void)state;
    struct id region;
    struct id type;
    find_catalog("local", NULL, &region, &type);
    assert_false(id_is_nil(region));
    assert_true(id_is_nil(type));
    find_catalog("nowhere", "standard-l", &region, &type);
    assert_true(id_is_nil(region));
    assert_false(id_is_nil(type));

    struct params p;
    struct catalog_choice by_id = {.instance_type_id = type};
    catalog_store_find_params(&p, &by_id);
    (void)run(&catalog_store_find, &p);
    struct catalog_found found;
    catalog_store_find_read(rows, &found);
    assert_true(id_equal(found.instance_type, type));
}

static void test_catalog__is_listed_in_order(void **state)
{
    (void)state;
    static const char *const slugs[] = {"standard-s", "standard-m", "standard-l", "standard-xl"};
    struct params p;
    catalog_store_list_params(&p, (struct page_window){.limit = 10});
    (void)run(&catalog_store_list_types, &p);
    assert_int_equal(page_rows_count(rows), ARRAY_LEN(slugs));
    for (int i = 0; i < 4; i++) {
        struct instance_type type;
        catalog_store_read_type(rows, i, 1, &type);
        assert_string_equal(type.slug, slugs[i]);
    }
    catalog_store_list_params(&p, (struct page_window){.limit = 10});
    (void)run(&catalog_store_list_regions, &p);
    struct region region;
    catalog_store_read_region(rows, 0, 1, &region);
    assert_string_equal(region.slug, "local");
    assert_string_equal(region.name, "Local");
    assert_string_equal(region.status, "available");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_database, close_database)
TEST_MAIN(TEST(test_insert__every_field_comes_back), TEST(test_get__belongs_to_its_project),
          TEST(test_update__every_field_counts_a_version),
          TEST(test_update__of_nothing_keeps_the_version), TEST(test_delete__waits_for_final_runs),
          TEST(test_list__newest_first_without_the_deleted),
          TEST(test_catalog__is_found_by_id_and_slug), TEST(test_catalog__is_listed_in_order))
