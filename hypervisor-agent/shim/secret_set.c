/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/secret_set.h"

#include "shim/secret_forms.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FORMS_OF_A_LINE 40
#define STRIDE 4
#define HASH_BITS 16
#define HASHES ((size_t)1 << HASH_BITS)
#define CHAINS ((size_t)1 << 10)
#define NO_ENTRY UINT32_MAX

_Static_assert(SECRET_MIN_BYTES >= STRIDE - 1 + 3, "three own bytes at every fourth place");

struct form {
    char *bytes; /* owned */
    size_t n;
};

/* The three bytes at `offset` of a form. */
struct entry {
    uint32_t form;
    uint32_t next; /* of its chain */
    uint16_t hash;
    uint8_t offset; /* within a chain, never growing */
};

struct secret_set {
    struct form *forms; /* owned */
    size_t n;
    size_t room;
    size_t max_bytes;
    struct entry *entries; /* owned; STRIDE for each form */
    uint8_t threes[HASHES / 8];
    uint8_t firsts[256 / 8]; /* bytes that a form begins with */
    uint32_t chains[CHAINS];
};

struct secret_set *secret_set_new(void)
{
    struct secret_set *set = calloc(1, sizeof(*set));
    return set;
}

void secret_set_free(struct secret_set *set)
{
    if (set == NULL)
        return;
    for (size_t i = 0; i < set->n; i++) {
        explicit_bzero(set->forms[i].bytes, set->forms[i].n);
        free(set->forms[i].bytes);
    }
    free(set->forms);
    free(set->entries);
    free(set);
}

/* Most encodings leave most values as they are: of the forms of one line many are the same. */
static bool has_lately(const struct secret_set *set, const char *bytes, size_t n)
{
    size_t last = set->n > FORMS_OF_A_LINE ? set->n - FORMS_OF_A_LINE : 0;
    for (size_t i = set->n; i > last; i--)
        if (set->forms[i - 1].n == n && memcmp(set->forms[i - 1].bytes, bytes, n) == 0)
            return true;
    return false;
}

static int make_room(struct secret_set *set)
{
    if (set->n < set->room)
        return 0;
    size_t room = set->room == 0 ? 64 : set->room * 2;
    struct form *forms = reallocarray(set->forms, room, sizeof(*forms));
    if (forms == NULL)
        return -1;
    set->forms = forms;
    set->room = room;
    return 0;
}

static int take_form(void *ctx, const char *bytes, size_t n, struct err *e)
{
    struct secret_set *set = ctx;
    if (has_lately(set, bytes, n))
        return 0;
    char *copy = malloc(n);
    if (copy == NULL || make_room(set) < 0) {
        free(copy);
        return err_errno(e, ENOMEM, "prepare masking");
    }
    memcpy(copy, bytes, n);
    set->forms[set->n++] = (struct form){copy, n};
    if (n > set->max_bytes)
        set->max_bytes = n;
    return 0;
}

int secret_set_add(struct secret_set *set, const char *value, size_t n, struct err *e)
{
    return secret_forms_each(value, n, take_form, set, e);
}

/* Of the three bytes at `at`; reads a fourth. */
static uint16_t hash_at(const char *at)
{
    uint32_t word;
    memcpy(&word, at, sizeof(word));
    word = le32toh(word) & 0xffffff;
    return (uint16_t)(word * UINT32_C(0x9e3779b1) >> (32 - HASH_BITS));
}

static void add_entry(struct secret_set *set, size_t form, uint8_t offset)
{
    char own[4] = {0};
    memcpy(own, set->forms[form].bytes + offset, 3);
    uint16_t hash = hash_at(own);
    uint32_t i = (uint32_t)(form * STRIDE + offset);
    uint32_t *chain = &set->chains[hash % CHAINS];
    set->entries[i] = (struct entry){(uint32_t)form, *chain, hash, offset};
    *chain = i;
    set->threes[hash / 8] |= (uint8_t)(1U << hash % 8);
}

/* The largest offset last, so that it comes first in its chain: the earliest place. */
int secret_set_prepare(struct secret_set *set, struct err *e)
{
    memset(set->chains, 0xff, sizeof(set->chains));
    if (set->n == 0)
        return 0;
    set->entries = calloc(set->n * STRIDE, sizeof(*set->entries));
    if (set->entries == NULL)
        return err_errno(e, ENOMEM, "prepare masking");
    for (uint8_t offset = 0; offset < STRIDE; offset++)
        for (size_t i = 0; i < set->n; i++)
            add_entry(set, i, offset);
    for (size_t i = 0; i < set->n; i++) {
        unsigned char first = (unsigned char)set->forms[i].bytes[0];
        set->firsts[first / 8] |= (uint8_t)(1U << first % 8);
    }
    return 0;
}

bool secret_set_is_empty(const struct secret_set *set)
{
    return set->n == 0;
}

size_t secret_set_max_bytes(const struct secret_set *set)
{
    return set->max_bytes;
}

struct search {
    const struct secret_set *set;
    const char *text;
    size_t n;
    secret_found_fn *found;
    void *ctx;
    size_t open; /* the first place of a form that is cut off */
};

static void compare(struct search *search, const struct form *form, size_t from)
{
    size_t left = search->n - from;
    size_t n = form->n < left ? form->n : left;
    if (memcmp(search->text + from, form->bytes, n) != 0)
        return;
    if (form->n <= left && from <= search->open)
        search->found(search->ctx, from, from + form->n);
    else if (form->n > left && from < search->open)
        search->open = from;
}

static void look_at(struct search *search, size_t at, uint16_t hash)
{
    const struct secret_set *set = search->set;
    uint32_t next;
    for (uint32_t i = set->chains[hash % CHAINS]; i != NO_ENTRY; i = next) {
        const struct entry *entry = &set->entries[i];
        next = entry->next;
        if (entry->hash == hash && entry->offset <= at)
            compare(search, &set->forms[entry->form], at - entry->offset);
    }
}

/* Fewer bytes than any form has: only whether one may have begun. */
static size_t find_begun(const struct secret_set *set, const char *text, size_t n)
{
    size_t from = n < SECRET_MIN_BYTES ? 0 : n - SECRET_MIN_BYTES + 1;
    for (; from < n; from++) {
        unsigned char first = (unsigned char)text[from];
        if ((set->firsts[first / 8] >> first % 8 & 1) == 0)
            continue;
        for (size_t i = 0; i < set->n; i++)
            if (memcmp(set->forms[i].bytes, text + from, n - from) == 0)
                return from;
    }
    return n;
}

size_t secret_set_find(const struct secret_set *set, const char *text, size_t n,
                       secret_found_fn *found, void *ctx)
{
    struct search search = {set, text, n, found, ctx, n};
    for (size_t at = 0; at + 3 <= n; at += STRIDE) {
        uint16_t hash = hash_at(text + at);
        if ((set->threes[hash / 8] >> hash % 8 & 1) != 0)
            look_at(&search, at, hash);
    }
    size_t begun = find_begun(set, text, n);
    return begun < search.open ? begun : search.open;
}

size_t secret_set_find_half(const struct secret_set *set, const char *text, size_t n)
{
    size_t first = n;
    for (size_t i = 0; i < set->n; i++) {
        const struct form *form = &set->forms[i];
        size_t least = form->n / 2 > SECRET_MIN_BYTES ? form->n / 2 : SECRET_MIN_BYTES;
        for (size_t from = form->n < n ? n - form->n + 1 : 0; from + least <= n && from < first;
             from++)
            if (memcmp(form->bytes, text + from, n - from) == 0)
                first = from;
    }
    return first;
}
