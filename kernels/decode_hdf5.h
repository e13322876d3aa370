/* decode_hdf5.h - undo the filters of HDF5 chunks that detectors use (FORMATS_INPUT 4): LZ4, bitshuffle with
 * and without LZ4, byte shuffle, Fletcher32. Deflate is a library's and not here.
 *
 * All functions are pure and safe on any bytes: they read n_src bytes, write at most n_dst bytes, and trust
 * no length found in the stream. src, dst and work must not overlap. Sizes are bytes unless said. This is the
 * plain form: the definition of right for vector forms.
 */
#ifndef XFELX_KERNELS_DECODE_HDF5_H
#define XFELX_KERNELS_DECODE_HDF5_H

#include <stddef.h>
#include <stdint.h>

enum hdf5_decode {
    HDF5_DECODE_OK,
    HDF5_DECODE_SHORT,  /* the stream ends before the chunk is complete */
    HDF5_DECODE_SIZE,   /* the size in the stream's head is not the chunk's */
    HDF5_DECODE_BLOCK,  /* the block size in the head is impossible */
    HDF5_DECODE_LENGTH, /* a compressed block reaches beyond the chunk */
    HDF5_DECODE_LZ4,    /* an LZ4 block is damaged: wrong output size, or a reference to before its start */
    HDF5_DECODE_LEFT_OVER, /* bytes are left after the last block */
    HDF5_DECODE_STREAM,    /* a compressed stream is damaged (for decoders that are not here) */
    HDF5_DECODE_CHECKSUM,  /* Fletcher32 differs */
    HDF5_DECODE_STATES
};

/* What is wrong, for messages: "the stream ends early", … "" for OK. */
const char *hdf5_decode_text(enum hdf5_decode state);

/* One LZ4 block that must give exactly n_dst bytes from exactly n_src. */
enum hdf5_decode lz4_block_decode(const uint8_t *src, size_t n_src, uint8_t *dst, size_t n_dst);

/* Filter 32004: u64 BE size, u32 BE block size, then blocks {u32 BE length, bytes}; length = block: stored
 * raw. */
enum hdf5_decode hdf5_lz4_decode(const uint8_t *src, size_t n_src, uint8_t *dst, size_t n_dst);

/* Filter 32008 with LZ4: u64 BE size, u32 BE block size in bytes, then blocks {u32 BE length, LZ4 of bit
 * planes}, a shorter block, and up to 7 raw elements. element: 1 … 64 bytes, as in the filter's parameters;
 * n_dst must be a multiple of it.
 *
 * work  n_dst bytes; contents do not matter
 */
enum hdf5_decode hdf5_bitshuffle_lz4_decode(const uint8_t *src, size_t n_src, uint8_t *dst, size_t n_dst,
                                            size_t element, void *work);

/* Filter 32008 without compression: no head; block in elements as in the filter's parameters, 0 = default. */
enum hdf5_decode hdf5_bitshuffle_decode(const uint8_t *src, size_t n_src, uint8_t *dst, size_t n_dst,
                                        size_t element, size_t block);

/* Bit planes of n elements (a multiple of 8) back to elements. Planes that are all zero cost one look. */
void bit_planes_join(const uint8_t *planes, size_t n, size_t element, uint8_t *dst);

/* Filter 2: n bytes of byte planes back to elements; bytes beyond the last whole element stand at the end as
 * they are. */
void byte_planes_join(const uint8_t *src, size_t n, size_t element, uint8_t *dst);

/* Filter 3: the last 4 of n bytes are the checksum of those before. n ≥ 4, else SHORT. */
enum hdf5_decode fletcher32_check(const uint8_t *src, size_t n);

#endif
