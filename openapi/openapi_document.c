/* SPDX-License-Identifier: Apache-2.0
 *
 * errand.json and what is made of it, embedded by cmake/Embed.cmake.
 */
#include "openapi/openapi_document.h"

extern const unsigned char errand_openapi_json[];
extern const unsigned char errand_openapi_json_end[];
extern const unsigned char errand_docs_html[];
extern const unsigned char errand_docs_html_end[];
extern const unsigned char errand_docs_css[];
extern const unsigned char errand_docs_css_end[];

const char *openapi_document(size_t *ret_n)
{
    *ret_n = (size_t)(errand_openapi_json_end - errand_openapi_json);
    return (const char *)errand_openapi_json;
}

const char *openapi_docs(size_t *ret_n)
{
    *ret_n = (size_t)(errand_docs_html_end - errand_docs_html);
    return (const char *)errand_docs_html;
}

const char *openapi_docs_style(size_t *ret_n)
{
    *ret_n = (size_t)(errand_docs_css_end - errand_docs_css);
    return (const char *)errand_docs_css;
}
