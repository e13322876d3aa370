#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "kernels/geometry_panel.h"
#include "kernels/integrate.h"
#include "kernels/geometry.h"
#include "noise.h"
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A synthetic frame: Gaussian spots of SIGMA px at the places that prediction gives, on a flat background. */
enum { SIDE = 1000, ROOM = 4000 };
static const double SIGMA = 1.1, DISTANCE = 150, PIXEL = 0.1;

struct scene {
    struct panel panel;
    struct beam_vector beam;
    struct lattice lattice;
    struct integrate_frame frame;
    struct integrate_params params;
    struct background_limits limits;
    struct integrate_result result;
    float *pixels;
    uint8_t *mask;
    struct reflection *truth, *rows; /* truth: predictions with their photons in `intensity` */
    size_t n_truth, n;
    void *work;
    uint64_t seed;
};

/* Rotation about (1, 2, 3), then a cell of about 62 × 71 × 83 Å. */
static void turn_lattice(double A[9], double angle)
{
    double axis[3] = {1, 2, 3}, cell[3] = {1 / 62.0, 1 / 71.0, 1 / 83.0};
    assert_true(vec3_norm(axis, axis));
    for (int j = 0; j < 3; j++) {
        double v[3] = {j == 0, j == 1, j == 2}, across[3], along = axis[j];
        vec3_cross(axis, v, across);
        for (int i = 0; i < 3; i++)
            A[3 * i + j] =
                cell[j] * (v[i] * cos(angle) + across[i] * sin(angle) + axis[i] * along * (1 - cos(angle)));
    }
}

static void scene_begin(struct scene *s, bool parity)
{
    *s = (struct scene){.panel = {.origin = {-50, 50, -DISTANCE},
                                  .fast = {1, 0, 0},
                                  .slow = {0, -1, 0},
                                  .pixel_fast = PIXEL,
                                  .pixel_slow = PIXEL,
                                  .n_fast = SIDE,
                                  .n_slow = SIDE,
                                  .trusted_lo = -1e6,
                                  .trusted_hi = 1e6,
                                  .gain = 1},
                        .beam = {1.2, {0, 0, 1}},
                        .lattice = {.half_mosaicity_deg = 0.3, .domain_size_ang = 800},
                        .seed = 3};
    turn_lattice(s->lattice.A, 0.7);
    s->pixels = calloc(SIDE * SIDE, sizeof *s->pixels);
    s->mask = malloc(SIDE * SIDE);
    memset(s->mask, 1, SIDE * SIDE);
    s->truth = calloc(ROOM, sizeof *s->truth);
    s->rows = calloc(ROOM, sizeof *s->rows);
    s->work = malloc(integrate_work_size(ROOM));
    s->frame = (struct integrate_frame){
        .view = {&s->panel, 1, &s->beam}, .pixels = s->pixels, .type = PIXEL_F32, .mask = s->mask};
    integrate_params_default(&s->params, parity);
    background_limits_init(&s->limits, 0, s->params.alpha);
    s->params.limits = &s->limits;
    s->params.sigma_b = sqrt(2 * (SIGMA * SIGMA + 1.0 / 12)) * PIXEL / DISTANCE;
    s->n_truth = predict_lattice(&s->params.predict, &s->frame.view, &s->lattice, 0, NULL, 0, s->truth, ROOM);
    assert_true(s->n_truth > 200 && s->n_truth < ROOM);
}

static void scene_end(struct scene *s)
{
    free(s->pixels);
    free(s->mask);
    free(s->truth);
    free(s->rows);
    free(s->work);
}

static double share(double from, double centre)
{
    double a = (from - centre) / (SIGMA * sqrt(2)), b = (from + 1 - centre) / (SIGMA * sqrt(2));
    return 0.5 * (erf(b) - erf(a));
}

/* Add the expected photons of the spots of `truth`. */
static void add_spots(struct scene *s)
{
    for (size_t k = 0; k < s->n_truth; k++) {
        const struct reflection *t = &s->truth[k];
        for (int y = (int)t->cal_px[1] - 7; y <= (int)t->cal_px[1] + 7; y++)
            for (int x = (int)t->cal_px[0] - 7; x <= (int)t->cal_px[0] + 7; x++)
                if (x >= 0 && y >= 0 && x < SIDE && y < SIDE)
                    s->pixels[y * SIDE + x] +=
                        (float)(t->intensity * share(x, t->cal_px[0]) * share(y, t->cal_px[1]));
    }
}

/* Draw counts for the expected photons on a background; gain and read noise in ADU. */
static void expose(struct scene *s, double background, double gain, double noise)
{
    for (size_t i = 0; i < SIDE * SIDE; i++) {
        double photons = noise_poisson(&s->seed, (double)s->pixels[i] + background);
        double adu = gain * photons + (noise > 0 ? noise * noise_normal(&s->seed) : 0);
        s->pixels[i] = (float)(noise > 0 ? rint(adu) : adu);
    }
}

static void integrate(struct scene *s)
{
    s->n = integrate_frame(&s->params, &s->frame, &s->lattice, 1, s->rows, ROOM, &s->result, s->work);
    assert_int_equal(s->n, s->result.n_integrated);
    assert_int_equal(s->n, s->lattice.n_integrated);
}

static const struct reflection *find(const struct reflection *rows, size_t n, const struct reflection *like)
{
    for (size_t i = 0; i < n; i++)
        if (!memcmp(rows[i].hkl, like->hkl, sizeof like->hkl) && rows[i].lattice == like->lattice)
            return &rows[i];
    return NULL;
}

/* Bias (photons, in standard errors) and rms of z over the integrated rows. */
struct score {
    double bias, error, z_rms, weighted;
    size_t n;
};

static struct score judge(const struct scene *s, double gain)
{
    struct score c = {.n = 0};
    double sum = 0, squares = 0, z2 = 0, wI = 0, ww = 0;
    for (size_t i = 0; i < s->n; i++) {
        const struct reflection *t = find(s->truth, s->n_truth, &s->rows[i]);
        assert_non_null(t);
        double off = s->rows[i].intensity / gain - t->intensity, var = s->rows[i].variance / gain / gain;
        assert_true(var > 0 && s->rows[i].variance_background > 0);
        sum += off;
        squares += off * off;
        z2 += off * off / var;
        wI += off / var;
        ww += 1 / var;
        c.n++;
    }
    c.bias = sum / (double)c.n;
    c.error = sqrt(squares) / (double)c.n;
    c.z_rms = sqrt(z2 / (double)c.n);
    c.weighted = wI / ww;
    return c;
}

static void where_nothing_diffracts_the_mean_intensity_is_zero(void **state)
{
    (void)state;
    const double backgrounds[] = {0.1, 1, 20};
    for (int i = 0; i < 3; i++) {
        struct scene s;
        scene_begin(&s, false);
        expose(&s, backgrounds[i], 1, 0);
        integrate(&s);
        struct score c = judge(&s, 1);
        if (fabs(c.bias) > 4 * c.error)
            print_error("background %g: mean %g ± %g of %zu\n", backgrounds[i], c.bias, c.error, c.n);
        assert_true(c.n > 150 && fabs(c.bias) <= 4 * c.error);
        assert_true(c.z_rms > 0.85 && c.z_rms < 1.1);
        scene_end(&s);
    }
}

static void draw_photons(struct scene *s, double mean)
{
    for (size_t i = 0; i < s->n_truth; i++)
        s->truth[i].intensity = -mean * log(noise_uniform(&s->seed));
}

static void poisson_spots_are_summed_without_bias(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, false);
    draw_photons(&s, 80);
    add_spots(&s);
    expose(&s, 3, 1, 0);
    integrate(&s);
    struct score c = judge(&s, 1);
    assert_true(c.n > 150 && fabs(c.bias) <= 4 * c.error);
    assert_true(c.z_rms > 0.9 && c.z_rms < 1.15);
    assert_true(fabs(c.weighted) < 1.5);
    for (size_t i = 0; i < s.n; i++) {
        assert_true(s.rows[i].flags & REFL_INTEGRATED_SUM);
        assert_true(s.rows[i].n_background_used <= s.rows[i].n_background);
        assert_true(s.rows[i].n_valid >= s.rows[i].n_background + s.rows[i].n_foreground);
        if (s.rows[i].intensity > 100)
            assert_true(hypot(s.rows[i].obs_px[0] - s.rows[i].cal_px[0],
                              s.rows[i].obs_px[1] - s.rows[i].cal_px[1]) < 1);
    }
    scene_end(&s);
}

/* 25 ADU a photon, 5 ADU read noise, neither told: the frame itself shows that its counts are no photons. */
static void an_unknown_gain_is_judged_from_the_frame(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, false);
    draw_photons(&s, 80);
    add_spots(&s);
    expose(&s, 3, 25, 5);
    integrate(&s);
    struct score c = judge(&s, 25);
    assert_true(c.n > 150 && fabs(c.bias) <= 4 * c.error);
    assert_true(c.z_rms > 0.85 && c.z_rms < 1.15);
    scene_end(&s);
}

static void a_known_gain_and_noise_are_used(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, false);
    s.params.gain = 10;
    s.params.read_noise = 2.5;
    background_limits_init(&s.limits, 0.25, s.params.alpha);
    draw_photons(&s, 40);
    add_spots(&s);
    expose(&s, 0.5, 10, 2.5);
    integrate(&s);
    struct score c = judge(&s, 10);
    assert_true(c.n > 150 && fabs(c.bias) <= 4 * c.error);
    assert_true(c.z_rms > 0.9 && c.z_rms < 1.15);
    scene_end(&s);
}

static void bad_pixels_edges_and_overloads_cost_their_reflection_only(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, false);
    expose(&s, 2, 1, 0);
    integrate(&s);
    size_t all = s.n;
    assert_true(s.result.n_bad_foreground > 0); /* spots on the edge */
    struct reflection hit = s.rows[20], over = s.rows[60], beside = s.rows[100];
    assert_true(hit.d > 0 && over.d > 0 && beside.d > 0);
    s.mask[(int)hit.cal_px[1] * SIDE + (int)hit.cal_px[0]] = 0;
    s.pixels[(int)over.cal_px[1] * SIDE + (int)over.cal_px[0]] = 2e6f;
    s.mask[(beside.y0 + beside.y1) / 2 * SIDE + beside.x0 + 1] = 0; /* on its ring */
    integrate(&s);
    assert_int_equal(s.n, all - 2);
    assert_null(find(s.rows, s.n, &hit));
    assert_null(find(s.rows, s.n, &over));
    assert_int_equal(s.result.n_overloaded, 1);
    const struct reflection *kept = find(s.rows, s.n, &beside);
    assert_non_null(kept);
    assert_true(kept->flags & REFL_BACKGROUND_BAD);
    scene_end(&s);
}

/* Two lattices, one with strong spots, one with none: what the empty one shows is background. */
static void strong_neighbours_of_another_lattice_do_no_harm(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, false);
    struct lattice two[2] = {s.lattice, s.lattice};
    turn_lattice(two[1].A, 1.9);
    s.n_truth = predict_lattice(&s.params.predict, &s.frame.view, &two[1], 1, NULL, 0, s.truth, ROOM);
    for (size_t i = 0; i < s.n_truth; i++)
        s.truth[i].intensity = 5000;
    add_spots(&s);
    expose(&s, 2, 1, 0);
    s.n = integrate_frame(&s.params, &s.frame, two, 2, s.rows, ROOM, &s.result, s.work);
    size_t beside = 0, n = 0;
    double sum = 0, z2 = 0, variance = 0;
    for (size_t i = 0; i < s.n && s.rows[i].lattice == 0; i++) {
        const struct reflection *r = &s.rows[i];
        beside += (r->flags & REFL_OVERLAPPED_BG) != 0;
        if (r->flags & REFL_OVERLAPPED_FG)
            continue; /* contains the outskirts of a spot, and says so */
        sum += r->intensity;
        variance += r->variance_background;
        z2 += r->intensity * r->intensity / r->variance;
        n++;
    }
    assert_true(beside > 10 && n > 150);
    assert_true(fabs(sum) < 4 * sqrt(variance));
    assert_true(sqrt(z2 / (double)n) < 1.1);
    scene_end(&s);
}

static void parity_gives_the_variance_and_flags_of_dials(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, true);
    draw_photons(&s, 300);
    add_spots(&s);
    expose(&s, 5, 1, 0);
    integrate(&s);
    assert_true(s.n > 150);
    for (size_t i = 0; i < s.n; i++) {
        const struct reflection *r = &s.rows[i];
        double ratio = 1 + (double)r->n_foreground / r->n_background_used;
        assert_true(fabs(r->variance - (fabs(r->intensity) + fabs(r->bg_sum) * ratio)) < 1e-9 * r->variance);
        assert_true(fabs(r->bg_sum_var - fabs(r->bg_sum) * ratio) < 1e-9 * r->bg_sum_var);
        assert_false(r->flags & (REFL_OVERLAPPED_FG | REFL_OVERLAPPED_BG | REFL_FOREGROUND_BAD));
        assert_true(fabs(r->bg_mean - 5) < 1.5);
    }
    s.params.detector_gain = 4;
    double before = s.rows[3].variance;
    integrate(&s);
    assert_true(s.rows[3].variance == 4 * before);
    scene_end(&s);
}

static void lattices_without_result_say_why(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, false);
    expose(&s, 2, 1, 0);
    s.params.sigma_b = 0;
    integrate(&s);
    assert_int_equal(s.lattice.reason, INTEGRATE_SIGMA_B); /* no spots to measure it from */
    s.params.sigma_b = 0.0018;
    integrate(&s);
    assert_int_equal(s.lattice.reason, INTEGRATE_SIGMA_B); /* 0.103° */
    s.params.sigma_b = 0.001;
    s.params.predict.d_min = 70;
    s.params.predict.d_max = 70.1;
    integrate(&s);
    assert_int_equal(s.lattice.reason, INTEGRATE_NO_PREDICTION);
    s.params.predict = (struct predict_params){0};
    memset(s.mask, 0, SIDE * SIDE);
    integrate(&s);
    assert_int_equal(s.lattice.reason, INTEGRATE_FEW_INTEGRATED);
    assert_int_equal(s.n, 0);
    memset(s.mask, 1, SIDE * SIDE);
    s.params.significance = true;
    integrate(&s);
    assert_int_equal(s.lattice.reason, INTEGRATE_SIGNIFICANCE); /* nothing but background */
    scene_end(&s);
}

static void two_lattices_in_either_order_give_the_same(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, false);
    draw_photons(&s, 100);
    add_spots(&s);
    expose(&s, 2, 1, 0);
    struct lattice two[2] = {s.lattice, s.lattice}, swapped[2];
    turn_lattice(two[1].A, 1.9);
    swapped[0] = two[1];
    swapped[1] = two[0];
    struct reflection *other = calloc(ROOM, sizeof *other);
    size_t a = integrate_frame(&s.params, &s.frame, two, 2, s.rows, ROOM, &s.result, s.work);
    size_t b = integrate_frame(&s.params, &s.frame, swapped, 2, other, ROOM, &s.result, s.work);
    assert_int_equal(a, b);
    assert_int_equal(a, two[0].n_integrated + two[1].n_integrated);
    assert_true(s.result.n_overlapped > 0);
    for (size_t i = 0; i < a; i++) {
        struct reflection like = s.rows[i];
        like.lattice = 1 - like.lattice;
        const struct reflection *o = find(other, b, &like);
        assert_non_null(o);
        assert_double_equal(o->intensity, s.rows[i].intensity, 1e-9 * (1 + fabs(o->intensity)));
        assert_double_equal(o->variance, s.rows[i].variance, 1e-9 * o->variance);
        assert_int_equal(o->flags, s.rows[i].flags);
    }
    free(other);
    scene_end(&s);
}

static void indexed_spots_lend_their_flags(void **state)
{
    (void)state;
    struct reflection rows[3] = {{.hkl = {0, 0, 1}, .spot = -1},
                                 {.hkl = {0, 1, 1}, .spot = -1},
                                 {.hkl = {1, 0, 0}, .spot = -1, .cal_px = {10, 10}}};
    const struct reflection indexed[] = {
        {.hkl = {1, 0, 0},
         .spot = 4,
         .cal_px = {11, 11},
         .flags = REFL_INDEXED | REFL_STRONG | REFL_OBSERVED},
        {.hkl = {0, 0, 1}, .spot = 5, .cal_px = {3, 0}, .flags = REFL_INDEXED | REFL_USED_IN_REFINEMENT},
        {.hkl = {0, 1, 1}, .spot = 6, .lattice = 1, .flags = REFL_INDEXED},
        {.hkl = {0, 1, 1}, .spot = 6, .panel = 1, .flags = REFL_INDEXED}};
    integrate_match(rows, 3, indexed, 4);
    assert_int_equal(rows[2].flags, REFL_INDEXED | REFL_STRONG | REFL_REFERENCE_SPOT);
    assert_int_equal(rows[2].spot, 4);
    assert_int_equal(rows[0].flags, REFL_INDEXED | REFL_USED_IN_REFINEMENT); /* 3 px off: no reference */
    assert_int_equal(rows[1].flags, 0);
    assert_int_equal(rows[1].spot, -1);
}

static void resolution_ends_where_the_mean_falls_below_the_cut(void **state)
{
    (void)state;
    enum { N = 2000 };
    static struct reflection rows[N];
    for (int i = 0; i < N; i++) { /* equal numbers in equal volumes, d from 20 Å to 2 Å */
        double volume = pow(20, -3) + (pow(2, -3) - pow(20, -3)) * i / (N - 1);
        rows[i] =
            (struct reflection){.d = pow(volume, -1.0 / 3), .variance = 4, .intensity = i < N / 2 ? 10 : 0.5};
    }
    struct integrate_shells shells = {.n = 20, .cutoff = 1};
    double middle = pow(pow(20, -3) + (pow(2, -3) - pow(20, -3)) / 2, -1.0 / 3);
    assert_true(fabs(integrate_resolution(rows, N, &shells) - middle) < 0.01);
    shells.cutoff = 0.2;
    assert_true(fabs(integrate_resolution(rows, N, &shells) - 2) < 1e-6);
    shells.cutoff = 6;
    assert_true(integrate_resolution(rows, N, &shells) == 0);
    assert_true(integrate_resolution(rows, 0, &shells) == 0);
    shells.cutoff = 1;
    for (int i = N / 2; i < N; i++)
        rows[i].intensity = i % 2 ? 4 : -4;
    assert_true(fabs(integrate_resolution(rows, N, &shells) - middle) < 0.01);
    shells.positive_only = true; /* DIALS' filter sees only the positive half */
    assert_true(fabs(integrate_resolution(rows, N, &shells) - 2) < 1e-6);
    shells = (struct integrate_shells){.n = 20, .cutoff = 1, .fitted = true};
    for (int i = 0; i < N; i++)
        rows[i].prf = 10, rows[i].prf_variance = 4;
    assert_true(fabs(integrate_resolution(rows, N, &shells) - 2) < 1e-6);
}

static void too_little_room_is_said(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, false);
    expose(&s, 2, 1, 0);
    s.rows[10].d = -7;
    size_t n = integrate_frame(&s.params, &s.frame, &s.lattice, 1, s.rows, 10, &s.result, s.work);
    assert_true(n <= 10 && s.result.truncated && s.rows[10].d == -7);
    assert_int_equal(s.result.n_predicted, s.n_truth);
    scene_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(where_nothing_diffracts_the_mean_intensity_is_zero),
        cmocka_unit_test(poisson_spots_are_summed_without_bias),
        cmocka_unit_test(an_unknown_gain_is_judged_from_the_frame),
        cmocka_unit_test(a_known_gain_and_noise_are_used),
        cmocka_unit_test(bad_pixels_edges_and_overloads_cost_their_reflection_only),
        cmocka_unit_test(strong_neighbours_of_another_lattice_do_no_harm),
        cmocka_unit_test(parity_gives_the_variance_and_flags_of_dials),
        cmocka_unit_test(lattices_without_result_say_why),
        cmocka_unit_test(two_lattices_in_either_order_give_the_same),
        cmocka_unit_test(indexed_spots_lend_their_flags),
        cmocka_unit_test(resolution_ends_where_the_mean_falls_below_the_cut),
        cmocka_unit_test(too_little_room_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
