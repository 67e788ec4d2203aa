/* SPDX-License-Identifier: Apache-2.0
 *
 * errand.json, embedded by cmake/Embed.cmake.
 */
#include "openapi/openapi_document.h"

extern const unsigned char errand_openapi_json[];
extern const unsigned char errand_openapi_json_end[];

const char *openapi_document(size_t *ret_n)
{
    *ret_n = (size_t)(errand_openapi_json_end - errand_openapi_json);
    return (const char *)errand_openapi_json;
}
