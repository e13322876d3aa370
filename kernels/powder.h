/* powder.h - frames added up: sum, sum of squares and the largest of the good values of each pixel, or of squares of bin × bin pixels
 * (bin at most 8).
 *
 * Sums are of integers, so that they are the same whatever the order of the frames: values of real types are taken in steps of 1/256.
 * Good: inside the trusted range, and not masked. Values beyond ±2^30 count as that. A sum of squares that does not fit stays at
 * POWDER_FULL, whoever added what first: its deviation is not known.
 */
#ifndef XFELX_KERNELS_POWDER_H
#define XFELX_KERNELS_POWDER_H

#include "kernels/types.h"

#define POWDER_FULL UINT64_MAX

/* n: good values; of none max is INT32_MIN. sum and max in units of 1 / powder_scale, squares in units of its square. */
struct powder_cell {
    int64_t sum;
    uint64_t squares;
    int32_t max;
    uint32_t n;
};

double powder_scale(enum pixel_type type); /* 1 of integers, 256 of reals */

/* Cells along one side of a panel: the last may be cut. */
int32_t powder_cells(int32_t n_pixels, int32_t bin);

/* Cells of which nothing is known; each must be one before it is added to. */
void powder_clear(struct powder_cell *cells, size_t n);

/* Add rows [row0, row1) of cells of a panel.
 *
 * pixels  of the panel, of type; mask [n_slow][n_fast] 1 = good, NULL: all are
 * cells   [powder_cells(n_slow)][powder_cells(n_fast)] of the panel
 */
void powder_add_rows(const struct panel *p, enum pixel_type type, const void *pixels, const uint8_t *mask,
                     int32_t bin, int32_t row0, int32_t row1, struct powder_cell *cells);

/* Add what others counted. */
void powder_add_cells(struct powder_cell *to, const struct powder_cell *from, size_t n);

/* Standard deviation of the good values of a cell about their mean (over n - 1, as dxtbx.image_average has it), in units of 1 / powder_scale:
 * of a square of pixels that of all its pixels together. Right to the last digits however far the mean lies from zero. NaN: of fewer
 * than two values, or not known. */
double powder_deviation(const struct powder_cell *c);

#endif
