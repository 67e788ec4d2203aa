/* SPDX-License-Identifier: Apache-2.0
 *
 * liberrand: runs containers on demand through an Errand server. Everything there is.
 */
#ifndef ERRAND_ERRAND_H
#define ERRAND_ERRAND_H

#include <errand/allocator.h>
#include <errand/call.h>
#include <errand/canceler.h>
#include <errand/client.h>
#include <errand/env.h>
#include <errand/error.h>
#include <errand/follow.h>
#include <errand/hypervisor.h>
#include <errand/iterator.h>
#include <errand/log.h>
#include <errand/page.h>
#include <errand/run.h>
#include <errand/runner.h>
#include <errand/version.h>

#endif
