/* SPDX-License-Identifier: Apache-2.0 */
#include "http/idempotency.h"

#include <string.h>

#include "auth/fingerprint.h"
#include "store/idempotency_store.h"

#include "http/reply.h"

struct claiming {
    idempotency_callback *go_on;
};

static bool is_key(const char *text)
{
    size_t n = strlen(text);
    if (n < 1 || n > IDEMPOTENCY_KEY_MAX)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (text[i] < 0x20 || text[i] > 0x7e)
            return false;
    }
    return true;
}

static void on_claimed(struct request *rq, const struct rows *rows)
{
    const struct claiming *claiming = rq->step;
    struct idempotency_claim claim;
    idempotency_store_read(rows, &claim);
    if (rq->req == NULL)
        return;
    if (!claim.is_same) {
        reply_error(rq, ERR_CONFLICT, "This Idempotency-Key was used for another request");
        return;
    }
    if (!claim.is_new)
        reply_header(rq, "idempotency-replayed", "true");
    claiming->go_on(rq, claim.object);
}

/* What makes it another request: path with query, body. */
static void hash_request(const struct request *rq, unsigned char *hash)
{
    const struct fingerprint_part parts[] = {
        {rq->req->path.base, rq->req->path.len},
        {rq->req->entity.base, rq->req->entity.len},
    };
    fingerprint(parts, ARRAY_LEN(parts), hash);
}

bool idempotency_read(struct request *rq, const char **ret_key, unsigned char *ret_hash)
{
    const char *key = request_header(rq, "idempotency-key");
    if (key != NULL && !is_key(key)) {
        reply_problem(rq, "Idempotency-Key", "must be 1 to 255 printable characters");
        return false;
    }
    if (key != NULL)
        hash_request(rq, ret_hash);
    *ret_key = key;
    return true;
}

void idempotency_claim_for(struct request *rq, const char *key, const unsigned char *hash,
                           struct id id, idempotency_callback *go_on)
{
    struct claiming *claiming = request_alloc(rq, sizeof(*claiming));
    struct params p;
    claiming->go_on = go_on;
    rq->step = claiming;
    struct id scope = id_is_nil(rq->principal.project) ? rq->principal.user : rq->principal.project;
    idempotency_store_claim_params(&p, scope, key, hash, id);
    request_query(rq, &idempotency_store_claim, &p, on_claimed);
}

void idempotency_claim(struct request *rq, idempotency_callback *go_on)
{
    unsigned char hash[FINGERPRINT_BYTES];
    const char *key;
    if (!idempotency_read(rq, &key, hash))
        return;
    if (key == NULL)
        go_on(rq, id_new());
    else
        idempotency_claim_for(rq, key, hash, id_new(), go_on);
}
