/* SPDX-License-Identifier: Apache-2.0
 *
 * Who this hypervisor is: its X25519 key pair, to which env values are sealed, and the credential
 * the API gave it. Both in files of mode 0600 in the data dir.
 */
#ifndef ERRAND_HYPERVISOR_AGENT_IDENTITY_H
#define ERRAND_HYPERVISOR_AGENT_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "images/registry_login.h"
#include "run_spec.h"

#define IDENTITY_CREDENTIAL_BYTES 128

struct identity;

/* Read the key pair from `data_dir`, or make one; read the credential when there is one. */
int identity_open(const char *data_dir, struct identity **ret_identity, struct err *e) MUST_USE;

/* Wipes. */
void identity_free(struct identity *identity);

const unsigned char *identity_public_key(const struct identity *identity);

/* NULL until registered. */
const char *identity_credential(const struct identity *identity);

/* Keep what registration gave. */
int identity_set_credential(struct identity *identity, const char *credential,
                            struct err *e) MUST_USE;

/* Open an assignment's `env_sealed` (base64 of crypto_box_seal of a JSON object of texts) and add
 * its variables to `env` as "KEY=VALUE".
 * Errors:  ERR_DENIED   sealed to another key
 *          ERR_INVALID  not what was agreed; the message never holds a value */
int identity_unseal_env(const struct identity *identity, const char *sealed, struct text_list *env,
                        struct err *e) MUST_USE;

/* Open an assignment's `registry_sealed`, made like `env_sealed`, into a login. Errors as above. */
int identity_unseal_login(const struct identity *identity, const char *sealed,
                          struct registry_login *ret_login, struct err *e) MUST_USE;

#endif
