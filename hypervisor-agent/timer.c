/* SPDX-License-Identifier: Apache-2.0 */
#include "timer.h"

#include <uv.h>

#include <stdlib.h>

struct timer {
    uv_timer_t uv; /* its `data` is the timer */
    timer_fn *fn;
    void *ctx;
};

static void on_expiry(uv_timer_t *uv)
{
    const struct timer *timer = uv->data;
    timer->fn(timer->ctx);
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

struct timer *timer_new(struct uv_loop_s *loop, timer_fn *fn, void *ctx)
{
    struct timer *timer = calloc(1, sizeof(*timer));
    if (timer == NULL)
        return NULL;
    timer->fn = fn;
    timer->ctx = ctx;
    (void)uv_timer_init(loop, &timer->uv);
    timer->uv.data = timer;
    return timer;
}

void timer_start(struct timer *timer, uint64_t ms)
{
    uv_update_time(timer->uv.loop);
    (void)uv_timer_start(&timer->uv, on_expiry, ms, 0);
}

void timer_start_repeating(struct timer *timer, uint64_t ms)
{
    uv_update_time(timer->uv.loop);
    (void)uv_timer_start(&timer->uv, on_expiry, ms, ms);
}

void timer_stop(struct timer *timer)
{
    (void)uv_timer_stop(&timer->uv);
}

bool timer_is_running(const struct timer *timer)
{
    return uv_is_active((const uv_handle_t *)&timer->uv) != 0;
}

void timer_free(struct timer *timer)
{
    if (timer != NULL)
        uv_close((uv_handle_t *)&timer->uv, on_closed);
}
