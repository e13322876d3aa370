/* calibrate.h - raw pixels to values by maps: (raw - pedestal) / gain of each pixel.
 *
 *     struct calibration c = {.pedestal = map, .gain = map, .lo = panel.trusted_lo, .hi = panel.trusted_hi};
 *     calibrate_range(&c, n);                       // once a panel: the trusted range of the values
 *     calibrate_panel(pixels, type, n, &c, out);    // each frame; the panel's range is now c.bottom … c.top
 *
 * Whether a pixel can be trusted is a matter of what was read, not of what it became: where each pixel has limits of its own, no range of
 * values could say it. So raw values outside lo … hi become values just outside bottom … top, and one at hi (saturated, and still good)
 * becomes top. Kernels then judge the values as they judge raw ones.
 */
#ifndef XFELX_KERNELS_CALIBRATE_H
#define XFELX_KERNELS_CALIBRATE_H

#include "kernels/types.h"

/* pedestal, gain  [n] of the panel; NULL: pedestal_all, and 1. A pixel without one (NaN) has the value NaN, which no kernel uses
 * lo, hi          trusted raw values, inclusive
 * bottom, top     of the values: set by calibrate_range */
struct calibration {
    const float *pedestal, *gain;
    float pedestal_all;
    double lo, hi;
    float bottom, top;
};

/* The smallest and largest value that a trusted raw value of any of n pixels becomes. */
void calibrate_range(struct calibration *c, size_t n);

/* Values of n pixels. Single precision: raw values below 2^24 are exact, so that counts multiplied by a map and divided by it again are
 * the counts. Negative values stay negative. */
void calibrate_panel(const void *pixels, enum pixel_type type, size_t n, const struct calibration *c,
                     float *out);

#endif
