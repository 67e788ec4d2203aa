/* SPDX-License-Identifier: Apache-2.0 */
#include "leftovers.h"

#include "base/log.h"
#include "base/parse.h"
#include "drivers/cgroup.h"
#include "timer.h"

#include <sodium.h>

#include <errno.h>
#include <string.h>

#define INTERVAL_MS 30000
#define SOON_MS 200 /* something was killed and is still dying */
#define TAG_BYTES 8

struct leftovers {
    const struct run_table *runs;
    struct timer *timer; /* owned */
    enum cgroup_layout layout;
    bool is_dying;
    char parent[LEFTOVERS_PARENT_BYTES];
};

void leftovers_name_parent(const char *data_dir, char parent[LEFTOVERS_PARENT_BYTES])
{
    unsigned char tag[crypto_generichash_BYTES_MIN];
    char hex[2 * TAG_BYTES + 1];
    _Static_assert(sizeof(tag) >= TAG_BYTES, "as many as are used");
    (void)crypto_generichash(tag, sizeof(tag), (const unsigned char *)data_dir, strlen(data_dir),
                             NULL, 0);
    (void)sodium_bin2hex(hex, sizeof(hex), tag, TAG_BYTES);
    (void)snprintf(parent, LEFTOVERS_PARENT_BYTES, "/errand/%s", hex);
}

/* "<run>-<attempt>" */
static bool parse_name(const char *name, struct id *ret_id, uint32_t *ret_attempt)
{
    int64_t attempt = 0;
    const char *hyphen = strrchr(name, '-');
    if (hyphen == NULL || id_parse(name, (size_t)(hyphen - name), ret_id, NULL) < 0 ||
        parse_i64(hyphen + 1, 1, UINT32_MAX, "attempt", &attempt, NULL) < 0)
        return false;
    *ret_attempt = (uint32_t)attempt;
    return true;
}

static void sweep_one(void *ctx, const char *name)
{
    struct leftovers *l = ctx;
    char path[256];
    struct id id;
    uint32_t attempt;
    struct err e;
    if (!parse_name(name, &id, &attempt) || run_table_find(l->runs, id, attempt) != NULL ||
        snprintf(path, sizeof(path), "%s/%s", l->parent, name) < 0)
        return;
    (void)cgroup_kill(l->layout, path);
    if (cgroup_remove(l->layout, path, &e) == 0) {
        log_warn("run.swept run=%s attempt=%u", ID_TEXT(id), attempt);
        return;
    }
    l->is_dying = true;
    log_debug("run.unswept run=%s attempt=%u error=\"%s\"", ID_TEXT(id), attempt, e.msg);
}

static void sweep(void *ctx)
{
    struct leftovers *l = ctx;
    l->is_dying = false;
    cgroup_each_below(l->layout, l->parent, sweep_one, l);
    timer_start(l->timer, l->is_dying ? SOON_MS : INTERVAL_MS);
}

int leftovers_new(struct uv_loop_s *loop, const struct run_table *runs, const char *parent,
                  struct leftovers **ret_leftovers, struct err *e)
{
    enum cgroup_layout layout;
    int rc = cgroup_layout_find(&layout, e);
    if (rc < 0)
        return rc;
    struct leftovers *l = calloc(1, sizeof(*l));
    if (l == NULL)
        return err_errno(e, ENOMEM, "leftovers");
    l->runs = runs;
    l->layout = layout;
    memcpy(l->parent, parent, strnlen(parent, sizeof(l->parent) - 1));
    l->timer = timer_new(loop, sweep, l);
    if (l->timer == NULL) {
        free(l);
        return err_errno(e, ENOMEM, "leftovers");
    }
    *ret_leftovers = l;
    return 0;
}

void leftovers_free(struct leftovers *l)
{
    if (l == NULL)
        return;
    if (run_table_first(l->runs) == NULL)
        (void)!cgroup_remove(l->layout, l->parent, NULL);
    timer_free(l->timer);
    free(l);
}

void leftovers_start(struct leftovers *l)
{
    sweep(l);
}
