/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs: one container each, from trigger to exit code.
 */
#ifndef ERRAND_RUN_H
#define ERRAND_RUN_H

#include <stddef.h>
#include <stdint.h>

#include <errand/canceler.h>
#include <errand/client.h>
#include <errand/env.h>
#include <errand/page.h>

ERRAND_BEGIN_DECLS

typedef enum errand_run_status {
    ERRAND_RUN_UNKNOWN = 0, /* a status newer than this library */
    ERRAND_RUN_PENDING = 1,
    ERRAND_RUN_RUNNING = 2,
    ERRAND_RUN_SUCCEEDED = 3,
    ERRAND_RUN_FAILED = 4,
    ERRAND_RUN_CANCELED = 5
} errand_run_status;

/* One run as the server described it; never changes: get it again for news. Getters return texts
 * that live as long as the run and are never NULL: what is not set is "". */
typedef struct errand_run errand_run;

typedef struct errand_run_page errand_run_page;

/* Zero or NULL in a field takes the runner's own. Fields are only ever appended. */
typedef struct errand_run_options {
    size_t struct_size;      /* set by ERRAND_RUN_OPTIONS_INIT */
    const char *command;     /* shell form; excludes argv */
    const char *const *argv; /* exec form; n_argv texts */
    size_t n_argv;
    const char *entrypoint; /* replaces the image's */
    const errand_env *env;  /* n_env variables; win over the runner's */
    size_t n_env;
    unsigned timeout_seconds;    /* 1..86,400 */
    const char *idempotency_key; /* 1..255 printable; default: made for this call */
    const char *instance_type;   /* slug */
    const char *const *labels;   /* n_labels texts "key=value"; added to the runner's */
    size_t n_labels;
    int priority; /* 1..100, higher first; -1 = 0 */
} errand_run_options;

#define ERRAND_RUN_OPTIONS_INIT                                                                    \
    {                                                                                              \
        sizeof(errand_run_options), NULL, NULL, 0, NULL, NULL, 0, 0, NULL, NULL, NULL, 0, 0        \
    }

/* Start a run. Repeatable: a lost answer is asked for again under the same idempotency key, so a
 * run is never started twice. `options` may be NULL. Free with errand_run_free.
 * ERRAND_E_UNCERTAIN after all retries: call again with the idempotency key you chose. */
ERRAND_API int errand_run_trigger(errand_client *client, const char *runner_id,
                                  const errand_run_options *options, errand_run **ret_run,
                                  errand_error *error);

ERRAND_API int errand_run_get(errand_client *client, const char *run_id, errand_run **ret_run,
                              errand_error *error);

/* Ask the server to stop it. A final run is returned unchanged. `ret_run` may be NULL. */
ERRAND_API int errand_run_stop(errand_client *client, const char *run_id, errand_run **ret_run,
                               errand_error *error);

/* What a wait or a follow came to, when it did not fail. */
typedef enum errand_end {
    ERRAND_END_FINISHED = 0, /* the run is final */
    ERRAND_END_STOPPED = 1,  /* a callback returned non-zero */
    ERRAND_END_CANCELED = 2  /* the canceler was used */
} errand_end;

/* Wait until the run is final, without polling. Returns an errand_end; *ret_run is set for
 * ERRAND_END_FINISHED only. `canceler` may be NULL. Outlives lost connections. */
ERRAND_API int errand_run_wait(errand_client *client, const char *run_id, errand_canceler *canceler,
                               errand_run **ret_run, errand_error *error);

/* Which runs a list is of. Zero or NULL in a field: any. Fields are only ever appended. */
typedef struct errand_run_filter {
    size_t struct_size; /* set by ERRAND_RUN_FILTER_INIT */
    errand_run_status status;
    const char *label;   /* "key=value" */
    const char *trigger; /* "api", "schedule" ... */
    const char *since;   /* RFC 3339: made at this time or later */
    const char *until;   /* RFC 3339: made before this time */
} errand_run_filter;

#define ERRAND_RUN_FILTER_INIT                                                                     \
    {                                                                                              \
        sizeof(errand_run_filter), ERRAND_RUN_UNKNOWN, NULL, NULL, NULL, NULL                      \
    }

/* Newest first; of one runner, or of all when `runner_id` is NULL. `filter` and `options` may be
 * NULL. Free with errand_run_page_free. */
ERRAND_API int errand_run_list(errand_client *client, const char *runner_id,
                               const errand_run_filter *filter, const errand_page_options *options,
                               errand_run_page **ret_page, errand_error *error);

ERRAND_API size_t errand_run_page_count(const errand_run_page *page);
ERRAND_API size_t errand_run_page_total(const errand_run_page *page);
/* The number of the page after this one; 0 when this is the last. */
ERRAND_API unsigned errand_run_page_next(const errand_run_page *page);
/* Borrowed from the page; NULL when `i` is not below the count. */
ERRAND_API const errand_run *errand_run_page_at(const errand_run_page *page, size_t i);
ERRAND_API void errand_run_page_free(errand_run_page *page);

ERRAND_API const char *errand_run_id(const errand_run *run);
ERRAND_API const char *errand_run_runner_id(const errand_run *run);
ERRAND_API errand_run_status errand_run_get_status(const errand_run *run);
ERRAND_API int errand_run_is_final(const errand_run *run);
/* Non-zero when there is an exit code; it is then behind ret_code, which may be NULL. 124: killed
 * at its deadline; 128 + n: killed by signal n. */
ERRAND_API int errand_run_exit_code(const errand_run *run, int *ret_code);
ERRAND_API const char *errand_run_image(const errand_run *run);
ERRAND_API const char *errand_run_command(const errand_run *run);
ERRAND_API size_t errand_run_argc(const errand_run *run);
ERRAND_API const char *errand_run_arg(const errand_run *run, size_t i);
ERRAND_API const char *errand_run_pending_reason(const errand_run *run);
ERRAND_API const char *errand_run_pending_message(const errand_run *run);
ERRAND_API const char *errand_run_termination_reason(const errand_run *run);
ERRAND_API const char *errand_run_termination_message(const errand_run *run);
ERRAND_API const char *errand_run_created_at(const errand_run *run);   /* RFC 3339 */
ERRAND_API const char *errand_run_started_at(const errand_run *run);   /* RFC 3339 */
ERRAND_API const char *errand_run_completed_at(const errand_run *run); /* RFC 3339 */
ERRAND_API int64_t errand_run_duration_ms(const errand_run *run);      /* -1: not known yet */

/* The whole object as JSON, for what has no getter. Free with errand_free; NULL: out of memory. */
ERRAND_API char *errand_run_to_json(const errand_run *run);

ERRAND_API void errand_run_free(errand_run *run);

/* "pending", "running", ...; "unknown" for anything else. Static storage. */
ERRAND_API const char *errand_run_status_name(errand_run_status status);

ERRAND_END_DECLS

#endif
