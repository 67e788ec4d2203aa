/* SPDX-License-Identifier: Apache-2.0
 *
 * Runners: an image and how to run it.
 */
#ifndef ERRAND_RUNNER_H
#define ERRAND_RUNNER_H

#include <stddef.h>

#include <errand/client.h>
#include <errand/page.h>

ERRAND_BEGIN_DECLS

/* One runner as the server described it; never changes. Getters return texts that live as long as
 * the runner and are never NULL: what is not set is "". */
typedef struct errand_runner errand_runner;

typedef struct errand_runner_page errand_runner_page;

/* Zero or NULL in a field leaves the choice to the server. Fields are only ever appended. */
typedef struct errand_runner_options {
    size_t struct_size;      /* set by ERRAND_RUNNER_OPTIONS_INIT */
    const char *name;        /* 3..50 characters; required */
    const char *image;       /* "host/name:tag", tag "latest" by default; required */
    const char *command;     /* shell form; excludes argv */
    const char *const *argv; /* exec form; n_argv texts */
    size_t n_argv;
    const char *entrypoint;    /* replaces the image's */
    unsigned timeout_seconds;  /* 1..86,400; the server's default is 3,600 */
    const char *region;        /* slug */
    const char *instance_type; /* slug */
} errand_runner_options;

#define ERRAND_RUNNER_OPTIONS_INIT                                                                 \
    {                                                                                              \
        sizeof(errand_runner_options), NULL, NULL, NULL, NULL, 0, NULL, 0, NULL, NULL              \
    }

/* Create. Repeatable: the library sends an idempotency key. Free with errand_runner_free. */
ERRAND_API int errand_runner_create(errand_client *client, const errand_runner_options *options,
                                    errand_runner **ret_runner, errand_error *error);

ERRAND_API int errand_runner_get(errand_client *client, const char *runner_id,
                                 errand_runner **ret_runner, errand_error *error);

/* Change what the options set, leave the rest. `image` changes name and tag; a `command` empties
 * the runner's arguments, `argv` its command. `ret_runner` may be NULL. What has no field in the
 * options is changed by errand_call. */
ERRAND_API int errand_runner_update(errand_client *client, const char *runner_id,
                                    const errand_runner_options *options,
                                    errand_runner **ret_runner, errand_error *error);

/* Have the image pulled before it is needed, on `hypervisors` machines (1..100; 0 = one), which
 * later runs prefer, and `pool` sandboxes (0..100) kept waiting on each of them. Returns when it is
 * asked for: errand_runner_get and errand_runner_warmed_at tell when it is done. `ret_runner` may
 * be NULL. */
ERRAND_API int errand_runner_warmup(errand_client *client, const char *runner_id,
                                    unsigned hypervisors, unsigned pool, errand_runner **ret_runner,
                                    errand_error *error);

/* ERRAND_E_CONFLICT while runs of it are not final. */
ERRAND_API int errand_runner_delete(errand_client *client, const char *runner_id,
                                    errand_error *error);

/* `options` may be NULL. Free with errand_runner_page_free. */
ERRAND_API int errand_runner_list(errand_client *client, const errand_page_options *options,
                                  errand_runner_page **ret_page, errand_error *error);

ERRAND_API size_t errand_runner_page_count(const errand_runner_page *page);
ERRAND_API size_t errand_runner_page_total(const errand_runner_page *page);
/* The number of the page after this one; 0 when this is the last. */
ERRAND_API unsigned errand_runner_page_next(const errand_runner_page *page);
/* Borrowed from the page; NULL when `i` is not below the count. */
ERRAND_API const errand_runner *errand_runner_page_at(const errand_runner_page *page, size_t i);
ERRAND_API void errand_runner_page_free(errand_runner_page *page);

ERRAND_API const char *errand_runner_id(const errand_runner *runner);
ERRAND_API const char *errand_runner_name(const errand_runner *runner);
ERRAND_API const char *errand_runner_status(const errand_runner *runner);
ERRAND_API const char *errand_runner_image_name(const errand_runner *runner);
ERRAND_API const char *errand_runner_image_tag(const errand_runner *runner);
ERRAND_API const char *errand_runner_command(const errand_runner *runner);
ERRAND_API const char *errand_runner_entrypoint(const errand_runner *runner);
ERRAND_API size_t errand_runner_argc(const errand_runner *runner);
ERRAND_API const char *errand_runner_arg(const errand_runner *runner, size_t i);
ERRAND_API unsigned errand_runner_timeout_seconds(const errand_runner *runner);
ERRAND_API const char *errand_runner_region(const errand_runner *runner);        /* slug */
ERRAND_API const char *errand_runner_instance_type(const errand_runner *runner); /* slug */
ERRAND_API const char *errand_runner_created_at(const errand_runner *runner);    /* RFC 3339 */
ERRAND_API const char *errand_runner_warmed_at(const errand_runner *runner); /* RFC 3339, or "" */

/* The whole object as JSON, for what has no getter. Free with errand_free; NULL: out of memory. */
ERRAND_API char *errand_runner_to_json(const errand_runner *runner);

ERRAND_API void errand_runner_free(errand_runner *runner);

ERRAND_END_DECLS

#endif
