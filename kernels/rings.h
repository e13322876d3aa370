/* rings.h - how bright a frame is in bands of resolution: means of a sample of its good pixels, by band and by sector of azimuth.
 *
 * Bands are given in t = (λ/d)² = 2 (1 - cos 2θ), which needs no arc sine. Which pixels are in which band is laid down once for a detector, a
 * mask and a wavelength: runs of neighbouring pixels in every step-th row. A frame is then added run by run. Sums of sectors, not of
 * whole rings, because a Bragg spot spoils one of them, and what the beam stop or a module does to one is not done to others: medians over
 * the sectors are what is used (ice.h).
 */
#ifndef XFELX_KERNELS_RINGS_H
#define XFELX_KERNELS_RINGS_H

#include "kernels/types.h"

enum { RINGS_BANDS = 24, RINGS_SECTORS = 16, RINGS_RUN_MAX = 64 };

/* Disjoint, in any order; half-open [lo, hi). */
struct ring_bands {
    size_t n;
    double lo[RINGS_BANDS], hi[RINGS_BANDS];
};

/* n pixels from number `first` of a panel on. */
struct ring_run {
    uint32_t first;
    uint16_t n;
    uint8_t band, sector;
};

struct ring_cell {
    double sum; /* of values as in the file */
    uint32_t n;
};
struct ring_sums {
    struct ring_cell cells[RINGS_BANDS][RINGS_SECTORS];
};

/* (λ/d)² of a direction from the sample (mm, any length > 0). */
double rings_t(const double direction[3], const double lab[3]);

/* The runs of one panel: rows first_row, first_row + step, … without what mask (1 = good, NULL: all) excludes. A pixel belongs to the
 * band of its centre; parallax, below a tenth of a band, is left out.
 *
 * direction  unit vector sample → source
 * runs       [capacity] out
 * area       [RINGS_BANDS] pixels of each band are added to it
 * returns    runs that there are; more than capacity: only so many were written (areas are right)
 */
size_t rings_lay(const struct ring_bands *bands, const struct panel *panel, const double direction[3],
                 const uint8_t *mask, int32_t first_row, int32_t step, struct ring_run *runs, size_t capacity,
                 uint32_t area[RINGS_BANDS]);

/* Add a panel's pixels; those outside the trusted range do not count. Values lose the panel's pedestal and gain. */
void rings_add(const struct panel *panel, enum pixel_type type, const void *pixels,
               const struct ring_run *runs, size_t n, struct ring_sums *sums);

/* Take strong pixels (of this panel, in any order) out of the sums again: what is looked for lies between the spots. */
void rings_remove(const struct panel *panel, const struct strong_pixel *strong, size_t n_strong,
                  const struct ring_run *runs, size_t n, struct ring_sums *sums);

/* Median over the sectors with at least `least` pixels of the band's mean; *sectors: how many they are. NaN: none. */
double rings_median(const struct ring_cell cells[RINGS_SECTORS], uint32_t least, size_t *sectors);

/* Median of n numbers, which it sorts; NaN for none. */
double rings_median_of(double *values, size_t n);

#endif
