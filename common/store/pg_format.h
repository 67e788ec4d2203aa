/* SPDX-License-Identifier: Apache-2.0
 *
 * Constants of PostgreSQL's binary format.
 * Source: PostgreSQL manual, "Message Data Types"; src/include/catalog/pg_type.dat.
 */
#ifndef ERRAND_STORE_PG_FORMAT_H
#define ERRAND_STORE_PG_FORMAT_H

#include <stdint.h>

#define PG_OID_BYTEA 17u
#define PG_OID_INT8 20u
#define PG_OID_TEXT 25u
#define PG_OID_TIMESTAMPTZ 1184u
#define PG_OID_UUID 2950u

/* timestamptz counts microseconds from 2000-01-01T00:00:00Z */
#define PG_EPOCH_US INT64_C(946684800000000)

#endif
