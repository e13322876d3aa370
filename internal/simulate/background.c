/* background.c - what scatters besides crystals: air, water, ice; solid angle and polarization (SCIENCE 6.1). */
#include "simulate/scene.h"

#include "kernels/geometry.h"
#include "kernels/geometry_panel.h"

#include <math.h>

/* Rings of hexagonal ice: spacing, Å, and height beside the strongest. */
static const double ice_rings[][2] = {{3.897, 1},   {3.669, 0.75}, {3.441, 0.6}, {2.671, 0.3}, {2.249, 0.55},
                                      {2.072, 0.4}, {1.948, 0.2},  {1.918, 0.3}, {1.883, 0.15}};

/* Relative width of a ring of small crystals. */
static const double ice_width = 0.004;

static double ice_at(double q)
{
    double sum = 0;
    for (size_t i = 0; i < sizeof ice_rings / sizeof *ice_rings; i++) {
        double z = (q * ice_rings[i][0] - 1) / ice_width;
        if (fabs(z) < 5)
            sum += ice_rings[i][1] * exp(-z * z / 2);
    }
    return sum;
}

/* Air scatter and the two rings of liquid water, at 1/d of 0.31 and 0.21 1/Å; horizontal polarization; solid angle relative to a
 * pixel that faces the sample at the nominal distance. */
void scene_make_background(struct scene *s, struct arena *a)
{
    const struct simulate_params *p = &s->p;
    struct beam_vector beam = {p->wavelength, {0, 0, 1}};
    size_t n = s->real->n_pixels;

    s->background = arena_array(a, n, sizeof *s->background);
    s->air = p->dark > 0 || p->jet_off.last > p->jet_off.first ? arena_array(a, n, sizeof *s->air) : NULL;
    s->ice = p->ice > 0 ? arena_array(a, n, sizeof *s->ice) : NULL;
    for (size_t k = 0; k < s->real->n_panels; k++) {
        const struct panel *panel = &s->real->panels[k];
        for (int32_t y = 0; y < panel->n_slow; y++)
            for (int32_t x = 0; x < panel->n_fast; x++) {
                const double px[2] = {x + 0.5, y + 0.5};
                size_t at = panel->first_pixel + (size_t)y * (size_t)panel->n_fast + (size_t)x;
                double lab[3];
                panel_pixel_to_point(panel, px, lab);
                double q = point_inverse_d(&beam, lab), r = vec3_length(lab), cosine = -lab[2] / r;
                double air = 0.8 * exp(-q / 0.08);
                double ring = exp(-(q - 0.31) * (q - 0.31) / (2 * 0.035 * 0.035));
                double inner = 0.25 * exp(-(q - 0.21) * (q - 0.21) / (2 * 0.03 * 0.03));
                double polarized = 1 - lab[0] * lab[0] / (r * r);
                s->background[at] = (float)(p->background * (air + ring + inner + 0.15) * polarized * cosine *
                                            cosine * cosine);
                if (s->air)
                    s->air[at] =
                        (float)(p->background * (0.1 * air + 0.02) * polarized * cosine * cosine * cosine);
                if (s->ice)
                    s->ice[at] = (float)(p->ice * ice_at(q) * polarized * cosine * cosine * cosine);
            }
    }
}
