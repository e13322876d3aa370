#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "kernels/geometry_panel.h"
#include "kernels/shoebox.h"
#include "kernels/geometry.h"

#include <math.h>
#include <stdlib.h>

static const struct beam_vector BEAM = {1.3, {0, 0, 1}};

enum { SIDE = 60 };

static struct panel small_panel(void)
{
    return (struct panel){.origin = {20, 3, -100},
                          .fast = {1, 0, 0},
                          .slow = {0, -1, 0},
                          .pixel_fast = 0.1,
                          .pixel_slow = 0.1,
                          .n_fast = SIDE,
                          .n_slow = SIDE,
                          .trusted_lo = 0,
                          .trusted_hi = 1000,
                          .gain = 1,
                          .first_pixel = 5};
}

static struct kabsch at_pixel(const struct panel *p, double x, double y)
{
    struct kabsch k;
    double lab[3];
    panel_pixel_to_point(p, (double[]){x, y}, lab);
    assert_true(kabsch_init(&k, &BEAM, lab));
    return k;
}

static void pixels_of_every_type_are_read(void **state)
{
    (void)state;
    struct panel p = small_panel();
    p.trusted_lo = -10;
    struct shoebox *s = shoebox_init(malloc(shoebox_size()));
    void *pixels = calloc(SIDE * SIDE + 5, 8);
    const size_t at = 5 + 3 * SIDE + 7;
    for (enum pixel_type t = PIXEL_U8; t < PIXEL_TYPES; t++) {
        const double want = t == PIXEL_I8 || t == PIXEL_I16 || t == PIXEL_I32 ? -9 : 109;
        ((uint8_t *)pixels)[at] = t == PIXEL_U8 ? 109 : 0;
        if (t == PIXEL_I8)
            ((int8_t *)pixels)[at] = -9;
        if (t == PIXEL_U16)
            ((uint16_t *)pixels)[at] = 109;
        if (t == PIXEL_I16)
            ((int16_t *)pixels)[at] = -9;
        if (t == PIXEL_U32)
            ((uint32_t *)pixels)[at] = 109;
        if (t == PIXEL_I32)
            ((int32_t *)pixels)[at] = -9;
        if (t == PIXEL_F32)
            ((float *)pixels)[at] = 109;
        if (t == PIXEL_F64)
            ((double *)pixels)[at] = 109;
        shoebox_gather(s, &(struct image){pixels, t, NULL}, &p, (int32_t[]){7, 8, 3, 4});
        assert_true((double)s->values[0] == want);
        assert_int_equal(s->code[0], SHOEBOX_VALID);
    }
    free(pixels);
    free(s);
}

static void only_trusted_unmasked_pixels_on_the_panel_are_valid(void **state)
{
    (void)state;
    struct panel p = small_panel();
    struct shoebox *s = shoebox_init(malloc(shoebox_size()));
    float *pixels = calloc(SIDE * SIDE + 5, sizeof *pixels);
    uint8_t *mask = calloc(SIDE * SIDE + 5, 1);
    for (int i = 0; i < SIDE * SIDE + 5; i++)
        mask[i] = 1;
    pixels[5] = 1000; /* still trusted */
    pixels[6] = 1001; /* saturated */
    pixels[7] = -1;
    pixels[8] = NAN;
    mask[9] = 0;
    pixels[10] = 30;
    p.gain = 2;
    p.pedestal = 10;
    shoebox_gather(s, &(struct image){pixels, PIXEL_F32, mask}, &p, (int32_t[]){-1, 6, 0, 1});
    const uint8_t want[7] = {0, SHOEBOX_VALID, SHOEBOX_SATURATED, 0, 0, 0, SHOEBOX_VALID};
    for (int i = 0; i < 7; i++)
        assert_int_equal(s->code[i], want[i]);
    assert_true(s->values[6] == 10); /* (30 - 10)/2 */
    assert_true(s->values[4] == 0);
    free(mask);
    free(pixels);
    free(s);
}

/* Mark the foreground of another reflection. */
static void overlap(struct shoebox *s, const struct kabsch *k, const struct panel *p, double radius,
                    const int32_t box[4])
{
    static uint8_t inside[PROFILE_BOX_SIDE * PROFILE_BOX_SIDE];
    profile_foreground(k, p, radius, box, inside);
    for (int32_t y = box[2], i = 0; y < box[3]; y++)
        for (int32_t x = box[0]; x < box[1]; x++, i++)
            if (inside[i])
                shoebox_overlap(s, y, x, x + 1);
}

static void a_neighbours_pixels_are_marked_and_are_no_background(void **state)
{
    (void)state;
    struct panel p = small_panel();
    struct shoebox *s = shoebox_init(malloc(shoebox_size()));
    float *pixels = calloc(SIDE * SIDE + 5, sizeof *pixels);
    struct kabsch a = at_pixel(&p, 30, 30), b = at_pixel(&p, 39, 30);
    const double radius = 0.003;
    int32_t box[4], other[4];
    assert_true(profile_box(&a, &p, 2 * radius, box) && profile_box(&b, &p, 2 * radius, other));
    shoebox_gather(s, &(struct image){pixels, PIXEL_F32, NULL}, &p, box);
    shoebox_foreground(s, &a, &p, radius);
    int32_t before = shoebox_background_pixels(s), mine = shoebox_count(s, SHOEBOX_FOREGROUND);
    assert_int_equal(before + mine, s->size);
    overlap(s, &b, &p, radius, other);
    int32_t bg = shoebox_count(s, SHOEBOX_BACKGROUND | SHOEBOX_OVERLAPPED);
    assert_true(bg > 5 && shoebox_count(s, SHOEBOX_FOREGROUND | SHOEBOX_OVERLAPPED) == 0);
    assert_int_equal(shoebox_background_pixels(s), before - bg);
    struct kabsch c = at_pixel(&p, 30, 34);
    assert_true(profile_box(&c, &p, 2 * radius, other));
    overlap(s, &c, &p, radius, other);
    assert_true(shoebox_count(s, SHOEBOX_FOREGROUND | SHOEBOX_OVERLAPPED) > 3);
    struct kabsch far = at_pixel(&p, 55, 55);
    assert_true(profile_box(&far, &p, radius, other));
    int32_t marked = shoebox_count(s, SHOEBOX_OVERLAPPED);
    overlap(s, &far, &p, radius, other);
    assert_int_equal(shoebox_count(s, SHOEBOX_OVERLAPPED), marked);
    free(pixels);
    free(s);
}

static void sums_and_centroid_are_those_of_the_foreground(void **state)
{
    (void)state;
    struct panel p = small_panel();
    struct shoebox *s = shoebox_init(malloc(shoebox_size()));
    float *pixels = calloc(SIDE * SIDE + 5, sizeof *pixels);
    for (int i = 0; i < SIDE * SIDE; i++)
        pixels[5 + i] = 4;
    pixels[5 + 30 * SIDE + 30] += 60;
    pixels[5 + 30 * SIDE + 31] += 20;
    pixels[5 + 20 * SIDE + 31] += 500; /* background's business */
    struct kabsch a = at_pixel(&p, 30.7, 30.4);
    int32_t box[4];
    assert_true(profile_box(&a, &p, 0.006, box));
    shoebox_gather(s, &(struct image){pixels, PIXEL_F32, NULL}, &p, box);
    shoebox_foreground(s, &a, &p, 0.003);
    const struct background g = {.b = {4, 0, 0}, .noise_per_value = 2, .noise = 1};
    for (int exact = 0; exact < 2; exact++) {
        struct shoebox_sums sums = shoebox_sum(s, &g, exact);
        assert_int_equal(sums.n, shoebox_count(s, SHOEBOX_FOREGROUND));
        assert_true(fabs(sums.background - 4 * sums.n) < 1e-4 &&
                    fabs(sums.signal - sums.background - 80) < 1e-4);
        assert_true(fabs(sums.noise - 9 * sums.n) < 1e-9);
        assert_true(fabs(box[0] + sums.cx - 30.7) < 0.5 && fabs(box[2] + sums.cy - 30.4) < 0.5);
    }
    double px[2], variance[2];
    shoebox_centroid(s, &g, px, variance);
    assert_true(fabs(px[0] - (30.5 + 0.25)) < 1e-9 && fabs(px[1] - 30.5) < 1e-9);
    double spread = 60 * 0.25 * 0.25 + 20 * 0.75 * 0.75; /* ALGORITHMS 2.8 */
    assert_true(fabs(variance[0] - (spread / (80 * 80 - 60 * 60 - 20 * 20) + 1.0 / 12)) < 1e-9);
    const struct background all = {.b = {1000, 0, 0}};
    shoebox_centroid(s, &all, px, variance);
    assert_true(px[0] == 0.5 * (box[0] + box[1]) && variance[0] == 1.0 / 12);
    free(pixels);
    free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pixels_of_every_type_are_read),
        cmocka_unit_test(only_trusted_unmasked_pixels_on_the_panel_are_valid),
        cmocka_unit_test(a_neighbours_pixels_are_marked_and_are_no_background),
        cmocka_unit_test(sums_and_centroid_are_those_of_the_foreground),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
