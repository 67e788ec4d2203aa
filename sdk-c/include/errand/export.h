/* SPDX-License-Identifier: Apache-2.0
 *
 * What the shared library shows to its callers. Everything else is hidden.
 */
#ifndef ERRAND_EXPORT_H
#define ERRAND_EXPORT_H

#if defined(__GNUC__)
#define ERRAND_API __attribute__((visibility("default")))
#else
#define ERRAND_API
#endif

#ifdef __cplusplus
#define ERRAND_BEGIN_DECLS extern "C" {
#define ERRAND_END_DECLS }
#else
#define ERRAND_BEGIN_DECLS
#define ERRAND_END_DECLS
#endif

#endif
