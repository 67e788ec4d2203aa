/* SPDX-License-Identifier: Apache-2.0
 *
 * POST /agent/v1/register: a hypervisor introduces itself with a join token and is given its
 * credential. The same name again is the same hypervisor with a new credential and key.
 */
#ifndef ERRAND_WIRE_REGISTRATION_H
#define ERRAND_WIRE_REGISTRATION_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/id.h"

struct json_t;

#define REGISTRATION_KEY_BYTES 32

struct registration {
    const char *name;
    const char *region; /* slug */
    double cpu;         /* cores */
    uint32_t mem_total_mb;
    int64_t disk_free_bytes;
    const char *version;
    const char *const *runtimes; /* `runtimes_n` names: "crun", "runc" */
    size_t runtimes_n;
    const char *labels; /* to encode: "key=value,key=value", or NULL; not parsed */
    unsigned char public_key[REGISTRATION_KEY_BYTES]; /* X25519; env values are sealed to it */

    struct json_t *doc; /* owned; NULL unless parsed */
};

struct registration_answer {
    struct id hypervisor_id;
    const char *name;
    const char *credential; /* "err_h_..." */

    struct json_t *doc; /* owned; NULL unless parsed */
};

void registration_put(struct buf *b, const struct registration *r);
int registration_parse(const char *text, size_t n, struct registration *ret_r,
                       struct err *e) MUST_USE;
void registration_done(struct registration *r);

void registration_answer_put(struct buf *b, const struct registration_answer *answer);
int registration_answer_parse(const char *text, size_t n, struct registration_answer *ret_answer,
                              struct err *e) MUST_USE;
void registration_answer_done(struct registration_answer *answer);

#endif
