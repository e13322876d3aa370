/* statistics_test.c - numbers and checksums over pixels of every type. */
#include "view/view.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Two panels of 3 × 2 and 2 × 2 pixels. */
static struct detector *two_panels(struct arena *a)
{
    struct detector *d = detector_make(a, 2, 0);
    for (int k = 0; k < 2; k++) {
        struct panel *p = &d->panels[k];
        *p = (struct panel){.origin = {10.0 * k, 0, -100},
                            .fast = {1, 0, 0},
                            .slow = {0, -1, 0},
                            .pixel_fast = 0.1,
                            .pixel_slow = 0.1,
                            .n_fast = 3 - k,
                            .n_slow = 2,
                            .trusted_lo = 0,
                            .trusted_hi = 100,
                            .gain = 1};
        d->info[k].name = k ? "one" : "zero";
    }
    assert_true(detector_finish(d, "test", NULL));
    assert_int_equal(d->n_pixels, 10);
    return d;
}

static void pixels_are_counted_by_what_they_are(void **state)
{
    (void)state;
    struct arena a = {0};
    int16_t pixels[10] = {1, 2, 3, -5, 101, 100, 0, 7, 200, 4};
    uint8_t mask[10] = {1, 1, 1, 1, 1, 1, 1, 1, 0, 0};
    struct frame f = {.detector = two_panels(&a), .type = PIXEL_I16, .pixels = pixels, .mask = mask};
    struct view_statistics s;
    assert_true(view_statistics(&f, &s, NULL));
    assert_int_equal(s.n_pixels, 10);
    assert_int_equal(s.n_masked, 2);
    assert_int_equal(s.n_below, 1);
    assert_int_equal(s.n_above, 1);
    assert_int_equal(s.n_negative, 1);
    assert_true(s.min == -5 && s.max == 200 && s.sum == 413);
    assert_true(fabs(s.mean - 113.0 / 6) < 1e-12); /* 1 2 3 100 0 7 */
    assert_true(s.median == 3);
    arena_free(&a);
}

static void pixels_without_a_value_count_as_masked(void **state)
{
    (void)state;
    struct arena a = {0};
    float pixels[10];
    for (int i = 0; i < 10; i++)
        pixels[i] = NAN;
    struct frame f = {.detector = two_panels(&a), .type = PIXEL_F32, .pixels = pixels};
    struct view_statistics s;
    assert_true(view_statistics(&f, &s, NULL));
    assert_int_equal(s.n_masked, 10);
    assert_true(isnan(s.min) && isnan(s.max) && isnan(s.mean) && isnan(s.median));
    pixels[4] = 2.5f;
    assert_true(view_statistics(&f, &s, NULL));
    assert_true(s.min == 2.5 && s.max == 2.5 && s.mean == 2.5 && s.median == 2.5);
    arena_free(&a);
}

/* The checksum of ten values as int32 little-endian, written out by hand. */
static void by_hand(const int32_t *v, size_t n, uint8_t out[32])
{
    uint8_t bytes[40];
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < 4; k++)
            bytes[4 * i + k] = (uint8_t)((uint32_t)v[i] >> (8 * k));
    sha256(bytes, 4 * n, out);
}

static void the_same_counts_have_the_same_checksum_in_every_type(void **state)
{
    (void)state;
    struct arena a = {0};
    static const int32_t values[10] = {0, 1, 2, 3, 100, 127, 5, 6, 7, 8};
    union {
        uint8_t u8[10];
        int8_t i8[10];
        uint16_t u16[10];
        int16_t i16[10];
        uint32_t u32[10];
        int32_t i32[10];
    } p[6];
    for (int i = 0; i < 10; i++) {
        p[0].u8[i] = (uint8_t)values[i], p[1].i8[i] = (int8_t)values[i], p[2].u16[i] = (uint16_t)values[i];
        p[3].i16[i] = (int16_t)values[i], p[4].u32[i] = (uint32_t)values[i], p[5].i32[i] = values[i];
    }
    struct frame f = {.detector = two_panels(&a)};
    uint8_t want[3][32], whole[32], panels[2][32];
    by_hand(values, 10, want[0]);
    by_hand(values, 6, want[1]);
    by_hand(values + 6, 4, want[2]);
    for (int t = 0; t < 6; t++) {
        f.type = (enum pixel_type)t;
        f.pixels = &p[t];
        assert_true(view_hash_int32(&f, whole, panels));
        assert_memory_equal(whole, want[0], 32);
        assert_memory_equal(panels[0], want[1], 32);
        assert_memory_equal(panels[1], want[2], 32);
    }
    p[5].i32[3] = -3;
    assert_true(view_hash_int32(&f, whole, panels));
    assert_memory_not_equal(whole, want[0], 32);
    arena_free(&a);
}

static void what_no_int32_holds_is_summed_in_its_own_type(void **state)
{
    (void)state;
    struct arena a = {0};
    uint32_t pixels[10] = {0, 1, UINT32_MAX};
    double reals[10] = {0.5};
    struct frame f = {.detector = two_panels(&a), .type = PIXEL_U32, .pixels = pixels};
    uint8_t whole[32], want[32], panels[2][32];
    assert_false(view_hash_int32(&f, whole, panels));
    view_hash_own(&f, whole, panels);
    sha256(pixels, sizeof pixels, want); /* the machine of the tests is little-endian */
    assert_memory_equal(whole, want, 32);
    f.type = PIXEL_F64, f.pixels = reals;
    assert_false(view_hash_int32(&f, whole, panels));
    view_hash_own(&f, whole, panels);
    sha256(reals, 48, want);
    assert_memory_equal(panels[0], want, 32);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pixels_are_counted_by_what_they_are),
        cmocka_unit_test(pixels_without_a_value_count_as_masked),
        cmocka_unit_test(the_same_counts_have_the_same_checksum_in_every_type),
        cmocka_unit_test(what_no_int32_holds_is_summed_in_its_own_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
