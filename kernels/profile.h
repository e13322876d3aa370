/* profile.h - the shape of a reflection on the detector: spot size of a lattice, shoebox, foreground
 * (ALGORITHMS 5.3).
 *
 * The model is that of DIALS' gaussian_rs for stills: a spot is a Gaussian of one width σ_b (radians) in
 * Kabsch's coordinates ε1, ε2 around the predicted beam.
 */
#ifndef XFELX_KERNELS_PROFILE_H
#define XFELX_KERNELS_PROFILE_H

#include "kernels/predict.h"
#include "kernels/types.h"

/* Spot size of a lattice from its indexed strong spots: sqrt of the mean over spots of Σ v α² / (Σ v − 1), α
 * the angle between the ray of a pixel and the predicted beam, v the raw pixel value. Spots with Σ v ≤ 1 do
 * not count.
 *
 * pixels     the list that spots' first_pixel and n_pixels point into [n_pixels]
 * rows       indexed rows; those of `lattice` with spot ≥ 0 are used, with their s1 [n_rows]
 * returns    radians; 0: no usable spot (or indices that point nowhere)
 */
double profile_sigma_b(const struct view *view, const struct strong_pixel *pixels, size_t n_pixels,
                       const struct spot *spots, size_t n_spots, const struct reflection *rows, size_t n_rows,
                       uint32_t lattice);

/* Kabsch's axes around a predicted beam: ê1 = ŝ1 × ŝ0, ê2 = ŝ1 × ê1. */
struct kabsch {
    double s1[3]; /* unit */
    double e1[3], e2[3];
};

/* false on the beam itself, where the axes are undefined. */
bool kabsch_init(struct kabsch *k, const struct beam_vector *beam, const double s1[3]);

/* ε1² + ε2² of the ray through a laboratory point. */
double kabsch_distance2(const struct kabsch *k, const double lab[3]);

/* Integration box: pixels of a panel between the rays at (±reach, ±reach) radians, floor and ceil. May leave
 * the panel. false when a corner ray misses the plane, or the box has no pixel or a side longer than
 * PROFILE_BOX_SIDE. */
bool profile_box(const struct kabsch *k, const struct panel *p, double reach, int32_t box[4]);

enum { PROFILE_BOX_SIDE = 512 };

/* Foreground of a reflection inside a box of pixels: those with any of their four corners within `radius`
 * (radians).
 *
 * box      x0, x1, y0, y1, half-open; may leave the panel
 * inside   [y1 - y0][x1 - x0] out: 1 = foreground
 */
void profile_foreground(const struct kabsch *k, const struct panel *p, double radius, const int32_t box[4],
                        uint8_t *inside);

#endif
