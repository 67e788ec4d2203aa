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
    struct leftovers_parts parts;
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

/* "<run>-<attempt>", or of a box */
static bool is_a_name(const char *name)
{
    struct id id;
    int64_t attempt;
    const char *hyphen = strrchr(name, '-');
    return hyphen != NULL && id_parse(name, (size_t)(hyphen - name), &id, NULL) == 0 &&
           parse_i64(hyphen + 1, 0, UINT32_MAX, "attempt", &attempt, NULL) == 0;
}

static bool is_in_use(const struct leftovers *l, const char *name)
{
    for (const struct run *run = run_table_first(l->parts.runs); run != NULL; run = run->next) {
        char its_name[RUN_BOX_NAME_BYTES];
        run_group_name(run, its_name);
        if (strcmp(its_name, name) == 0)
            return true;
    }
    return l->parts.is_box(l->parts.ctx, name);
}

static void sweep_one(void *ctx, const char *name)
{
    struct leftovers *l = ctx;
    char path[256];
    struct err e;
    if (!is_a_name(name) || is_in_use(l, name) ||
        snprintf(path, sizeof(path), "%s/%s", l->parent, name) < 0)
        return;
    (void)cgroup_kill(l->layout, path);
    if (cgroup_remove(l->layout, path, &e) == 0) {
        log_warn("run.swept group=%s", name);
        return;
    }
    l->is_dying = true;
    log_debug("run.unswept group=%s error=\"%s\"", name, e.msg);
}

static void sweep(void *ctx)
{
    struct leftovers *l = ctx;
    l->is_dying = false;
    cgroup_each_below(l->layout, l->parent, sweep_one, l);
    timer_start(l->timer, l->is_dying ? SOON_MS : INTERVAL_MS);
}

int leftovers_new(const struct leftovers_parts *parts, struct leftovers **ret_leftovers,
                  struct err *e)
{
    enum cgroup_layout layout;
    int rc = cgroup_layout_find(&layout, e);
    if (rc < 0)
        return rc;
    struct leftovers *l = calloc(1, sizeof(*l));
    if (l == NULL)
        return err_errno(e, ENOMEM, "leftovers");
    l->parts = *parts;
    l->layout = layout;
    memcpy(l->parent, parts->parent, strnlen(parts->parent, sizeof(l->parent) - 1));
    l->parts.parent = l->parent;
    l->timer = timer_new(parts->loop, sweep, l);
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
    if (run_table_first(l->parts.runs) == NULL)
        (void)!cgroup_remove(l->layout, l->parent, NULL);
    timer_free(l->timer);
    free(l);
}

void leftovers_start(struct leftovers *l)
{
    sweep(l);
}
