/* powder_test.c - frames added up. */
#include "kernels/powder.h"

#include <math.h>
#include <string.h>

#include "support.h"

enum { W = 7, H = 5 };

static const struct panel plain = {.n_fast = W,
                                   .n_slow = H,
                                   .pixel_fast = 0.1,
                                   .pixel_slow = 0.1,
                                   .trusted_lo = -2,
                                   .trusted_hi = 100,
                                   .origin = {0, 0, -100},
                                   .fast = {1, 0, 0},
                                   .slow = {0, 1, 0}};

static void good_values_are_added_and_others_are_not(void **state)
{
    (void)state;
    int32_t v[W * H] = {0};
    uint8_t mask[W * H];
    struct powder_cell c[W * H];
    memset(mask, 1, sizeof mask);
    powder_clear(c, W * H);
    v[0] = 100, v[1] = 101, v[2] = -2, v[3] = -3, v[4] = INT32_MIN, v[5] = INT32_MAX;
    mask[6] = 0, v[6] = 50;
    powder_add_rows(&plain, PIXEL_I32, v, mask, 1, 0, H, c);
    v[0] = 7;
    powder_add_rows(&plain, PIXEL_I32, v, mask, 1, 0, H, c);
    assert_int_equal(c[0].sum, 107);
    assert_int_equal(c[0].max, 100);
    assert_int_equal(c[0].n, 2);
    assert_int_equal(c[2].sum, -4);
    assert_int_equal(c[2].max, -2);
    for (int i = 1; i < 7; i++)
        if (i != 2) {
            assert_int_equal(c[i].n, 0);
            assert_int_equal(c[i].max, INT32_MIN);
        }
    assert_int_equal(c[W * H - 1].n, 2);
}

/* Whatever the bin and how rows are dealt out: nothing is lost, cells at the edges are cut. */
static void squares_hold_all_of_their_pixels(void **state)
{
    (void)state;
    uint16_t v[W * H];
    for (int i = 0; i < W * H; i++)
        v[i] = (uint16_t)i;
    for (int32_t bin = 1; bin <= 4; bin++) {
        struct powder_cell c[W * H], parts[W * H];
        int32_t down = powder_cells(H, bin), across = powder_cells(W, bin);
        powder_clear(c, W * H);
        powder_clear(parts, W * H);
        powder_add_rows(&plain, PIXEL_U16, v, NULL, bin, 0, down, c);
        for (int32_t r = 0; r < down; r++)
            powder_add_rows(&plain, PIXEL_U16, v, NULL, bin, r, r + 1, parts);
        assert_memory_equal(c, parts, sizeof c);
        int64_t sum = 0;
        uint32_t n = 0;
        for (int32_t i = 0; i < down * across; i++)
            sum += c[i].sum, n += c[i].n;
        assert_int_equal(n, W * H);
        assert_int_equal(sum, W * H * (W * H - 1) / 2);
        assert_int_equal(c[0].max, (bin < W ? bin - 1 : W - 1) + (bin - 1) * W);
        assert_int_equal(c[down * across - 1].max, W * H - 1);
    }
}

static void reals_are_taken_in_steps_and_no_number_is_left_out(void **state)
{
    (void)state;
    float v[W * H] = {1.5f, NAN, INFINITY, -INFINITY, 0.001f, 3e38f, -1.25f};
    struct powder_cell c[W * H];
    powder_clear(c, W * H);
    powder_add_rows(&plain, PIXEL_F32, v, NULL, 1, 0, H, c);
    assert_double_equal((double)c[0].sum / powder_scale(PIXEL_F32), 1.5, 0);
    assert_double_equal((double)c[6].sum / powder_scale(PIXEL_F32), -1.25, 0);
    assert_int_equal(c[4].n, 1);
    assert_int_equal(c[1].n + c[2].n + c[3].n + c[5].n, 0);
    struct panel open = plain;
    open.trusted_lo = -INFINITY;
    open.trusted_hi = INFINITY;
    powder_clear(c, W * H);
    powder_add_rows(&open, PIXEL_F32, v, NULL, 1, 0, H, c);
    assert_int_equal(c[1].n, 0);
    assert_int_equal(c[5].max, 1 << 30); /* as much as there is room for */
    open.trusted_lo = NAN;
    powder_clear(c, W * H);
    powder_add_rows(&open, PIXEL_F32, v, NULL, 1, 0, H, c);
    assert_int_equal(c[0].n, 0);
}

static void sums_of_parts_are_the_sum(void **state)
{
    (void)state;
    const struct powder_cell none = {.max = INT32_MIN}, a = {.sum = 5, .max = 3, .n = 2},
                             b = {.sum = -9, .max = -9, .n = 1};
    struct powder_cell to[] = {none, a, b}, from[] = {a, b, none};
    powder_add_cells(to, from, 3);
    assert_int_equal(to[0].sum, 5);
    assert_int_equal(to[1].sum, -4);
    assert_int_equal(to[1].max, 3);
    assert_int_equal(to[2].max, -9);
    assert_int_equal(to[2].n, 1);
}

/* Against the definition in long arithmetic, with a mean far from zero: sum of squares / n - mean² has no right digit there. */
static void the_deviation_is_right_far_from_zero(void **state)
{
    (void)state;
    const struct panel one = {.n_fast = 1, .n_slow = 1, .trusted_lo = -4e9, .trusted_hi = 4e9};
    static const int64_t about[] = {0, 5, -40000, 100000000, -900000000};
    for (size_t k = 0; k < sizeof about / sizeof *about; k++) {
        struct powder_cell c, halves[2];
        powder_clear(&c, 1);
        powder_clear(halves, 2);
        long double sum = 0, squares = 0;
        for (int i = 0; i < 10; i++) {
            int32_t v = (int32_t)(about[k] + (i * 7) % 10);
            sum += v - about[k];
            squares += (long double)(v - about[k]) * (v - about[k]);
            powder_add_rows(&one, PIXEL_I32, &v, NULL, 1, 0, 1, &c);
            powder_add_rows(&one, PIXEL_I32, &v, NULL, 1, 0, 1, halves + i % 2);
        }
        powder_add_cells(halves, halves + 1, 1);
        assert_memory_equal(halves, &c, sizeof c);
        assert_double_equal(powder_deviation(&c), sqrt((double)((squares - sum * sum / 10) / 9)), 1e-12);
    }
    struct powder_cell none = {.max = INT32_MIN}, single = {.sum = 3, .squares = 9, .max = 3, .n = 1};
    assert_true(isnan(powder_deviation(&none)) && isnan(powder_deviation(&single)));
}

/* What does not fit stays full in any order, and is told as not known. */
static void a_sum_of_squares_that_does_not_fit_is_full(void **state)
{
    (void)state;
    const struct panel one = {.n_fast = 1, .n_slow = 1, .trusted_lo = -4e9, .trusted_hi = 4e9};
    struct powder_cell c, d;
    int32_t large = INT32_MAX, small = 2;
    powder_clear(&c, 1);
    powder_clear(&d, 1);
    for (int i = 0; i < 40; i++) {
        powder_add_rows(&one, PIXEL_I32, i < 20 ? &large : &small, NULL, 1, 0, 1, &c);
        powder_add_rows(&one, PIXEL_I32, i < 20 ? &small : &large, NULL, 1, 0, 1, &d);
    }
    assert_true(c.squares == POWDER_FULL);
    assert_memory_equal(&c, &d, sizeof c);
    assert_true(isnan(powder_deviation(&c)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_values_are_added_and_others_are_not),
        cmocka_unit_test(squares_hold_all_of_their_pixels),
        cmocka_unit_test(reals_are_taken_in_steps_and_no_number_is_left_out),
        cmocka_unit_test(sums_of_parts_are_the_sum),
        cmocka_unit_test(the_deviation_is_right_far_from_zero),
        cmocka_unit_test(a_sum_of_squares_that_does_not_fit_is_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
