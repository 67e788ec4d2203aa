/* SPDX-License-Identifier: Apache-2.0
 *
 * Connection strings, looked at before anything connects: libpq would take most mistakes for a
 * server that is not there yet.
 */
#ifndef ERRAND_STORE_CONNINFO_H
#define ERRAND_STORE_CONNINFO_H

/* NULL when libpq understands `text`; else what it must be ("must be ..."), static, without a word
 * of it, for it may hold a password. */
const char *conninfo_problem(const char *text);

#endif
