#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "simulate/scene.h"

#include "kernels/geometry_panel.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A small bright crystal on a small detector. */
static struct simulate_params small(void)
{
    struct simulate_params p = simulate_defaults();

    p.n_fast = 200, p.n_slow = 180, p.distance = 25;
    p.cell[0] = p.cell[1] = 30, p.cell[2] = 40;
    p.hit_fraction = 1;
    return p;
}

static struct scene *make(const struct simulate_params *p, struct arena *a)
{
    struct error err = {0};
    struct scene *s = scene_make(p, a, &err);

    assert_non_null(s);
    return s;
}

static uint16_t *draw(const struct scene *s, uint32_t n, struct simulate_truth *truth, struct arena *a)
{
    uint16_t *pixels = arena_array(a, scene_detector(s)->n_pixels, sizeof *pixels);

    scene_frame(s, n, pixels, truth, NULL, arena_alloc(a, scene_work_size(s)));
    return pixels;
}

static void a_frame_is_the_same_whenever_it_is_made(void **state)
{
    (void)state;
    struct arena a = {0};
    struct simulate_params p = small();
    struct scene *s = make(&p, &a);
    struct simulate_truth one, again, other;
    uint16_t *first = draw(s, 5, &one, &a), *between = draw(s, 6, &other, &a),
             *second = draw(s, 5, &again, &a);
    assert_memory_equal(first, second, scene_detector(s)->n_pixels * sizeof *first);
    assert_memory_equal(&one, &again, sizeof one);
    assert_memory_not_equal(first, between, scene_detector(s)->n_pixels * sizeof *first);
    arena_free(&a);
}

static void masked_pixels_and_the_gap_hold_all_ones(void **state)
{
    (void)state;
    struct arena a = {0};
    struct simulate_params p = small();
    struct scene *s = make(&p, &a);
    struct simulate_truth truth;
    uint16_t *pixels = draw(s, 0, &truth, &a);
    size_t bad = 0;
    for (size_t i = 0; i < scene_detector(s)->n_pixels; i++) {
        assert_true((pixels[i] == SIMULATE_BAD_PIXEL) == !scene_mask(s)[i]);
        bad += !scene_mask(s)[i];
    }
    assert_true(bad >= 200 * 8 && bad <= 200 * 8 + 30);
    arena_free(&a);
}

static void a_blank_has_the_background_and_nothing_else(void **state)
{
    (void)state;
    struct arena a = {0};
    struct simulate_params p = small();
    p.hit_fraction = 0;
    struct scene *s = make(&p, &a);
    struct simulate_truth truth;
    uint16_t *pixels = draw(s, 3, &truth, &a);
    double counts = 0, expected = 0;
    assert_int_equal(truth.n_lattices, 0);
    for (size_t i = 0; i < scene_detector(s)->n_pixels; i++)
        if (scene_mask(s)[i]) {
            counts += pixels[i];
            expected += s->background[i] * truth.background;
        }
    assert_true(fabs(counts - expected) < 5 * sqrt(expected));
    arena_free(&a);
}

/* Check the strong reflections of a shot against its A matrix and wavelength; how many there were. */
static int check_positions(const struct scene *s, const struct simulate_truth *truth, const uint16_t *pixels)
{
    const double *A = truth->lattices[0].A;
    int checked = 0;

    for (int h = -10; h <= 10; h++)
        for (int k = -10; k <= 10; k++)
            for (int l = -12; l <= 12; l++) {
                double s1[3], px[2], sum = 0, x = 0, y = 0;
                const int32_t hkl[3] = {h, k, l};
                for (int i = 0; i < 3; i++)
                    s1[i] = A[3 * i] * h + A[3 * i + 1] * k + A[3 * i + 2] * l - (i == 2) / truth->wavelength;
                double off = sqrt(s1[0] * s1[0] + s1[1] * s1[1] + s1[2] * s1[2]) - 1 / truth->wavelength;
                if (fabs(off) > 4e-4 || crystal_intensity(&s->crystal, s->p.seed, hkl) < 0.5 ||
                    !panel_ray_to_pixel(&s->real->panels[0], s1, px))
                    continue;
                if (px[0] < 4 || px[1] < 4 || px[0] > 196 || px[1] > 176 || fabs(px[1] - 90) < 10)
                    continue;
                for (int j = (int)px[1] - 3; j <= (int)px[1] + 3; j++)
                    for (int i = (int)px[0] - 3; i <= (int)px[0] + 3; i++) {
                        double v = scene_mask(s)[j * 200 + i] ? pixels[j * 200 + i] : 0;
                        sum += v, x += v * (i + 0.5), y += v * (j + 0.5);
                    }
                assert_true(sum > 100);
                assert_true(fabs(x / sum - px[0]) < 0.5 && fabs(y / sum - px[1]) < 0.5);
                checked++;
            }
    return checked;
}

static void photons_lie_where_the_truth_says(void **state)
{
    (void)state;
    struct arena a = {0};
    struct simulate_params p = small();
    p.background = 0, p.brightness = 5000, p.bandwidth = 0.0003;
    struct scene *s = make(&p, &a);
    int checked = 0;
    for (uint32_t n = 0; n < 10; n++) {
        struct simulate_truth truth;
        uint16_t *pixels = draw(s, n, &truth, &a);
        assert_int_equal(truth.n_lattices, 1);
        checked += check_positions(s, &truth, pixels);
    }
    assert_true(checked >= 10);
    arena_free(&a);
}

static void hits_and_wavelengths_follow_the_parameters(void **state)
{
    (void)state;
    struct arena a = {0};
    struct simulate_params p = small();
    p.hit_fraction = 0.6, p.lattices = 3, p.brightness = 0, p.background = 0, p.n_fast = p.n_slow = 64;
    struct scene *s = make(&p, &a);
    int hits = 0, several = 0;
    double spread = 0;
    void *work = arena_alloc(&a, scene_work_size(s));
    uint16_t *pixels = arena_array(&a, scene_detector(s)->n_pixels, sizeof *pixels);
    for (uint32_t n = 0; n < 300; n++) {
        struct simulate_truth truth;
        scene_frame(s, n, pixels, &truth, NULL, work);
        hits += truth.n_lattices > 0;
        several += truth.n_lattices > 1;
        spread += pow(truth.wavelength / 1.3 - 1, 2) / 300;
    }
    assert_true(hits > 140 && hits < 220 && several > 80 && several < 160);
    assert_true(sqrt(spread) > 0.0008 && sqrt(spread) < 0.0012);
    arena_free(&a);
}

/* Mean of the good pixels of a frame. */
static double mean_of(const struct scene *s, uint32_t n, struct simulate_truth *truth, struct arena *a)
{
    uint16_t *pixels = draw(s, n, truth, a);
    double sum = 0, good = 0;
    for (size_t i = 0; i < scene_detector(s)->n_pixels; i++)
        if (scene_mask(s)[i])
            sum += pixels[i], good++;
    return sum / good;
}

static void without_a_jet_there_is_air_and_no_crystal(void **state)
{
    (void)state;
    struct arena a = {0};
    struct simulate_params p = small();
    p.jet_off = (struct frame_range){2, 4};
    struct scene *s = make(&p, &a);
    struct simulate_truth with, without;
    double bright = mean_of(s, 1, &with, &a), dim = mean_of(s, 2, &without, &a);
    assert_true(with.jet && with.n_lattices == 1 && !without.jet && without.n_lattices == 0);
    assert_true(dim < 0.3 * bright);
    assert_true(mean_of(s, 4, &with, &a) > 2 * dim && with.jet);
    arena_free(&a);
}

static void ice_and_salt_add_what_they_should(void **state)
{
    (void)state;
    struct arena a = {0};
    struct simulate_params p = small();
    struct simulate_truth truth;
    p.hit_fraction = 0;
    double plain = mean_of(make(&p, &a), 0, &truth, &a);
    p.ice = 5, p.ice_time = (struct frame_range){0, 1};
    struct scene *icy = make(&p, &a);
    assert_true(mean_of(icy, 0, &truth, &a) > plain + 0.1 && truth.ice);
    mean_of(icy, 1, &truth, &a);
    assert_false(truth.ice);
    p.ice = 0, p.salt = 1;
    double salty = 0;
    for (uint32_t n = 0; n < 8; n++) { /* a salt crystal has few reflections: some orientations show none */
        salty += mean_of(make(&p, &a), n, &truth, &a);
        assert_true(truth.salt && truth.n_lattices == 0);
    }
    if (!(salty / 8 > 1.1 * plain))
        fail_msg("%g beside %g", salty / 8, plain);
    arena_free(&a);
}

static void duplicates_are_the_frame_before(void **state)
{
    (void)state;
    struct arena a = {0};
    struct simulate_params p = small();
    p.duplicates = true;
    struct scene *s = make(&p, &a);
    struct simulate_truth one, two;
    uint16_t *first = draw(s, 4, &one, &a), *second = draw(s, 5, &two, &a);
    assert_memory_equal(first, second, scene_detector(s)->n_pixels * sizeof *first);
    assert_true(one.duplicate_of == 0 && two.duplicate_of == 5);
    arena_free(&a);
}

static void a_moved_detector_moves_the_spots(void **state)
{
    (void)state;
    struct arena a = {0};
    struct simulate_params p = small();
    p.background = 0, p.brightness = 5000, p.bandwidth = 0.0003, p.moved_from = 1, p.moved_px = 6,
    p.duplicates = true;
    struct scene *s = make(&p, &a); /* frame 1 is frame 0 on a detector that has moved by 6 px */
    struct simulate_truth truth;
    uint16_t *before = draw(s, 0, &truth, &a), *after = draw(s, 1, &truth, &a);
    double same = 0, moved = 0;
    for (size_t y = 0; y < 180; y++)
        for (size_t x = 0; x + 6 < 200; x++) {
            double v = scene_mask(s)[y * 200 + x + 6] ? before[y * 200 + x + 6] : 0;
            same += v * (scene_mask(s)[y * 200 + x + 6] ? after[y * 200 + x + 6] : 0);
            moved += v * (scene_mask(s)[y * 200 + x] ? after[y * 200 + x] : 0);
        }
    assert_true(moved > 10 * same);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frame_is_the_same_whenever_it_is_made),
        cmocka_unit_test(masked_pixels_and_the_gap_hold_all_ones),
        cmocka_unit_test(a_blank_has_the_background_and_nothing_else),
        cmocka_unit_test(photons_lie_where_the_truth_says),
        cmocka_unit_test(hits_and_wavelengths_follow_the_parameters),
        cmocka_unit_test(without_a_jet_there_is_air_and_no_crystal),
        cmocka_unit_test(ice_and_salt_add_what_they_should),
        cmocka_unit_test(duplicates_are_the_frame_before),
        cmocka_unit_test(a_moved_detector_moves_the_spots),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
