/* Integration of anything: random geometry, crystals, pixels, lists and parameters, half of them impossible (NaN, infinite,
 * zero, far too large). Whatever comes in, nothing is written outside the given memory and what is kept makes sense.
 */
#include "kernels/integrate.h"
#include "support.h"
#include "unit/kernels/noise.h"

#include <math.h>
#include <string.h>

enum { ROUNDS = 40, PANELS = 3, SIDE = 250, PIXELS = PANELS * SIDE * SIDE, ROOM = 300, GUARD = 64 };

/* Around `typical`, or nonsense when wild. */
static double number(uint64_t *seed, bool wild, double typical)
{
    static const double nonsense[] = {NAN, INFINITY, 0, -1, 1e9, 1e-9};
    double u = noise_uniform(seed);
    if (wild && u < 0.18)
        return nonsense[(int)(u / 0.03)] * (u < 0.09 ? 1 : typical);
    return typical * (0.5 + noise_uniform(seed));
}

static int32_t below(uint64_t *seed, int32_t n)
{
    return (int32_t)(noise_uniform(seed) * n);
}

struct world {
    struct panel panels[PANELS];
    struct beam_vector beam;
    struct lattice lattices[2];
    struct strong_pixel strong[50];
    struct spot spots[10];
    struct reflection indexed[20];
    double pixels[PIXELS]; /* of any type: as many bytes as the widest needs */
    uint8_t mask[PIXELS];
};

static void make_geometry(struct world *w, uint64_t *seed, bool wild)
{
    size_t first = 0;
    for (int i = 0; i < PANELS; i++) {
        struct panel *p = &w->panels[i];
        *p = (struct panel){
            .n_fast = 1 + below(seed, SIDE), .n_slow = 1 + below(seed, SIDE), .first_pixel = first};
        first += (size_t)p->n_fast * (size_t)p->n_slow;
        for (int k = 0; k < 3; k++) {
            p->origin[k] =
                wild ? number(seed, true, -20) : (const double[]){-20 + 22.0 * i, 12, -60.0 - i}[k];
            p->fast[k] = wild ? number(seed, true, 0.7) : k == 0;
            p->slow[k] = wild ? number(seed, true, 0.7) : -(k == 1);
        }
        p->pixel_fast = p->pixel_slow = number(seed, wild, 0.1);
        p->trusted_lo = number(seed, wild, -10);
        p->trusted_hi = number(seed, wild, 1e4);
        p->gain = number(seed, wild, 1);
        p->pedestal = number(seed, wild, 1);
        p->parallax = below(seed, 2);
        p->mu = number(seed, wild, 3);
        p->thickness = number(seed, wild, 0.4);
    }
    w->beam = (struct beam_vector){number(seed, wild, 1.2), {0, 0, 1}};
    for (int k = 0; k < 3 && wild; k++)
        w->beam.direction[k] = number(seed, true, 0.5);
}

static void make_lists(struct world *w, uint64_t *seed, bool wild)
{
    for (int l = 0; l < 2; l++) {
        w->lattices[l] = (struct lattice){.half_mosaicity_deg = number(seed, wild, 0.3),
                                          .domain_size_ang = number(seed, wild, 500)};
        for (int k = 0; k < 9; k++)
            w->lattices[l].A[k] = number(seed, wild, 0.02) - 0.02;
    }
    for (int i = 0; i < 50; i++)
        w->strong[i] = (struct strong_pixel){.x = (uint16_t)below(seed, 65536),
                                             .y = (uint16_t)below(seed, 300),
                                             .value = (float)number(seed, wild, 100)};
    for (int i = 0; i < 10; i++)
        w->spots[i] = (struct spot){.panel = (uint32_t)below(seed, 5),
                                    .first_pixel = (uint32_t)below(seed, 60),
                                    .n_pixels = (uint32_t)below(seed, 12)};
    for (int i = 0; i < 20; i++) {
        struct reflection *r = &w->indexed[i];
        *r = (struct reflection){.spot = below(seed, 14) - 2,
                                 .lattice = (uint32_t)below(seed, 3),
                                 .panel = (uint32_t)below(seed, 5)};
        for (int k = 0; k < 3; k++) {
            r->hkl[k] = below(seed, 9) - 4;
            r->s1[k] = number(seed, wild, 0.5);
        }
    }
}

/* Counts of 3 photons in the type asked for, or, when wild, bytes as they come. */
static void make_pixels(struct world *w, uint64_t *seed, bool wild, enum pixel_type type)
{
    for (int i = 0; i < PIXELS; i++) {
        double v = noise_poisson(seed, 3);
        w->mask[i] = below(seed, 500) > 0;
        if (wild)
            for (size_t k = 0; k < sizeof w->pixels[i]; k++)
                ((uint8_t *)&w->pixels[i])[k] = (uint8_t)below(seed, 256);
        else if (type == PIXEL_F32)
            ((float *)w->pixels)[i] = (float)v;
        else
            w->pixels[i] = v;
    }
}

static struct integrate_params make_params(uint64_t *seed, bool wild, const struct background_limits *limits)
{
    struct integrate_params p;
    integrate_params_default(&p, below(seed, 2));
    p.limits = below(seed, 5) ? limits : NULL;
    p.method = p.parity ? INTEGRATE_SUM : (enum integrate_method)below(seed, 3);
    p.partials = below(seed, 4) > 0;
    p.sigma_b = below(seed, 4) ? number(seed, wild, 0.002) : 0;
    p.sigma_b_cutoff = below(seed, 2) ? p.sigma_b_cutoff : 0;
    p.predict.d_min = fmax(2, number(seed, wild, 2));
    p.gain = below(seed, 3) ? 0 : number(seed, wild, 10);
    p.significance = below(seed, 3) == 0;
    p.n_sigma = wild && below(seed, 5) == 0 ? number(seed, true, 30) : 3;
    return p;
}

static void check_kept(const struct integrate_params *p, const struct world *w, const struct reflection *rows,
                       size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct reflection *r = &rows[i];
        assert_true(integrate_keeps(p, r));
        assert_true(r->panel < PANELS && r->lattice < 2 && r->variance > 0 && !isnan(r->intensity));
        assert_true(r->n_foreground > 0 && r->n_valid >= r->n_foreground + r->n_background);
        if (i > 0)
            assert_true(rows[i - 1].lattice < r->lattice || rows[i - 1].panel <= r->panel);
    }
    assert_int_equal(n, w->lattices[0].n_integrated + w->lattices[1].n_integrated);
}

static void anything_is_integrated_inside_the_given_memory(void **state)
{
    (void)state;
    static struct background_limits limits;
    struct world *w = calloc(1, sizeof *w);
    size_t work_size = integrate_work_size(ROOM), kept = 0;
    uint8_t *work = malloc(work_size + GUARD);
    struct reflection *rows = calloc(ROOM + 1, sizeof *rows);
    background_limits_init(&limits, 0, 1e-3);
    for (uint64_t round = 0; round < ROUNDS; round++) {
        uint64_t seed = 5000 + round;
        bool wild = round % 2;
        enum pixel_type type = wild              ? (enum pixel_type)below(&seed, PIXEL_TYPES)
                               : below(&seed, 2) ? PIXEL_F32
                                                 : PIXEL_F64;
        make_geometry(w, &seed, wild);
        make_lists(w, &seed, wild);
        make_pixels(w, &seed, wild, type);
        struct integrate_params p = make_params(&seed, wild, &limits);
        struct integrate_frame f = {.view = {w->panels, PANELS, &w->beam},
                                    .pixels = w->pixels,
                                    .type = type,
                                    .mask = w->mask,
                                    .spots = w->spots,
                                    .n_spots = 10,
                                    .strong = w->strong,
                                    .n_strong = 50,
                                    .indexed = w->indexed,
                                    .n_indexed = 20};
        struct integrate_result result;
        memset(work + work_size, 0xa5, GUARD);
        memset(&rows[ROOM], 0xa5, sizeof rows[ROOM]);
        size_t n = integrate_frame(&p, &f, w->lattices, 2, rows, ROOM, &result, work);
        for (int i = 0; i < GUARD; i++)
            assert_true(work[work_size + (size_t)i] == 0xa5 && ((uint8_t *)&rows[ROOM])[i] == 0xa5);
        assert_true(n <= ROOM);
        check_kept(&p, w, rows, n);
        kept += n;
    }
    assert_true(kept > 200);
    free(rows);
    free(work);
    free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(anything_is_integrated_inside_the_given_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
