/* bitshuffle_fuzz.c - any bytes as a chunk behind each filter: decoded to exactly its size or refused, never a step outside
 * the buffers. The first four bytes choose element size, block and chunk size. */
#include "kernels/decode_hdf5.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 4)
        return 0;
    size_t element = 1 + data[0] % 8, block = 8u * (data[1] % 64);
    size_t n = ((size_t)data[2] | (size_t)data[3] << 8) * element;
    data += 4;
    size -= 4;
    uint8_t *src = malloc(size ? size : 1), *dst = malloc(n ? n : 1), *work = malloc(n ? n : 1);
    memcpy(src, data, size);
    hdf5_bitshuffle_lz4_decode(src, size, dst, n, element, work);
    hdf5_bitshuffle_decode(src, size, dst, n, element, block);
    hdf5_lz4_decode(src, size, dst, n);
    lz4_block_decode(src, size, dst, n);
    fletcher32_check(src, size);
    if (size <= n)
        byte_planes_join(src, size, element, dst);
    free(src);
    free(dst);
    free(work);
    return 0;
}
