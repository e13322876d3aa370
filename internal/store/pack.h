/* pack.h - fixed-width blobs of the schema: big-endian, so that SQL can decode them (STORE 3.1). */
#ifndef XFELX_STORE_PACK_H
#define XFELX_STORE_PACK_H

#include "model/model.h"

/* frame.stages: 9 × u16 in units of 0.1 ms (65535 = more), u16 thread, 12 zero bytes. */
void pack_stages(const struct result *r, uint8_t out[32]);
void unpack_stages(const uint8_t in[32], double ms[STAGE_MAX]);

/* lattice.mat, lattice.free_cell: n × f64. */
void pack_reals(const double *values, size_t n, uint8_t *out);
void unpack_reals(const uint8_t *in, size_t n, double *values);

/* Histograms: n × u32. */
void pack_counts(const uint32_t *values, size_t n, uint8_t *out);
void unpack_counts(const uint8_t *in, size_t n, uint32_t *values);

/* lattice.free_cov: n × f32. */
void pack_floats(const double *values, size_t n, uint8_t *out);

/* lattice.shells: 10 shells of equal volume from infinity to d_min (lattice.shell_d), low resolution first, 11 bytes each: u16
 * number of reflections, then mean I, mean σ, mean I/σ as u16 m, u8 e: value = (m - 32768)·2^(e-128), m = 0:
 * none. */
void pack_shells(const struct reflection *rows, size_t n, double d_min, uint8_t out[110]);
double unpack_small(const uint8_t in[3]); /* one such value; NaN: none */

#endif
