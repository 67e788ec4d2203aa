/* SPDX-License-Identifier: Apache-2.0
 *
 * For builds without the dashboard: a table without files.
 */
#include "dashboard/dashboard_files.h"

const struct dashboard_file dashboard_files[] = {{0}};
const size_t dashboard_files_n = 0;
