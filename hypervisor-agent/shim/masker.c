/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/masker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char mask[] = "***";

int masker_init(struct masker *masker, const struct secret_set *set, masker_emit *emit, void *ctx,
                struct err *e)
{
    *masker = (struct masker){.set = set, .emit = emit, .ctx = ctx};
    masker->room = secret_set_max_bytes(set) + MASKER_READ_BYTES;
    masker->data = malloc(masker->room + SECRET_SET_SLACK);
    return masker->data != NULL ? 0 : err_errno(e, ENOMEM, "prepare masking");
}

void masker_done(struct masker *masker)
{
    if (masker->data != NULL)
        explicit_bzero(masker->data, masker->room);
    free(masker->data);
    masker->data = NULL;
}

/* What is held is shorter than the longest form. */
char *masker_room(struct masker *masker, size_t *ret_n)
{
    *ret_n = masker->room - masker->n;
    return masker->data + masker->n;
}

static void let_out(struct masker *masker, size_t to)
{
    if (to <= masker->out)
        return;
    masker->emit(masker->ctx, masker->data + masker->out, to - masker->out);
    masker->out = to;
    masker->is_masked = false;
}

static void hide(void *ctx, size_t from, size_t to)
{
    struct masker *masker = ctx;
    let_out(masker, from);
    if (to <= masker->out)
        return;
    if (from >= masker->out || !masker->is_masked)
        masker->emit(masker->ctx, mask, sizeof(mask) - 1);
    masker->out = to;
    masker->is_masked = true;
}

void masker_take(struct masker *masker, size_t n)
{
    masker->n += n;
    size_t held_from = secret_set_find(masker->set, masker->data, masker->n, hide, masker);
    let_out(masker, held_from);
    masker->n -= held_from;
    masker->out -= held_from;
    memmove(masker->data, masker->data + held_from, masker->n);
}

bool masker_is_holding(const struct masker *masker)
{
    return masker->out < masker->n;
}

void masker_flush(struct masker *masker)
{
    size_t half = secret_set_find_half(masker->set, masker->data, masker->n);
    if (half < masker->n)
        hide(masker, half, masker->n);
    else
        let_out(masker, masker->n);
}
