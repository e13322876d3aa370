/* rings.c - circles of equal resolution as a picture of flat panels shows them; see view.h. */
#include "view/view.h"

#include "kernels/geometry.h"

#include <math.h>

#define APART 0.11 /* of the largest radius: rings closer than this cannot be told apart */

/* Å, as people name them. */
static const double round_numbers[] = {50,  30,  20,  15,  10,  8,   6, 5,   4,   3.5, 3,   2.5, 2.2, 2,  1.8,
                                       1.6, 1.5, 1.4, 1.3, 1.2, 1.1, 1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3};

/* Two directions across the beam: to the right and up as far as may be. */
static void across(const double along[3], double right[3], double up[3])
{
    double y[3] = {0, 1, 0};
    vec3_cross(y, along, right);
    double length = vec3_length(right);
    vec3_scale(right, length > 0 ? -1 / length : 1, right);
    if (!(length > 0))
        vec3_set(right, 1, 0, 0);
    vec3_cross(right, along, up);
}

/* Where a ray meets the detector, and shown where the picture has that pixel. */
static bool meet(const struct view_layout *l, const struct detector *drawn, const struct detector *true_to,
                 const double ray[3], double out[2])
{
    for (size_t k = true_to->n_panels; k-- > 0;) {
        const struct panel *p = &true_to->panels[k];
        double px[2];
        if (panel_ray_to_pixel(p, ray, px) && px[0] >= 0 && px[1] >= 0 && px[0] <= p->n_fast &&
            px[1] <= p->n_slow)
            return view_place(l, &drawn->panels[k], px[0], px[1], out);
    }
    return false;
}

static size_t draw(const struct view_layout *l, const struct detector *drawn, const struct detector *true_to,
                   const struct beam_vector *b, double two_theta, struct view_ring *ring)
{
    double along[3], right[3], up[3];
    size_t seen = 0;
    vec3_scale(b->direction, -1 / vec3_length(b->direction), along);
    across(along, right, up);
    ring->label[0] = ring->label[1] = NAN;
    for (int i = 0; i < VIEW_RING_POINTS; i++) {
        double phi = 2 * M_PI * i / (VIEW_RING_POINTS - 1), ray[3];
        vec3_scale(along, cos(two_theta), ray);
        vec3_add_scaled(ray, sin(two_theta) * cos(phi), right, ray);
        vec3_add_scaled(ray, sin(two_theta) * sin(phi), up, ray);
        double *at = ring->xy[i];
        if (!meet(l, drawn, true_to, ray, at)) {
            at[0] = at[1] = NAN;
            continue;
        }
        seen++;
        /* the number stands at the first place from 45° on that is on a panel */
        if (i >= (VIEW_RING_POINTS - 1) / 8 && isnan(ring->label[0]))
            ring->label[0] = at[0], ring->label[1] = at[1];
    }
    return seen;
}

size_t view_rings(const struct view_layout *l, const struct detector *drawn, const struct detector *true_to,
                  const struct beam_vector *b, struct view_ring out[VIEW_RINGS])
{
    double d_min, d_max, last = 0;
    size_t n = 0;
    if (true_to->n_panels != drawn->n_panels)
        true_to = drawn;
    detector_resolution(true_to, b, &d_min, &d_max);
    if (!(d_min > 0) || !(b->wavelength > 0) || !(vec3_length(b->direction) > 0))
        return 0;
    double widest = tan(fmin(2 * asin(fmin(b->wavelength / (2 * d_min), 1)), 1.4));
    for (size_t i = 0; i < sizeof round_numbers / sizeof *round_numbers && n < VIEW_RINGS; i++) {
        double d = round_numbers[i], two_theta = 2 * asin(fmin(b->wavelength / (2 * d), 1));
        double radius = tan(fmin(two_theta, 1.4));
        if (d < d_min || b->wavelength > 2 * d || radius - last < APART * widest)
            continue;
        out[n].d = d;
        if (draw(l, drawn, true_to, b, two_theta, out + n) > 0) {
            last = radius;
            n++;
        }
    }
    return n;
}

/* Hexagonal ice: reflections of its strong rings, and 1/d² of its cell. */
static const int ice[VIEW_ICE_RINGS][3] = {{1, 0, 0}, {0, 0, 2}, {1, 0, 1}, {1, 0, 2}, {1, 1, 0},
                                           {1, 0, 3}, {2, 0, 0}, {1, 1, 2}, {2, 0, 1}, {2, 0, 2}};

static double ice_spacing(const int hkl[3])
{
    const double a = 4.498, c = 7.338;
    double across = 4.0 / 3 * (hkl[0] * hkl[0] + hkl[0] * hkl[1] + hkl[1] * hkl[1]) / (a * a);
    return 1 / sqrt(across + hkl[2] * hkl[2] / (c * c));
}

size_t view_ice_rings(const struct view_layout *l, const struct detector *drawn,
                      const struct detector *true_to, const struct beam_vector *b,
                      struct view_ring out[VIEW_ICE_RINGS])
{
    size_t n = 0;
    if (true_to->n_panels != drawn->n_panels)
        true_to = drawn;
    if (!(b->wavelength > 0) || !(vec3_length(b->direction) > 0))
        return 0;
    for (int i = 0; i < VIEW_ICE_RINGS; i++) {
        double d = ice_spacing(ice[i]);
        out[n].d = d;
        if (b->wavelength < 2 * d &&
            draw(l, drawn, true_to, b, 2 * asin(b->wavelength / (2 * d)), out + n) > 0)
            n++;
    }
    return n;
}
