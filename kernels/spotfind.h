/* spotfind.h - find the pixels that stand out: DIALS' "dispersion", "dispersion_extended" and
 * "radial_profile".
 *
 * All functions are pure: they read their arguments, write their outputs and work memory, and touch nothing
 * else. A pixel takes part when its mask byte is not 0 and its raw value lies in the panel's trusted range.
 * What is tested is the value DIALS tests: v = (raw - pedestal)/gain of the panel. For integer pixels, a
 * whole-number pedestal and any gain the sums are 64-bit integers of (raw - pedestal) and the panel's gain
 * enters the formulas, so that nothing is rounded; then the strong pixels are those of DIALS as long as its
 * own sums are exact (Σ v² of a panel below 2^53). Floating-point pixels (or a fractional pedestal) are
 * summed in double, row by row without running differences: they can differ from DIALS only where a test is
 * decided by the last digits. Pixels that are not finite never take part.
 *
 * Method: ALGORITHMS 2.1 - 2.6, 2.10.
 */
#ifndef XFELX_KERNELS_SPOTFIND_H
#define XFELX_KERNELS_SPOTFIND_H

#include "kernels/types.h"

/* spotfinder.threshold.algorithm */
enum spotfind_algorithm { SPOTFIND_DISPERSION_EXTENDED, SPOTFIND_DISPERSION, SPOTFIND_RADIAL_PROFILE };

/* spotfinder.threshold.radial_profile.blur: 3x3 or 5x5 smoothing before the test */
enum spotfind_blur { SPOTFIND_BLUR_NONE, SPOTFIND_BLUR_NARROW, SPOTFIND_BLUR_WIDE };

/* Largest half size of the window that is accepted (a window of 101 x 101 pixels). */
enum { SPOTFIND_KERNEL_MAX = 50, SPOTFIND_BINS_MAX = 10000 };

/* Everything that decides what is a spot. spotfind_defaults() gives DIALS' defaults, named on the right. */
struct spotfind_params {
    enum spotfind_algorithm algorithm; /* threshold.algorithm = dispersion_extended */

    /* threshold.dispersion */
    int32_t kernel_slow, kernel_fast; /* kernel_size = 3 3: half sizes; DIALS' first number is along slow */
    double sigma_background, sigma_strong; /* 6, 3; ≥ 0 */
    int32_t min_local;       /* 2; ≤ 0: all pixels under the kernel; else 2 … (2 ks+1)(2 kf+1) */
    double global_threshold; /* 0; ≥ 0; only pixels above it are strong. Auto: spotfind_elbow() */
    double gain;             /* 0 = None; > 0: multiplies the panel's gain in the formulas */

    /* threshold.radial_profile */
    int32_t n_iqr;           /* 6 */
    int32_t n_bins;          /* 100; 1 … SPOTFIND_BINS_MAX */
    enum spotfind_blur blur; /* None */

    /* xfelx.compat.dials = 3.12 (false: current). true: the upper end of the trusted range is exclusive, and
     * masked pixels count as background when the dispersion_extended mask is eroded. */
    bool dials_312;

    /* spotfinder.region_of_interest x0 x1 y0 y1, half-open, the same on every panel; all 0: the whole panel.
     * Windows are clipped at its edges as they are at a panel's. */
    int32_t roi[4];

    /* spotfinder.filter, used by label.h */
    uint32_t min_spot_size; /* 0 = Auto: 3 when panel 0 is a SENSOR_PAD, else 6: resolved by the caller */
    uint32_t max_spot_size; /* 1000 */
    double max_separation;  /* 2 px; < 0: off */
    double max_strong_pixel_fraction; /* 0.25; 1: off */
    bool background_gradient;         /* background_gradient.filter = False */
    int32_t background_size;          /* background_gradient.background_size = 2 */
    double gradient_cutoff;           /* background_gradient.gradient_cutoff = 4 */
    bool spot_density;                /* spot_density.filter = False */
};

struct spotfind_params spotfind_defaults(void);

/* The first thing that is wrong with the parameters, as the text after "spotfinder: "; NULL: usable. Sizes of
 * regions of interest are checked against a panel of n_fast x n_slow. */
const char *spotfind_check(const struct spotfind_params *p, int32_t n_fast, int32_t n_slow);

/* One panel's pixels. */
struct spotfind_image {
    const struct panel *panel; /* n_fast, n_slow, trusted range, gain, pedestal are used */
    const void *pixels;        /* [n_slow][n_fast] of type: the panel's own first pixel */
    enum pixel_type type;
    const uint8_t *mask;  /* [n_slow][n_fast] 0 = never look at; NULL = use all */
    const uint16_t *bins; /* [n_slow][n_fast] from spotfind_radial_bins(); radial_profile only, else NULL */
};

/* Bytes of work memory (64-byte aligned) for a panel of n_fast x n_slow pixels; of several panels take the
 * largest. dispersion and dispersion_extended need a few dozen rows, radial_profile 8 bytes a pixel (16 with
 * blur). */
size_t spotfind_work_size(const struct spotfind_params *p, int32_t n_fast, int32_t n_slow);

/* Strong pixels of one panel, in raster order.
 *
 * strong    [capacity] out
 * returns   how many pixels are strong. When that is more than capacity the list holds the first of them, in
 * order, and is of no further use: a caller with capacity for spotfind_max_strong() pixels per frame meets
 * this only on frames that fail for too many strong pixels anyway.
 *
 * The parameters must have passed spotfind_check().
 */
size_t spotfind_panel_ref(const struct spotfind_params *p, const struct spotfind_image *image,
                          struct strong_pixel *strong, size_t capacity, void *work);

/* The largest number of strong pixels a frame may have: ceil(fraction * n_pixels); SIZE_MAX when the test is
 * off (fraction ≥ 1). More: reason too_many_strong. */
size_t spotfind_max_strong(const struct spotfind_params *p, size_t n_pixels);

/* global_threshold = Auto: the elbow of the curve "pixels above a threshold" at thresholds int(1.5^i), i = 1
 * … 19, two steps to the left of it, over all pixels of the panel, masked ones too (DIALS' rule; it looks at
 * the first panel only, and of the first frame only: here the caller takes panel 0 of each frame). */
double spotfind_elbow(const struct spotfind_image *image);

/* Bins of 2θ of a panel's pixels (of their corners (i, j), as DIALS) for radial_profile: floor((2θ - min)·n_bins/(max - min + 1e-10)), over the
 * panel or the region of interest; other pixels get bin 0. They depend on geometry only: make them once per
 * trial. bins: [n_slow][n_fast] out */
void spotfind_radial_bins(const struct spotfind_params *p, const struct panel *panel,
                          const struct beam_vector *beam, uint16_t *bins);

#endif
