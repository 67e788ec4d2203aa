/* SPDX-License-Identifier: Apache-2.0
 *
 * The first request of a repository is made without credentials; the challenge in its 401 says how
 * to get them, and what was got is kept for the next requests.
 */
#include "images/registry.h"

#include "images/manifest.h"
#include "images/registry_token.h"

#include <sodium.h>

#include <errno.h>
#include <string.h>

struct registry {
    const struct image_reference *ref;
    const struct registry_login *login;
    const atomic_bool *cancel;
    struct http_session *session; /* owned */
    bool plain_http;
    bool is_private;
    char *ca_pem;        /* owned; the operator's and the login's, or NULL */
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

static const struct registry_login anonymous;

static char *join_ca(const char *one, const char *other)
{
    char *both = NULL;
    return asprintf(&both, "%s\n%s", one != NULL ? one : "", other != NULL ? other : "") < 0 ? NULL
                                                                                             : both;
}

struct registry *registry_new(const struct image_reference *ref, const struct registry_rules *rules,
                              const struct registry_login *login, const atomic_bool *cancel)
{
    CLEANUP(registry_freep) struct registry *registry = calloc(1, sizeof(*registry));
    if (registry == NULL)
        return NULL;
    registry->ref = ref;
    registry->login = login != NULL ? login : &anonymous;
    registry->cancel = cancel;
    registry->plain_http = registry->login->insecure || registry_host_is_loopback(ref->host) ||
                           is_listed(rules->insecure_hosts, ref->host);
    registry->session = http_session_new();
    bool has_ca = rules->ca_pem != NULL || registry->login->ca_pem != NULL;
    if (has_ca)
        registry->ca_pem = join_ca(rules->ca_pem, registry->login->ca_pem);
    if (registry->session == NULL || (has_ca && registry->ca_pem == NULL))
        return NULL;
    return TAKE_PTR(registry);
}

static bool copy_into(const char *text, char **copy)
{
    *copy = text != NULL ? strdup(text) : NULL;
    return text == NULL || *copy != NULL;
}

struct registry *registry_clone(const struct registry *registry)
{
    CLEANUP(registry_freep) struct registry *clone = calloc(1, sizeof(*clone));
    if (clone == NULL)
        return NULL;
    *clone = *registry;
    clone->ca_pem = NULL;
    clone->authorization = NULL;
    clone->session = http_session_new();
    if (clone->session == NULL || !copy_into(registry->ca_pem, &clone->ca_pem) ||
        !copy_into(registry->authorization, &clone->authorization))
        return NULL;
    return TAKE_PTR(clone);
}

void registry_free(struct registry *registry)
{
    if (registry == NULL)
        return;
    http_session_free(registry->session);
    if (registry->authorization != NULL)
        sodium_memzero(registry->authorization, strlen(registry->authorization));
    free(registry->authorization);
    free(registry->ca_pem);
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
    const struct registry_asking asking = {.session = r->session,
                                           .login = r->login,
                                           .ca_pem = r->ca_pem,
                                           .plain_http = r->plain_http,
                                           .cancel = r->cancel};
    int rc = auth_challenge_parse(header, &challenge, e);
    if (rc == 0)
        rc = registry_token_get(&asking, &challenge, &authorization, e);
    if (rc < 0)
        return rc;
    free(r->authorization);
    r->authorization = authorization;
    r->is_private = r->login->username != NULL;
    return 0;
}

bool registry_is_private(const struct registry *registry)
{
    return registry->is_private;
}

/* Only what reads like a registry's: a redirect may have led to another server, whose words are
 * nobody's business. */
static const char *complaint_of(const struct http_answer *answer)
{
    return strstr(answer->error_text, "\"errors\"") != NULL ? answer->error_text : "";
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
        return err_set(e, ERR_UNAVAILABLE, "%s: too many requests %.100s", host,
                       complaint_of(answer));
    default:
        return err_set(e, answer->status >= 500 ? ERR_UNAVAILABLE : ERR_INVALID,
                       "%s answers %ld %.100s", host, answer->status, complaint_of(answer));
    }
}

/* Path of a request below the registry's address. */
struct wanted {
    const char *kind;
    const char *what;
};

static int ask(struct registry *r, const struct wanted *wanted, struct http_fetch *fetch,
               struct http_answer *answer, struct err *e)
{
    CLEANUP(freep) char *url = NULL;
    if (asprintf(&url, "%s://%s/v2/%s/%s/%s", r->plain_http ? "http" : "https",
                 api_host(r->ref->host), r->ref->name, wanted->kind, wanted->what) < 0) {
        url = NULL;
        return err_errno(e, ENOMEM, "registry request");
    }
    fetch->url = url;
    fetch->plain_http = r->plain_http;
    fetch->ca_pem = r->ca_pem;
    fetch->cancel = r->cancel;
    fetch->authorization = r->authorization;
    return http_session_get(r->session, fetch, answer, e);
}

/* What servers for TLS answer to a request in the clear. No credentials were sent yet. */
static bool wants_tls(const struct registry *r, const struct http_answer *answer)
{
    return r->plain_http && r->authorization == NULL && answer->status == 400 &&
           strcasestr(answer->error_text, "HTTPS") != NULL;
}

static int get(struct registry *r, const struct wanted *wanted, struct http_fetch *fetch,
               struct err *e)
{
    struct http_answer answer;
    int rc = ask(r, wanted, fetch, &answer, e);
    if (rc == 0 && wants_tls(r, &answer)) {
        r->plain_http = false;
        rc = ask(r, wanted, fetch, &answer, e);
    }
    if (rc == 0 && answer.status == 401 && answer.challenge[0] != '\0') {
        rc = answer_challenge(r, answer.challenge, e);
        if (rc == 0)
            rc = ask(r, wanted, fetch, &answer, e);
    }
    if (rc < 0)
        return err_wrap(e, "%s", r->ref->host);
    return check_status(r, &answer, e);
}

int registry_get_manifest(struct registry *r, const char *version, struct buf *body, struct err *e)
{
    const struct wanted wanted = {"manifests", version};
    struct http_fetch fetch = {.accept = manifest_accept, .sink = http_sink_buf, .sink_ctx = body};
    return get(r, &wanted, &fetch, e);
}

int registry_get_blob(struct registry *r, const char *digest, int64_t offset, http_sink_fn *sink,
                      void *sink_ctx, struct err *e)
{
    const struct wanted wanted = {"blobs", digest};
    struct http_fetch fetch = {.offset = offset, .sink = sink, .sink_ctx = sink_ctx};
    return get(r, &wanted, &fetch, e);
}
