/* pair.h - two spots a chosen distance apart on a flat background, integrated from rows made by hand. */
#ifndef XFELX_TEST_KERNELS_PAIR_H
#define XFELX_TEST_KERNELS_PAIR_H

#include "kernels/geometry_panel.h"
#include "kernels/integrate.h"
#include "kernels/geometry.h"
#include "noise.h"
#include "support.h"

#include <math.h>
#include <stdlib.h>

enum { SIDE = 200 };
static const double SIGMA = 1.0, DISTANCE = 200, PIXEL = 0.1;

struct pair {
    void *work;
    struct panel panel;
    struct beam_vector beam;
    struct lattice lattice;
    float pixels[SIDE * SIDE];
    struct reflection rows[2];
    struct integrate_frame frame;
    struct integrate_params params;
    struct background_limits limits;
};

/* parity: as dials.stills_process integrates; else by profiles. p is zero the first time. */
static inline void pair_begin(struct pair *p, double apart, bool parity)
{
    void *work = p->work ? p->work : malloc(integrate_work_size(2));
    *p = (struct pair){.panel = {.origin = {30, 20, -DISTANCE},
                                 .fast = {1, 0, 0},
                                 .slow = {0, -1, 0},
                                 .pixel_fast = PIXEL,
                                 .pixel_slow = PIXEL,
                                 .n_fast = SIDE,
                                 .n_slow = SIDE,
                                 .trusted_lo = -1e6,
                                 .trusted_hi = 1e6,
                                 .gain = 1},
                       .beam = {1.2, {0, 0, 1}}};
    p->lattice.sigma_b = sqrt(2 * (SIGMA * SIGMA + (parity ? 0 : 1.0 / 12))) * PIXEL / DISTANCE;
    p->frame =
        (struct integrate_frame){.view = {&p->panel, 1, &p->beam}, .pixels = p->pixels, .type = PIXEL_F32};
    integrate_params_default(&p->params, parity);
    background_limits_init(&p->limits, 0, p->params.alpha);
    p->params.limits = &p->limits;
    p->params.gain = 1;
    p->work = work;
    for (int i = 0; i < 2; i++) {
        double lab[3], px[2] = {100.3 + i * apart, 99.6};
        panel_pixel_to_point(&p->panel, px, lab);
        assert_true(vec3_norm(lab, lab));
        p->rows[i] = (struct reflection){.hkl = {i, 1, 1}, .spot = -1, .d = 3, .cal_px = {px[0], px[1]}};
        for (int k = 0; k < 3; k++)
            p->rows[i].s1[k] = lab[k] / p->beam.wavelength;
    }
}

static inline double pair_share(double from, double centre)
{
    return 0.5 * (erf((from + 1 - centre) / (SIGMA * sqrt(2))) - erf((from - centre) / (SIGMA * sqrt(2))));
}

static inline void pair_expose(struct pair *p, const double photons[2], double background, uint64_t *seed)
{
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            double mean = background;
            for (int i = 0; i < 2; i++)
                mean +=
                    photons[i] * pair_share(x, p->rows[i].cal_px[0]) * pair_share(y, p->rows[i].cal_px[1]);
            p->pixels[y * SIDE + x] = (float)noise_poisson(seed, mean);
        }
}

#endif
