/* centroid.h - where a spot is, without its background, and how well that is known (ALGORITHMS_GEOMETRY 2.3).
 *
 * The centroid of label.h is DIALS': of the strong pixels alone and with the background in it, which pulls it towards the middle of
 * the pixels that happened to be strong. What refines the detector's place needs better: the spot's pixels and their neighbours,
 * less the mean of the pixels around, and the covariance that counting gives them.
 *
 * The marks say which pixels of the panel are strong: zeroed once by the caller, then for each panel
 *
 *     centroid_mark(panel, strong, n, marks);          // all its strong pixels
 *     for its spots: centroid_of(&image, gain, &spot, strong of the spot, marks, &c);
 *     centroid_unmark(panel, strong, n, marks);        // zero again
 */
#ifndef XFELX_KERNELS_CENTROID_H
#define XFELX_KERNELS_CENTROID_H

#include "kernels/spotfind.h"

struct centroid {
    double px[2];
    double cov[3];     /* xx, yy, xy, px² */
    double intensity;  /* photons, background taken off */
    double background; /* photons a pixel */
};

void centroid_mark(const struct panel *p, const struct strong_pixel *strong, size_t n, uint8_t *marks);
void centroid_unmark(const struct panel *p, const struct strong_pixel *strong, size_t n, uint8_t *marks);

/* gain: ADU a photon. own: the spot's pixels. marks: unchanged when it returns. false: the spot is too large, has too few photons
 * or too few pixels around it. */
bool centroid_of(const struct spotfind_image *image, double gain, const struct spot *spot,
                 const struct strong_pixel *own, uint8_t *marks, struct centroid *out);

#endif
