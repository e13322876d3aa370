/* intensities_read.h - the readers behind intensities_parse. Private to model/. */
#ifndef XFELX_MODEL_INTENSITIES_READ_H
#define XFELX_MODEL_INTENSITIES_READ_H

#include "model/intensities.h"

enum { INTENSITIES_MAX = 50000000, INDEX_LIMIT = 4096 }; /* rows of a file; |h|, |k|, |l| */

/* Rows as the file has them, growing. */
struct raw_intensities {
    struct arena *arena;
    struct intensity *rows;
    size_t n;
    double cell[6];
};

/* false: too many rows, or an index out of bounds (named with place, a line or row number). */
bool raw_intensities_add(struct raw_intensities *r, const double hkl[3], double value, const char *name,
                         size_t place, struct error *err);

bool mtz_known(const uint8_t *data, size_t n);
bool mtz_read(const uint8_t *data, size_t n, const char *name, const char *label, struct raw_intensities *out,
              struct error *err);

#endif
