/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/warm_line.h"

#include "base/log.h"
#include "model/limits.h"
#include "wire/assignment_line.h"

#include "runners/sealed_login.h"

#define FNV_START UINT64_C(14695981039346656037)
#define FNV_PRIME UINT64_C(1099511628211)

static uint64_t mix(uint64_t hash, const void *bytes, size_t n)
{
    const unsigned char *byte = bytes;
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ byte[i]) * FNV_PRIME;
    return hash;
}

uint64_t warm_line_fingerprint(const struct rows *rows)
{
    uint64_t hash = FNV_START;
    for (int i = 0; i < rows_count(rows); i++) {
        struct warm_pin pin;
        warm_store_read_pin(rows, i, &pin);
        hash = mix(hash, &pin.runner, sizeof(pin.runner));
        hash = mix(hash, &pin.stamp, sizeof(pin.stamp));
    }
    return hash | 1;
}

static struct warm_order order_of(const struct warm_pin *pin, const char *registry_sealed)
{
    return (struct warm_order){
        .runner_id = pin->runner,
        .project_id = pin->project,
        .stamp = pin->stamp,
        .is_warm = pin->is_warm,
        .image = pin->image,
        .image_digest = pin->image_digest,
        .registry_sealed = registry_sealed,
        .pull_policy = pin->pull_policy,
        .pull_timeout_seconds = (uint32_t)pin->pull_timeout_seconds,
        .expires_at_us = pin->expires_at_us,
        .pool = (uint32_t)pin->pool,
        .memory_mb = (uint32_t)pin->memory_mb,
        .cpu_milli = (uint32_t)pin->cpu_milli,
        .pids_limit = (uint32_t)pin->pids_limit,
        .shm_size_mb = (uint32_t)pin->shm_size_mb,
        .read_only = pin->read_only,
        .network = pin->network,
        .sandbox = pin->sandbox,
    };
}

static void put_pin(struct buf *b, const struct warm_pin *pin, const struct key_ring *ring)
{
    CLEANUP(buf_done) struct buf login;
    struct err e;
    buf_init(&login, LIMIT_ASSIGNMENT_BYTES);
    if (!id_is_nil(pin->registry.id) &&
        sealed_login_put(&login, ring, &pin->registry, pin->public_key, &e) < 0) {
        log_error("pin.unsealed runner=%s error=\"%s\"", ID_TEXT(pin->runner), e.msg);
        return;
    }
    struct warm_order order = order_of(pin, login.len > 0 ? buf_text(&login) : NULL);
    assignment_line_put_pin(b, &order);
}

void warm_line_put(struct buf *b, const struct rows *rows, const struct key_ring *ring)
{
    assignment_line_open_warm(b);
    for (int i = 0; i < rows_count(rows); i++) {
        struct warm_pin pin;
        warm_store_read_pin(rows, i, &pin);
        put_pin(b, &pin, ring);
    }
    assignment_line_close_warm(b);
}
