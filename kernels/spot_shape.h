/* spot_shape.h - how large the spots of a lattice are: ellipses along and across the scattering plane (ALGORITHMS_INTEGRATION 3).
 *
 * A spot is a Gaussian about its predicted centre, its variances straight lines in q² = 1/d² : mosaic blocks, bandwidth and point
 * spread widen it differently along the radius and across. Lengths are px of the panel (of the geometric mean of the two
 * pixel sizes where they differ); the pixel's own width is part of the variance.
 */
#ifndef XFELX_KERNELS_SPOT_SHAPE_H
#define XFELX_KERNELS_SPOT_SHAPE_H

#include "kernels/predict.h"

/* Variances, px²: radial r0 + r1 q², tangential t0 + t1 q². */
struct spot_shape {
    double r0, r1, t0, t1;
};

/* One spot on its panel. */
struct spot_ellipse {
    double x, y;             /* px, centre */
    double ux, uy;           /* unit vector of the radial direction, in scaled px */
    double scale_x, scale_y; /* px → scaled px */
    double vr, vt;           /* px², variances */
    double xx, xy, yy;       /* form of one sigma: xx dx² + 2 xy dx dy + yy dy² = 1 */
};

/* From a predicted row (s1, cal_px, panel, d). false where the radial direction is not defined or the ray misses the panel. */
bool spot_ellipse_make(const struct view *view, const struct reflection *row, const struct spot_shape *shape,
                       struct spot_ellipse *out);

/* Squared distance from the centre in sigmas. */
double spot_ellipse_distance2(const struct spot_ellipse *e, double dx, double dy);

/* Half sizes of the box around k sigmas, px. */
void spot_ellipse_reach(const struct spot_ellipse *e, double k, double reach[2]);

/* Pixels from … to − 1 of row y whose centres lie within k sigmas; false: none. */
bool spot_ellipse_row(const struct spot_ellipse *e, double k, int32_t y, int32_t *from, int32_t *to);

/* The spot as its light falls: a Gaussian without the pixel's own variance. */
struct spot_profile {
    double xx, xy, yy;     /* its form */
    double sx, sy, up, un; /* what the samples a third of a pixel off have to the middle one */
    double scale;
};
void spot_profile_make(const struct spot_ellipse *e, struct spot_profile *out);

/* Share of the spot's photons that fall into the pixel whose centre lies (dx, dy) px from the spot's: 3 × 3 samples. */
double spot_profile_at(const struct spot_profile *p, double dx, double dy);

/* ---- measuring ---- */

/* Sums of second moments over spots. {0} starts. */
struct spot_moments {
    double sum[2][5]; /* radial, tangential: w, w q², w q⁴, w v, w v q² */
    size_t n;
};

/* Add a spot: its second moments about the predicted centre (px², cut at k sigmas of the shape it was taken with, which is taken
 * back here), its photons as weight. */
void spot_moments_add(struct spot_moments *m, double radial, double tangential, double k, double d,
                      double photons);

/* The lines through them; false: fewer than `least` spots. A falling or impossible line becomes a constant. */
bool spot_moments_shape(const struct spot_moments *m, size_t least, struct spot_shape *out);

#endif
