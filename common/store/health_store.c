/* SPDX-License-Identifier: Apache-2.0 */
#include "store/health_store.h"

#define TEXT_OF(number) TEXT_OF_VALUE(number)
#define TEXT_OF_VALUE(value) #value

static const char sql_check[] =
    "SELECT (SELECT coalesce(max(version), 0) FROM schema_migrations),"
    "       EXISTS (SELECT FROM leases WHERE role = 'scheduler' AND renewed_at >"
    "               now() - interval '" TEXT_OF(HEALTH_STORE_LEASE_SECONDS) " seconds')";

const struct statement health_store_check = {"health_check", sql_check, .repeatable = true};
