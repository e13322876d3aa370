/* spot_length.h - how long spots are: a sign of split crystals, of a wide spectrum, of a detector that moved (F-033). */
#ifndef XFELX_KERNELS_SPOT_LENGTH_H
#define XFELX_KERNELS_SPOT_LENGTH_H

#include "kernels/types.h"

/* Extent of a spot along its long axis, px: from the outer edge of the first pixel to that of the last. The axis is that of the largest
 * second moment of its n strong pixels, each counting once, so that a bright core does not hide a tail. 1 for one pixel, 0 for none. */
double spot_length(const struct strong_pixel *pixels, size_t n);

/* Median over the spots; 0: there is none. lengths: [n] work memory. */
double spots_length(const struct spot *spots, size_t n, const struct strong_pixel *pixels, double *lengths);

#endif
