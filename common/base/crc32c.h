/* SPDX-License-Identifier: Apache-2.0
 *
 * CRC-32C (Castagnoli), with the processor's instruction where it has one.
 * Source: RFC 3720, section 12.1 and appendix B.4 (test vectors).
 */
#ifndef ERRAND_BASE_CRC32C_H
#define ERRAND_BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* The checksum of what gave `crc` followed by `n` bytes; begin with 0. */
uint32_t crc32c(uint32_t crc, const void *bytes, size_t n);

/* The same without the processor's help, for hosts that have none. */
uint32_t crc32c_portable(uint32_t crc, const void *bytes, size_t n);

#endif
