/* mask.h - static masks of a panel: border, drawn areas, resolution limits, powder rings.
 *
 * Functions only ever clear mask bytes (1 = use → 0 = never look at); start with a mask of ones or with the
 * file's. They follow DIALS' spotfinder.filter (dials.generate_mask): a resolution belongs to a pixel's
 * centre, all limits are inclusive. Nothing fails: areas that miss the panel change nothing.
 */
#ifndef XFELX_KERNELS_MASK_H
#define XFELX_KERNELS_MASK_H

#include "kernels/types.h"

/* One spotfinder.filter.untrusted block. Without any of circle … pixel the whole panel is cleared. */
struct mask_untrusted {
    int32_t panel; /* 0 */
    bool has_circle, has_rectangle, has_pixel;
    int32_t circle[3];      /* xc yc r: pixels with (i-xc)²+(j-yc)² < r², whole numbers i, j */
    int32_t rectangle[4];   /* x0 x1 y0 y1, half-open */
    int32_t pixel[2];       /* y x */
    const int32_t *polygon; /* [n_polygon][2] x y; even-odd rule at pixel centres; fewer than 3: nothing */
    size_t n_polygon;
};

struct mask_params {
    int32_t border;            /* 0 px */
    double d_min, d_max;       /* 0 = None: pixels with d ≤ d_min and with d ≥ d_max are cleared */
    const double (*ranges)[2]; /* [n_ranges] resolution_range: d from, to in any order, cleared inclusively */
    size_t n_ranges;
    const double (*rings)[2]; /* [n_rings] as ranges: what mask_rings() made of ice_rings */
    size_t n_rings;
    const struct mask_untrusted *untrusted; /* [n_untrusted] */
    size_t n_untrusted;
    bool no_parallax; /* disable_parallax_correction = False */
};

/* Clear what the parameters exclude on panel number `panel`. mask: [n_slow][n_fast] in and out.
 * Cost: one square root a pixel when a resolution limit is given. */
void mask_panel(const struct mask_params *p, uint32_t panel, const struct panel *geometry,
                const struct beam_vector *beam, uint8_t *mask);

/* Has each shape of a block an area: x0 < x1 and y0 < y1, r > 0, three corners? One that has none clears nothing anywhere. */
bool mask_shape_has_area(const struct mask_untrusted *u);

/* Does a block reach a panel of this size? Of a polygon the box around it is looked at. */
bool mask_shape_meets(const struct mask_untrusted *u, int32_t n_fast, int32_t n_slow);

/* spotfinder.filter.ice_rings (defaults: cell 4.498 4.498 7.338 90 90 120, space group 194, width 0.002
 * 1/Å²). Resolution ranges of powder rings: every reflection with d ≥ d_min that the space group allows, ±
 * width/2 in 1/d²; ranges that touch are joined, so that few remain.
 *
 * absent    called with group and hkl: is the reflection extinct?
 * ranges    [capacity] out: d smallest, largest; from low to high resolution
 * returns   number of ranges, counting stops at capacity + 1; 0 for an impossible cell, d_min ≤ 0 or more
 * than 400,000 index triples
 */
size_t mask_rings(const double cell[6], bool (*absent)(const void *group, const int32_t hkl[3]),
                  const void *group, double width, double d_min, double (*ranges)[2], size_t capacity);

#endif
