/* SPDX-License-Identifier: Apache-2.0
 *
 * The first request of a repository is made without credentials; the challenge in its 401 says how
 * to get them, and what was got is kept for the next requests.
 */
#include "images/registry.h"

#include "images/manifest.h"
#include "images/registry_token.h"

#include <errno.h>
#include <string.h>

struct registry {
    const struct image_reference *ref;
    const struct registry_credentials *credentials;
    const atomic_bool *cancel;
    struct http_session *session; /* owned */
    bool plain_http;
    char *authorization; /* owned; NULL until challenged */
};

/* Docker Hub's API is not at the name its images carry. */
static const char *api_host(const char *host)
{
    return strcmp(host, "docker.io") == 0 ? "registry-1.docker.io" : host;
}

static bool is_listed(const char *hosts, const char *host)
{
    size_t n = strlen(host);
    while (hosts != NULL && *hosts != '\0') {
        hosts += strspn(hosts, ", ");
        size_t item_n = strcspn(hosts, ", ");
        if (item_n == n && memcmp(hosts, host, n) == 0)
            return true;
        hosts += item_n;
    }
    return false;
}

bool registry_host_is_loopback(const char *host)
{
    size_t n = strcspn(host, ":");
    if (host[0] == '[')
        return strncmp(host, "[::1]", 5) == 0;
    if (n == strlen("localhost") && memcmp(host, "localhost", n) == 0)
        return true;
    return strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") == n;
}

struct registry *registry_new(const struct image_reference *ref, const char *insecure_hosts,
                              const struct registry_credentials *credentials,
                              const atomic_bool *cancel)
{
    CLEANUP(registry_freep) struct registry *registry = calloc(1, sizeof(*registry));
    if (registry == NULL)
        return NULL;
    registry->session = http_session_new();
    if (registry->session == NULL)
        return NULL;
    registry->ref = ref;
    registry->credentials = credentials;
    registry->cancel = cancel;
    registry->plain_http =
        registry_host_is_loopback(ref->host) || is_listed(insecure_hosts, ref->host);
    return TAKE_PTR(registry);
}

void registry_free(struct registry *registry)
{
    if (registry == NULL)
        return;
    http_session_free(registry->session);
    free(registry->authorization);
    free(registry);
}

void registry_freep(struct registry **registry)
{
    registry_free(*registry);
}

static int answer_challenge(struct registry *r, const char *header, struct err *e)
{
    struct auth_challenge challenge;
    char *authorization = NULL;
    int rc = auth_challenge_parse(header, &challenge, e);
    if (rc == 0)
        rc = registry_token_get(r->session, &challenge, r->credentials, r->plain_http, r->cancel,
                                &authorization, e);
    if (rc < 0)
        return rc;
    free(r->authorization);
    r->authorization = authorization;
    return 0;
}

static int check_status(const struct registry *r, const struct http_answer *answer, struct err *e)
{
    const char *host = r->ref->host;
    const char *name = r->ref->name;
    switch (answer->status) {
    case 200:
        return 0;
    case 401:
        return err_set(e, ERR_UNAUTHENTICATED, "%s wants other credentials for %s", host, name);
    case 403:
        return err_set(e, ERR_DENIED, "%s denies access to %s", host, name);
    case 404:
        return err_set(e, ERR_NOT_FOUND, "%s has no such image: %s", host, name);
    case 429:
        return err_set(e, ERR_UNAVAILABLE, "%s: too many requests", host);
    default:
        return err_set(e, answer->status >= 500 ? ERR_UNAVAILABLE : ERR_INVALID,
                       "%s answers %ld: %.100s", host, answer->status, answer->error_text);
    }
}

static int get(struct registry *r, struct http_fetch *fetch, struct err *e)
{
    struct http_answer answer;

    fetch->plain_http = r->plain_http;
    fetch->cancel = r->cancel;
    fetch->authorization = r->authorization;
    int rc = http_session_get(r->session, fetch, &answer, e);
    if (rc == 0 && answer.status == 401 && answer.challenge[0] != '\0') {
        rc = answer_challenge(r, answer.challenge, e);
        fetch->authorization = r->authorization;
        if (rc == 0)
            rc = http_session_get(r->session, fetch, &answer, e);
    }
    if (rc < 0)
        return err_wrap(e, "%s", r->ref->host);
    return check_status(r, &answer, e);
}

static char *url_of(const struct registry *r, const char *kind, const char *what)
{
    char *url = NULL;
    if (asprintf(&url, "%s://%s/v2/%s/%s/%s", r->plain_http ? "http" : "https",
                 api_host(r->ref->host), r->ref->name, kind, what) < 0)
        return NULL;
    return url;
}

int registry_get_manifest(struct registry *r, const char *version, struct buf *body, struct err *e)
{
    CLEANUP(freep) char *url = url_of(r, "manifests", version);
    if (url == NULL)
        return err_errno(e, ENOMEM, "registry request");
    struct http_fetch fetch = {
        .url = url, .accept = manifest_accept, .sink = http_sink_buf, .sink_ctx = body};
    return get(r, &fetch, e);
}

int registry_get_blob(struct registry *r, const char *digest, http_sink_fn *sink, void *sink_ctx,
                      struct err *e)
{
    CLEANUP(freep) char *url = url_of(r, "blobs", digest);
    if (url == NULL)
        return err_errno(e, ENOMEM, "registry request");
    struct http_fetch fetch = {.url = url, .sink = sink, .sink_ctx = sink_ctx};
    return get(r, &fetch, e);
}
