/* decode_cbf.h - the two integer compressions of CBF files: x-CBF_PACKED (also V2) and x-CBF_BYTE_OFFSET.
 *
 * Pure functions over memory: they never read outside [in, in + n_in) and write exactly the elements of the
 * array, whatever the bytes are. Elements are 32 bits wide; unsigned ones come out as the same bits. Formats:
 * FORMATS_INPUT 1.4, 1.5, after CBFlib (H. J. Bernstein, P. J. Ellis).
 */
#ifndef XFELX_KERNELS_DECODE_CBF_H
#define XFELX_KERNELS_DECODE_CBF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cbf_status {
    CBF_OK,
    CBF_SHORT, /* the stream ends before the last element */
    CBF_COUNT, /* the stream's own count of elements differs from the dimensions */
    CBF_SHAPE, /* dimensions for which the compression is not defined: rows of one element */
};

/* Shape and dialect of a packed array; n_fast * n_mid * n_slow elements, each dimension ≥ 1. */
struct cbf_packed {
    size_t n_fast, n_mid, n_slow;
    bool v2;           /* x-CBF_PACKED_V2: four bits of width code */
    bool uncorrelated; /* "uncorrelated_sections": sections do not predict each other */
    bool flat;         /* "flat": the previous element alone predicts */
};

/* Decode a section's data (after the magic bytes, 32-byte head included). Cost: one pass, a few ns an
 * element. */
enum cbf_status decode_cbf_packed(const uint8_t *in, size_t n_in, const struct cbf_packed *shape,
                                  int32_t *out);

/* Decode n elements. Bytes left over are no error. Cost: one pass; runs of one-byte steps eight at a time. */
enum cbf_status decode_cbf_byte_offset(const uint8_t *in, size_t n_in, int32_t *out, size_t n);

#endif
