/* calibrate_test.c - raw pixels become values, and what could not be trusted still cannot. */
#include "kernels/calibrate.h"

#include <math.h>
#include <string.h>

#include "support.h"

enum { N = 2500 }; /* more than a block, and no multiple of one */

static void a_map_undoes_what_it_did(void **state)
{
    (void)state;
    static uint32_t raw[N];
    static float gain[N], pedestal[N], out[N];
    for (size_t i = 0; i < N; i++) {
        gain[i] = (float)(1 + i % 9);
        pedestal[i] = (float)(i % 130);
        raw[i] = (uint32_t)(i * 7 % 1001 * (1 + i % 9) + i % 130);
    }
    struct calibration c = {.gain = gain, .pedestal = pedestal, .lo = 0, .hi = 1e6};
    calibrate_range(&c, N);
    calibrate_panel(raw, PIXEL_U32, N, &c, out);
    for (size_t i = 0; i < N; i++)
        assert_true(out[i] == (float)(i * 7 % 1001));
    assert_true(c.top == 1e6f && c.bottom == -129.f);
}

static void below_the_pedestal_stays_negative(void **state)
{
    (void)state;
    const uint16_t raw[2] = {10, 0};
    const float pedestal[2] = {20, 4}, gain[2] = {2, 8};
    float out[2];
    struct calibration c = {.gain = gain, .pedestal = pedestal, .lo = 0, .hi = 65000};
    calibrate_range(&c, 2);
    calibrate_panel(raw, PIXEL_U16, 2, &c, out);
    assert_true(out[0] == -5 && out[1] == -0.5f);
    assert_true(out[0] >= c.bottom && out[1] >= c.bottom);
}

static void a_pixel_without_gain_or_pedestal_has_no_value(void **state)
{
    (void)state;
    const int32_t raw[3] = {10, 10, 10};
    const float pedestal[3] = {1, NAN, 1}, gain[3] = {NAN, 2, 3};
    float out[3];
    struct calibration c = {.gain = gain, .pedestal = pedestal, .lo = -1, .hi = 1000};
    calibrate_range(&c, 3);
    calibrate_panel(raw, PIXEL_I32, 3, &c, out);
    assert_true(isnan(out[0]) && isnan(out[1]) && out[2] == 3);
    assert_true(c.top == 333 && c.bottom == (float)(-2.0 / 3)); /* of the good one alone */
}

/* Raw values at and beside both limits of every type: valid before is valid after. */
#define LIMITS(name, ctype, low, high)                                                                       \
    do {                                                                                                     \
        const ctype raw[] = {(ctype)((low)-1),  (low),  (ctype)((low) + 1),                                  \
                             (ctype)((high)-1), (high), (ctype)((high) + 1)};                                \
        const float gain[] = {3, 3, 3, 0.5f, 2, 0.25f};                                                      \
        float out[6];                                                                                        \
        struct calibration c = {.gain = gain, .lo = (double)(low), .hi = (double)(high)};                    \
        calibrate_range(&c, 6);                                                                              \
        calibrate_panel(raw, name, 6, &c, out);                                                              \
        for (size_t i = 0; i < 6; i++)                                                                       \
            assert_int_equal(out[i] >= c.bottom && out[i] <= c.top, raw[i] >= (low) && raw[i] <= (high));    \
        assert_true(out[4] == c.top && out[3] < c.top + 1);                                                  \
    } while (0)

static void the_trusted_range_is_that_of_the_raw_values(void **state)
{
    (void)state;
    LIMITS(PIXEL_U8, uint8_t, 3, 200);
    LIMITS(PIXEL_I8, int8_t, -3, 100);
    LIMITS(PIXEL_U16, uint16_t, 1, 65500);
    LIMITS(PIXEL_I16, int16_t, -30, 32000);
    LIMITS(PIXEL_U32, uint32_t, 1,
           4294967293u); /* beside it are values that single precision cannot tell from it */
    LIMITS(PIXEL_I32, int32_t, -2147483600, 2147483600);
    LIMITS(PIXEL_F32, float, -2.f, 1000.f);
    LIMITS(PIXEL_F64, double, -2., 1000.);
}

static void limits_beyond_the_type_let_all_values_pass(void **state)
{
    (void)state;
    const uint16_t raw[] = {0, 1, 65534, 65535};
    float out[4];
    struct calibration c = {.lo = -INFINITY, .hi = INFINITY, .pedestal_all = 5};
    calibrate_range(&c, 4);
    calibrate_panel(raw, PIXEL_U16, 4, &c, out);
    for (size_t i = 0; i < 4; i++)
        assert_true(out[i] == (float)raw[i] - 5 && out[i] >= c.bottom && out[i] <= c.top);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_map_undoes_what_it_did),
        cmocka_unit_test(below_the_pedestal_stays_negative),
        cmocka_unit_test(a_pixel_without_gain_or_pedestal_has_no_value),
        cmocka_unit_test(the_trusted_range_is_that_of_the_raw_values),
        cmocka_unit_test(limits_beyond_the_type_let_all_values_pass),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
