/* codes_test.c - bytes that keep the order of values. */
#include "panels.h"

static struct arena memory;

static void counts_keep_their_order_and_small_ones_are_told_apart(void **state)
{
    (void)state;
    static uint32_t pixels[PIXELS];
    static uint8_t code[PIXELS];
    double value[256];
    for (uint32_t i = 0; i < PIXELS; i++)
        pixels[i] = i < 1600 ? i % 4 : i * 100; /* mostly few photons, as on a hit */
    struct frame f = panels_frame(panels_make(&memory), PIXEL_U32, pixels, NULL);
    view_codes(&f, code, value);
    assert_true(code[0] < code[1] && code[1] < code[2] && code[2] < code[3]);
    for (size_t i = 1600; i + 1 < PIXELS; i++)
        assert_true(code[i] <= code[i + 1]);
    assert_int_equal(code[PIXELS - 1], VIEW_CODE_LAST);
    assert_double_equal(value[VIEW_CODE_LAST], (PIXELS - 1) * 100.0, 0);
    assert_double_equal(value[VIEW_CODE_FIRST], 0, 0);
    assert_true(isnan(value[VIEW_CODE_OUTSIDE]) && isnan(value[VIEW_CODE_ABOVE]));
    for (size_t i = 0; i < PIXELS; i++) { /* what a code stands for is the pixel, to within its noise */
        double v = pixels[i];
        if (fabs(value[code[i]] - v) > 0.6 + 0.03 * v)
            fail_msg("%g is shown as %g", v, value[code[i]]);
    }
}

static void what_is_no_value_has_a_word_in_every_type(void **state)
{
    (void)state;
    static float reals[PIXELS];
    static int16_t whole[PIXELS];
    static uint8_t code[PIXELS], mask[PIXELS];
    double value[256];
    struct detector *d = panels_make(&memory);
    memset(mask, 1, sizeof mask);
    mask[3] = 0;
    for (int i = 0; i < PIXELS; i++) {
        reals[i] = (float)i / 7;
        whole[i] = (int16_t)i;
    }
    d->panels[0].trusted_hi = 1000;
    reals[0] = NAN, reals[1] = -5, reals[2] = 1001, reals[4] = INFINITY;
    whole[1] = -5, whole[2] = 1001;
    struct frame f = panels_frame(d, PIXEL_F32, reals, mask);
    view_codes(&f, code, value);
    assert_int_equal(code[0], VIEW_CODE_MASKED);
    assert_int_equal(code[1], VIEW_CODE_MASKED);
    assert_int_equal(code[2], VIEW_CODE_ABOVE);
    assert_int_equal(code[3], VIEW_CODE_MASKED);
    assert_int_equal(code[4], VIEW_CODE_ABOVE);
    f = panels_frame(d, PIXEL_I16, whole, NULL);
    view_codes(&f, code, value);
    assert_int_equal(code[1], VIEW_CODE_MASKED);
    assert_int_equal(code[2], VIEW_CODE_ABOVE);
    assert_true(code[3] >= VIEW_CODE_FIRST && code[3] <= VIEW_CODE_LAST);
}

static void a_frame_of_one_value_or_none_is_no_trouble(void **state)
{
    (void)state;
    static double pixels[PIXELS];
    static uint8_t code[PIXELS], mask[PIXELS];
    double value[256], lo, hi;
    struct frame f = panels_frame(panels_make(&memory), PIXEL_F64, pixels, NULL);
    view_codes(&f, code, value);
    view_levels(code, PIXELS, value, &lo, &hi);
    assert_int_equal(code[7], VIEW_CODE_FIRST);
    assert_true(lo == 0 && hi == 1);
    f.mask = mask; /* all masked */
    view_codes(&f, code, value);
    view_levels(code, PIXELS, value, &lo, &hi);
    assert_int_equal(code[7], VIEW_CODE_MASKED);
    assert_true(hi > lo);
}

/* Background of an integrating detector with a negative pedestal, and a few spots: noise is grey, spots are not, whatever they have. */
static void noise_is_grey_and_spots_are_black(void **state)
{
    (void)state;
    static int16_t pixels[PIXELS];
    static uint8_t code[PIXELS];
    double value[256], lo, hi;
    for (int i = 0; i < PIXELS; i++)
        pixels[i] = (int16_t)(i % 21 - 30); /* -30 … -10 */
    for (int i = 0; i < PIXELS; i += PIXELS / 4)
        pixels[i] = 5000;
    struct detector *d = panels_make(&memory);
    for (int k = 0; k < 2; k++)
        d->panels[k].trusted_lo = -1000, d->panels[k].trusted_hi = 30000;
    struct frame f = panels_frame(d, PIXEL_I16, pixels, NULL);
    view_codes(&f, code, value);
    view_levels(code, PIXELS, value, &lo, &hi);
    assert_true(lo >= -31 && lo <= -29);
    assert_true(hi > -9 && hi < 10); /* the strongest noise is not black, a spot is */
}

static int done(void **state)
{
    (void)state;
    arena_free(&memory);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(counts_keep_their_order_and_small_ones_are_told_apart, done),
        cmocka_unit_test_teardown(what_is_no_value_has_a_word_in_every_type, done),
        cmocka_unit_test_teardown(noise_is_grey_and_spots_are_black, done),
        cmocka_unit_test_teardown(a_frame_of_one_value_or_none_is_no_trouble, done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
