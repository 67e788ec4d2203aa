/* SPDX-License-Identifier: Apache-2.0
 *
 * A pin asks the registry whenever the API's order is another than before, for a tag may have
 * moved; when the registry cannot be reached, the image that is here will do.
 */
#include "warm_pins.h"

#include "base/backoff.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "image_order.h"
#include "timer.h"
#include "warm_pool.h"
#include "wire/field.h"

#include <jansson.h>

#include <errno.h>
#include <limits.h>
#include <string.h>

#define FILE_MAX_BYTES ((size_t)1 << 20)
#define EXPIRY_CHECK_MS 60000
#define RETRY_FIRST_MS 5000
#define RETRY_MAX_MS 300000

struct pin {
    struct warm_pins *pins;
    struct id runner;
    int64_t stamp;
    int64_t expires_at_us;
    char digest[DIGEST_TEXT_BYTES]; /* of what is kept; "" until the first is here */
    bool is_named;                  /* by the order being taken */

    /* Of the order; none until the API has sent it. */
    struct id project;
    struct image_order order;
    char *pull_policy; /* owned */
    uint32_t pull_timeout_s;
    uint32_t pool; /* sandboxes kept waiting, each like: */
    struct sandbox_wish wish;

    struct image_request *request; /* while pulling */
    struct timer *retry;           /* owned */
    struct backoff backoff;
    struct pin *next;
};

struct warm_pins {
    struct warm_pins_parts parts;
    char path[PATH_MAX];
    struct timer *expiry; /* owned */
    struct pin *first;    /* owned */
};

static void warm(struct pin *pin);

static void on_retry(void *ctx)
{
    warm(ctx);
}

static void pin_free(struct pin *pin)
{
    image_request_cancel(pin->request);
    timer_free(pin->retry);
    image_order_done(&pin->order);
    free(pin->pull_policy);
    free(pin);
}

static struct pin *pin_new(struct warm_pins *pins, struct id runner)
{
    struct pin *pin = calloc(1, sizeof(*pin));
    if (pin == NULL)
        return NULL;
    pin->pins = pins;
    pin->runner = runner;
    backoff_init(&pin->backoff, RETRY_FIRST_MS, RETRY_MAX_MS);
    pin->retry = timer_new(pins->parts.loop, on_retry, pin);
    if (pin->retry == NULL) {
        free(pin);
        return NULL;
    }
    pin->next = pins->first;
    pins->first = pin;
    return pin;
}

static struct pin *find(const struct warm_pins *pins, struct id runner)
{
    struct pin *pin = pins->first;
    while (pin != NULL && !id_equal(pin->runner, runner))
        pin = pin->next;
    return pin;
}

/* on disk */

static void put_pins(struct buf *b, const struct warm_pins *pins)
{
    buf_add_text(b, "{\"pins\":[");
    for (const struct pin *pin = pins->first; pin != NULL; pin = pin->next) {
        if (pin->digest[0] == '\0')
            continue;
        field_put_separator(b);
        buf_add_char(b, '{');
        field_put_id(b, "runner", pin->runner);
        field_put_i64(b, "stamp", pin->stamp);
        field_put_text(b, "digest", pin->digest);
        field_put_time(b, "expires_at", pin->expires_at_us);
        buf_add_char(b, '}');
    }
    buf_add_text(b, "]}");
}

static void save(const struct warm_pins *pins)
{
    CLEANUP(buf_done) struct buf b;
    struct err e;
    buf_init(&b, FILE_MAX_BYTES);
    put_pins(&b, pins);
    if (!buf_ok(&b))
        log_error("pins.unsaved error=\"too many\"");
    else if (file_replace(pins->path, b.data, b.len, 0600, &e) < 0)
        log_error("pins.unsaved error=\"%s\"", e.msg);
}

static int load_pin(struct warm_pins *pins, const json_t *object, struct err *e)
{
    struct id runner;
    int64_t stamp = 0;
    int64_t expires_at_us = 0;
    const char *digest = NULL;
    if (field_get_id(object, "runner", &runner, e) < 0 ||
        field_get_i64(object, "stamp", INT64_MIN, INT64_MAX, &stamp, e) < 0 ||
        field_get_text(object, "digest", &digest, e) < 0 ||
        field_get_time(object, "expires_at", &expires_at_us, e) < 0)
        return ERR_INVALID;
    if (!digest_is_valid(digest, strlen(digest)))
        return err_set(e, ERR_INVALID, "digest is not valid");
    struct pin *pin = pin_new(pins, runner);
    if (pin == NULL)
        return err_errno(e, ENOMEM, "pins");
    pin->stamp = stamp;
    pin->expires_at_us = expires_at_us;
    memcpy(pin->digest, digest, sizeof(pin->digest));
    return 0;
}

/* A file that cannot be read costs a pull, no more. */
static void load(struct warm_pins *pins)
{
    CLEANUP(buf_done) struct buf b;
    CLEANUP(field_doc_freep) json_t *doc = NULL;
    json_t *list = NULL;
    struct err e;
    buf_init(&b, FILE_MAX_BYTES);
    int rc = file_read(pins->path, &b, &e);
    if (rc == ERR_NOT_FOUND)
        return;
    if (rc == 0)
        rc = field_doc_parse(b.data, b.len, &doc, &e);
    if (rc == 0)
        rc = field_get_array(doc, "pins", &list, &e);
    for (size_t i = 0; rc == 0 && i < json_array_size(list); i++)
        rc = load_pin(pins, json_array_get(list, i), &e);
    if (rc < 0)
        log_warn("pins.unread error=\"%s\"", e.msg);
}

/* warming */

static void report(const struct pin *pin, const char *digest, const char *message)
{
    const struct agent_event event = {.type = AGENT_EVENT_WARMED,
                                      .run_id = pin->runner,
                                      .warmed = {.image_digest = digest, .message = message}};
    struct err e;
    if (event_outbox_put(pin->pins->parts.outbox, &event, &e) < 0)
        log_error("event.lost runner=%s error=\"%s\"", ID_TEXT(pin->runner), e.msg);
}

static void keep_boxes(const struct pin *pin)
{
    warm_pool_want(pin->pins->parts.pool, pin->runner, pin->pool, &pin->wish, pin->order.reference,
                   pin->digest);
}

static void become_warm(struct pin *pin, const struct image *image)
{
    memcpy(pin->digest, image->digest, sizeof(pin->digest));
    image_store_touch(pin->pins->parts.images, pin->digest);
    backoff_reset(&pin->backoff);
    save(pin->pins);
    log_info("pin.warmed runner=%s image=%s digest=%.19s", ID_TEXT(pin->runner),
             pin->order.reference, pin->digest);
    report(pin, pin->digest, NULL);
    keep_boxes(pin);
}

static const struct image *image_here(const struct pin *pin)
{
    const struct image *image = image_store_find(pin->pins->parts.images, pin->order.reference);
    return image != NULL && image_is_open_to(image, pin->project) ? image : NULL;
}

static void fail(struct pin *pin, const char *message)
{
    uint32_t retry_ms = backoff_next_ms(&pin->backoff);
    log_warn("pin.unwarmed runner=%s error=\"%s\" retry_ms=%u", ID_TEXT(pin->runner), message,
             retry_ms);
    report(pin, NULL, message);
    timer_start(pin->retry, retry_ms);
}

static void on_progress(void *ctx, int64_t done_bytes, int64_t total_bytes)
{
    (void)ctx, (void)done_bytes, (void)total_bytes;
}

static void on_done(void *ctx, const struct image *image, enum termination_reason reason,
                    const struct err *why)
{
    struct pin *pin = ctx;
    pin->request = NULL;
    if (image == NULL && reason == TERMINATION_IMAGE_PULL_FAILED)
        image = image_here(pin);
    if (image != NULL)
        become_warm(pin, image);
    else
        fail(pin, why->msg);
}

static void warm(struct pin *pin)
{
    const struct image_callbacks callbacks = {
        .on_progress = on_progress, .on_done = on_done, .ctx = pin};
    const struct image_wish wish = {.ref = &pin->order.ref,
                                    .login = &pin->order.login,
                                    .project = pin->project,
                                    .timeout_s = pin->pull_timeout_s};
    image_request_cancel(pin->request);
    pin->request = NULL;
    timer_stop(pin->retry);
    if (strcmp(pin->pull_policy, "never") == 0) {
        const struct image *image = image_here(pin);
        if (image != NULL)
            become_warm(pin, image);
        else
            fail(pin, "the image is not on this hypervisor and pull_policy is never");
        return;
    }
    pin->request = image_puller_request(pin->pins->parts.puller, &wish, &callbacks);
    if (pin->request == NULL)
        fail(pin, "out of memory");
}

/* orders */

static int take_pool(struct pin *pin, const struct warm_order *order, struct err *e)
{
    pin->pool = order->pool;
    pin->wish = (struct sandbox_wish){.memory_mb = order->memory_mb,
                                      .cpu_milli = order->cpu_milli,
                                      .pids_limit = order->pids_limit,
                                      .shm_size_mb = order->shm_size_mb,
                                      .read_only = order->read_only};
    return launcher_sandbox_parse(order->network, order->sandbox, &pin->wish, e);
}

static int take_texts(struct pin *pin, const struct warm_order *order, struct err *e)
{
    image_order_done(&pin->order);
    free(pin->pull_policy);
    pin->pull_policy = strdup(order->pull_policy);
    if (pin->pull_policy == NULL)
        return err_errno(e, ENOMEM, "pin");
    return image_order_make(pin->pins->parts.identity, order->image, order->image_digest,
                            order->registry_sealed, &pin->order, e);
}

static bool is_kept(const struct pin *pin)
{
    const struct image_store *images = pin->pins->parts.images;
    for (size_t i = 0; i < image_store_count(images); i++)
        if (strcmp(image_store_at(images, i)->digest, pin->digest) == 0)
            return true;
    return false;
}

static void take_order(struct pin *pin, const struct warm_order *order, bool is_new)
{
    struct err e;
    bool is_same = !is_new && pin->stamp == order->stamp;
    bool is_first_here = pin->pull_policy == NULL;
    pin->is_named = true;
    if (is_same && !is_first_here) {
        if (!order->is_warm && pin->digest[0] != '\0' && pin->request == NULL)
            report(pin, pin->digest, NULL);
        return;
    }
    pin->stamp = order->stamp;
    pin->project = order->project_id;
    pin->expires_at_us = order->expires_at_us;
    pin->pull_timeout_s = order->pull_timeout_seconds;
    if (take_texts(pin, order, &e) < 0 || take_pool(pin, order, &e) < 0) {
        log_warn("pin.unwarmed runner=%s error=\"%s\"", ID_TEXT(pin->runner), e.msg);
        report(pin, NULL, e.msg);
        return;
    }
    if (is_same && is_kept(pin)) {
        if (!order->is_warm)
            report(pin, pin->digest, NULL);
        keep_boxes(pin);
        return;
    }
    warm(pin);
}

/* Returns whether anything was removed. */
static bool remove_pins(struct warm_pins *pins, bool (*is_over)(const struct pin *pin))
{
    bool any = false;
    struct pin **at = &pins->first;
    while (*at != NULL) {
        struct pin *pin = *at;
        if (!is_over(pin)) {
            at = &pin->next;
            continue;
        }
        *at = pin->next;
        log_info("pin.dropped runner=%s", ID_TEXT(pin->runner));
        warm_pool_drop(pins->parts.pool, pin->runner);
        pin_free(pin);
        any = true;
    }
    return any;
}

static bool is_unnamed(const struct pin *pin)
{
    return !pin->is_named;
}

static bool is_expired(const struct pin *pin)
{
    return pin->expires_at_us <= clock_now_us();
}

void warm_pins_take(struct warm_pins *pins, const struct warm_order *orders, size_t n)
{
    for (struct pin *pin = pins->first; pin != NULL; pin = pin->next)
        pin->is_named = false;
    for (size_t i = 0; i < n; i++) {
        struct pin *pin = find(pins, orders[i].runner_id);
        bool is_new = pin == NULL;
        if (is_new)
            pin = pin_new(pins, orders[i].runner_id);
        if (pin == NULL)
            log_error("pin.unwarmed runner=%s error=\"out of memory\"",
                      ID_TEXT(orders[i].runner_id));
        else
            take_order(pin, &orders[i], is_new);
    }
    if (remove_pins(pins, is_unnamed))
        save(pins);
}

static void on_expiry_check(void *ctx)
{
    struct warm_pins *pins = ctx;
    if (remove_pins(pins, is_expired))
        save(pins);
}

bool warm_pins_need(const struct warm_pins *pins, const struct image *image)
{
    for (const struct pin *pin = pins->first; pin != NULL; pin = pin->next)
        if (strcmp(pin->digest, image->digest) == 0 && !is_expired(pin))
            return true;
    return false;
}

int warm_pins_open(const struct warm_pins_parts *parts, struct warm_pins **ret_pins, struct err *e)
{
    struct warm_pins *pins = calloc(1, sizeof(*pins));
    if (pins == NULL)
        return err_errno(e, ENOMEM, "pins");
    pins->parts = *parts;
    int n = snprintf(pins->path, sizeof(pins->path), "%s/pins.json", parts->data_dir);
    pins->expiry = timer_new(parts->loop, on_expiry_check, pins);
    if (n < 0 || (size_t)n >= sizeof(pins->path) || pins->expiry == NULL) {
        warm_pins_close(pins);
        return err_set(e, ERR_INVALID, "data_dir is too long");
    }
    load(pins);
    timer_start_repeating(pins->expiry, EXPIRY_CHECK_MS);
    *ret_pins = pins;
    return 0;
}

void warm_pins_close(struct warm_pins *pins)
{
    if (pins == NULL)
        return;
    while (pins->first != NULL) {
        struct pin *pin = pins->first;
        pins->first = pin->next;
        pin_free(pin);
    }
    timer_free(pins->expiry);
    free(pins);
}
