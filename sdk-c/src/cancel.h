/* SPDX-License-Identifier: Apache-2.0
 *
 * The library's side of a canceler.
 */
#ifndef ERRAND_SDK_CANCEL_H
#define ERRAND_SDK_CANCEL_H

#include <errand/canceler.h>

/* Readable from the moment the canceler is used, for ever; -1 for NULL. */
int errand_canceler_fd(const errand_canceler *canceler);

int errand_canceler_is_used(const errand_canceler *canceler);

#endif
