/* SPDX-License-Identifier: Apache-2.0
 *
 * A client: where the server is and who is asking.
 *
 * Threads: one client serves one thread at a time; clients share nothing, so give every thread its
 * own. Runs, runners, hypervisors, and pages of them and of logs, belong to no thread: any may read
 * them, several at once, and one frees them. An iterator is used where its client is; a canceler is
 * used from everywhere at any time. The library calls curl_global_init() by way of libcurl's own
 * thread-safe start; a program using a libcurl older than 7.84 calls it itself before it starts
 * threads. The library has no other global state, installs no signal handler and prints nothing.
 * Connections are kept open between calls.
 */
#ifndef ERRAND_CLIENT_H
#define ERRAND_CLIENT_H

#include <stddef.h>

#include <errand/allocator.h>
#include <errand/error.h>

ERRAND_BEGIN_DECLS

typedef struct errand_client errand_client;

typedef enum errand_log_level {
    ERRAND_LOG_DEBUG = 1,  /* each request, and what came of it */
    ERRAND_LOG_WARNING = 2 /* a failure that is followed by another attempt */
} errand_log_level;

/* What the client does, one line without its end, on the thread of the call. Never holds a token, a
 * variable's value or anything of a body. */
typedef void errand_log_hook(errand_log_level level, const char *text, void *user);

/* Zero or NULL in a field means its default. Fields are only ever appended. */
typedef struct errand_client_options {
    size_t struct_size;           /* set by ERRAND_CLIENT_OPTIONS_INIT */
    const char *url;              /* "http://127.0.0.1:8080"; the path, if any, comes before /v1 */
    const char *token;            /* "err_u_..." or "err_p_..." */
    const char *project;          /* project id for user tokens; default: the user's own */
    const char *user_agent;       /* default: "liberrand/VERSION" */
    const char *ca_file;          /* PEM bundle; default: the system's */
    unsigned connect_timeout_ms;  /* default 5,000 */
    unsigned request_timeout_ms;  /* default 30,000; not for follow, which has its own deadline */
    int retries;                  /* further attempts of a repeatable call; default 3, -1 = none */
    const char *proxy;            /* "http://host:3128", "socks5h://host"; "" = none; default: the
                                     environment's            (https_proxy, no_proxy ...) */
    const char *ca_directory;     /* of PEM files named by hash; beside or instead of ca_file */
    const char *certificate_file; /* PEM; for servers, or proxies before them, that ask for one */
    const char *key_file;         /* PEM; default: within certificate_file */
    int insecure;                 /* non-zero: any certificate will do. For trying things out */
    const errand_allocator *allocator; /* copied; default: malloc, realloc, free */
    errand_log_hook *on_log;
    void *log_user; /* handed to on_log */
} errand_client_options;

#define ERRAND_CLIENT_OPTIONS_INIT                                                                 \
    {                                                                                              \
        sizeof(errand_client_options), NULL, NULL, NULL, NULL, NULL, 0, 0, 0, NULL, NULL, NULL,    \
            NULL, 0, NULL, NULL, NULL                                                              \
    }

/* Make a client; copies the options, sends nothing. Free with errand_client_free. */
ERRAND_API int errand_client_new(const errand_client_options *options, errand_client **ret_client,
                                 errand_error *error);

/* NULL is allowed. Objects obtained through the client stay valid. */
ERRAND_API void errand_client_free(errand_client *client);

/* Ask once whether the server can serve: database, migrations, a living scheduler.
 * ERRAND_E_UNAVAILABLE says what is missing. Sends no token; never retries by itself. */
ERRAND_API int errand_client_ready(errand_client *client, errand_error *error);

/* Release a text this library allocated for the caller. NULL is allowed. */
ERRAND_API void errand_free(void *text);

ERRAND_END_DECLS

#endif
