/* SPDX-License-Identifier: Apache-2.0
 *
 * The OpenAPI document as it is served at /openapi.json.
 */
#ifndef ERRAND_OPENAPI_OPENAPI_DOCUMENT_H
#define ERRAND_OPENAPI_OPENAPI_DOCUMENT_H

#include <stddef.h>

/* JSON text of `*ret_n` bytes; lives for ever. */
const char *openapi_document(size_t *ret_n);

/* The same as a page for people, and that page's style. */
const char *openapi_docs(size_t *ret_n);
const char *openapi_docs_style(size_t *ret_n);

#endif
