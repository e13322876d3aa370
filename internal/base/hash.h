/* hash.h - checksums: SHA-256 (identity), MD5 (CBF sections), CRC-32C (journals), Adler-32 (copies). Plain C, any length, streaming. */
#ifndef XFELX_BASE_HASH_H
#define XFELX_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

struct sha256 {
    uint32_t state[8];
    uint64_t bytes;
    uint8_t block[64];
};
void sha256_start(struct sha256 *h);
void sha256_add(struct sha256 *h, const void *data, size_t n);
void sha256_end(struct sha256 *h, uint8_t out[32]);
void sha256(const void *data, size_t n, uint8_t out[32]);

void md5(const void *data, size_t n, uint8_t out[16]);     /* RFC 1321 */
uint32_t crc32c(uint32_t crc, const void *data, size_t n); /* start with 0; "123456789" gives 0xE3069283 */

uint32_t hash_adler32(uint32_t sum, const void *data,
                      size_t n); /* RFC 1950; start with 1; "123456789" gives 0x091E01DE */

/* Lower-case hexadecimal; out holds 2n + 1 bytes. Returns out. */
char *hash_hex(const uint8_t *hash, size_t n, char *out);

#endif
