#include "kernels/geometry_panel.h"
#include "kernels/integrate.h"
#include "kernels/geometry.h"
#include "noise.h"
#include "support.h"

#include <math.h>
#include <string.h>

/* Two spots a chosen distance apart on a flat background, integrated from rows made by hand. */
enum { SIDE = 200 };
static const double SIGMA = 1.0, DISTANCE = 200, PIXEL = 0.1;

struct pair {
    struct panel panel;
    struct beam_vector beam;
    struct lattice lattice;
    float pixels[SIDE * SIDE];
    struct reflection rows[2];
    struct integrate_frame frame;
    struct integrate_params params;
    struct background_limits limits;
};

static void pair_begin(struct pair *p, double apart)
{
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
    p->lattice.sigma_b = sqrt(2) * SIGMA * PIXEL / DISTANCE;
    p->frame =
        (struct integrate_frame){.view = {&p->panel, 1, &p->beam}, .pixels = p->pixels, .type = PIXEL_F32};
    integrate_params_default(&p->params, true);
    background_limits_init(&p->limits, 0, p->params.alpha);
    p->params.limits = &p->limits;
    p->params.gain = 1;
    for (int i = 0; i < 2; i++) {
        double lab[3], px[2] = {100.3 + i * apart, 99.6};
        panel_pixel_to_point(&p->panel, px, lab);
        assert_true(vec3_norm(lab, lab));
        p->rows[i] = (struct reflection){.hkl = {i, 1, 1}, .spot = -1, .cal_px = {px[0], px[1]}};
        for (int k = 0; k < 3; k++)
            p->rows[i].s1[k] = lab[k] / p->beam.wavelength;
    }
}

static double share(double from, double centre)
{
    return 0.5 * (erf((from + 1 - centre) / (SIGMA * sqrt(2))) - erf((from - centre) / (SIGMA * sqrt(2))));
}

static void pair_expose(struct pair *p, const double photons[2], double background, uint64_t *seed)
{
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            double mean = background;
            for (int i = 0; i < 2; i++)
                mean += photons[i] * share(x, p->rows[i].cal_px[0]) * share(y, p->rows[i].cal_px[1]);
            p->pixels[y * SIDE + x] = (float)noise_poisson(seed, mean);
        }
}

static void under_parity_neighbours_do_not_exist(void **state)
{
    (void)state;
    static struct pair p;
    void *work = malloc(integrate_work_size(2));
    uint64_t seed = 23;
    pair_begin(&p, 3);
    pair_expose(&p, (double[]){400, 500}, 1, &seed);
    integrate_rows(&p.params, &p.frame, &p.lattice, 1, p.rows, 2, work);
    struct reflection both = p.rows[0];
    p.rows[0].flags = 0;
    integrate_rows(&p.params, &p.frame, &p.lattice, 1, p.rows, 1, work);
    assert_true(both.intensity == p.rows[0].intensity && both.variance == p.rows[0].variance);
    assert_false(both.flags & (REFL_OVERLAPPED_FG | REFL_OVERLAPPED_BG));
    assert_true(integrate_keeps(&p.params, &both));
    free(work);
}

static void rows_that_point_nowhere_are_not_integrated(void **state)
{
    (void)state;
    static struct pair p;
    void *work = malloc(integrate_work_size(2));
    pair_begin(&p, 60);
    p.rows[0].panel = 7;
    p.rows[1].lattice = 3;
    integrate_rows(&p.params, &p.frame, &p.lattice, 1, p.rows, 2, work);
    for (int i = 0; i < 2; i++) {
        assert_true(p.rows[i].flags & REFL_DONT_INTEGRATE);
        assert_false(integrate_keeps(&p.params, &p.rows[i]));
    }
    free(work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(under_parity_neighbours_do_not_exist),
        cmocka_unit_test(rows_that_point_nowhere_are_not_integrated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
