/* background.h - the background under a reflection from the pixels around it.
 *
 * Two ways: the clipped least-squares plane of DIALS (its outlier.algorithm=plane, model.algorithm=linear2d)
 * for parity, and a Poisson maximum-likelihood plane with limits that are symmetric in probability
 * (ALGORITHMS 5.4; ALGORITHMS_INTEGRATION 4). Coordinates: the centre of the box's pixel (i, j) is
 * (i + 0.5, j + 0.5).
 */
#ifndef XFELX_KERNELS_BACKGROUND_H
#define XFELX_KERNELS_BACKGROUND_H

#include "kernels/types.h"

/* A fitted background: value at box coordinates (x, y) is b[0] + b[1] x + b[2] y. */
struct background {
    double b[3];
    double covariance[6];          /* of b: 00 01 02 11 12 22, from the fit's own weights */
    double mse;                    /* mean square of (value - plane) over the used pixels */
    double mean;                   /* of the used pixels */
    double dispersion;             /* their variance over their mean; 0 when the mean is not positive */
    double noise_per_value, noise; /* background_ml: variance of a pixel = noise_per_value × value + noise */
    int32_t n_used;
};

static inline double background_at(const struct background *g, double x, double y)
{
    return g->b[0] + g->b[1] * x + g->b[2] * y;
}

/* DIALS: plane through all background pixels, those further off than n_sigma·sqrt(|value at the box centre|)
 * set aside, plane again through the rest.
 *
 * values    [height][width]
 * use       [height][width] in: 1 = background pixel to consider; out: 1 = used, 2 = considered and set aside
 * returns   false when the fit has no solution or keeps fewer than min_pixels. *out is then as far as it came
 *           (the plane, where there is one), since DIALS sums over it all the same.
 */
bool background_plane_dials(const float *values, uint8_t *use, int32_t width, int32_t height, double n_sigma,
                            int32_t min_pixels, struct background *out);

/* Limits between which good background pixels lie, and the bias of the mean of what lies between, for a
 * background of m photons and read noise rho (photons): tabulated over sqrt(m) in steps of BACKGROUND_STEP.
 * About 25 kB; made once a recipe and shared read-only. */
#define BACKGROUND_STEP 0.01
enum { BACKGROUND_TABLE = 1051 };
struct background_limits {
    double rho;                    /* photons */
    double alpha;                  /* probability beyond each limit */
    double lo[BACKGROUND_TABLE];   /* P(v < lo) ≤ alpha; inclusive */
    double hi[BACKGROUND_TABLE];   /* P(v > hi) ≤ alpha; inclusive */
    double bias[BACKGROUND_TABLE]; /* E[v | lo ≤ v ≤ hi] - m */
};

/* Fill the table. rho 0: counts are whole photons (quick); rho > 0 takes some tenths of a second. */
void background_limits_init(struct background_limits *t, double rho, double alpha);

/* Median of the n values with use ≠ 0, by bisection to a part in a thousand: needs no memory. */
double background_median(const float *values, const uint8_t *use, size_t size, int32_t n);

struct background_ml_params {
    const struct background_limits *limits; /* NULL: the noise is not known (see background_ml) */
    double gain;                            /* units of the values per photon; not used without limits */
    int32_t min_pixels;                     /* fewer: refused */
    int32_t plane_min;                      /* fewer: a constant */
};

/* Maximum-likelihood plane (or constant) of Poisson counts with outliers set aside at limits that are
 * symmetric in probability; what the cut does to the mean is corrected (ALGORITHMS_INTEGRATION 4).
 *
 * Without limits nothing is known of the noise (counts in ADU of an unknown gain): least squares, outliers
 * beyond 5 standard deviations of the values themselves.
 *
 * values    [height][width], pedestal subtracted
 * use       as in background_plane_dials
 * out       in the units of the values
 * returns   false with fewer than min_pixels usable ones, or without a solution
 */
bool background_ml(const struct background_ml_params *p, const float *values, uint8_t *use, int32_t width,
                   int32_t height, struct background *out);

#endif
