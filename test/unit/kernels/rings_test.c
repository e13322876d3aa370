/* rings_test.c - bands of resolution: where pixels belong, what counts, what is taken out again. */
#include "kernels/rings.h"

#include "kernels/geometry.h"

#include <math.h>
#include <string.h>

#include "support.h"

enum { W = 200, H = 180, ROOM = 20000 };

static const double beam[3] = {0, 0, 1};
static struct panel panel = {.n_fast = W,
                             .n_slow = H,
                             .pixel_fast = 0.1,
                             .pixel_slow = 0.1,
                             .trusted_lo = 0,
                             .trusted_hi = 1000,
                             .gain = 1,
                             .origin = {-10, -9, -40},
                             .fast = {1, 0, 0},
                             .slow = {0, 1, 0}};
static struct ring_run runs[ROOM];
static struct ring_sums sums;

/* (λ/d)² at so many px from the beam. */
static double t_at(double px)
{
    double lab[3] = {0.1 * px, 0, -40};
    return rings_t(beam, lab);
}

static void t_is_the_square_of_wavelength_by_spacing(void **state)
{
    (void)state;
    double two_theta = 0.3, lab[3] = {0, 7 * sin(two_theta), -7 * cos(two_theta)};
    assert_true(fabs(rings_t(beam, lab) - pow(2 * sin(two_theta / 2), 2)) < 1e-14);
}

static void every_good_pixel_of_a_band_is_in_one_run(void **state)
{
    (void)state;
    struct ring_bands bands = {2, {t_at(30), t_at(60)}, {t_at(40), t_at(62)}};
    uint8_t mask[W * H], seen[W * H] = {0};
    uint32_t area[RINGS_BANDS] = {0};
    memset(mask, 1, sizeof mask);
    for (int i = 0; i < W * H; i += 7)
        mask[i] = 0;
    size_t n = rings_lay(&bands, &panel, beam, mask, 0, 1, runs, ROOM, area);
    assert_true(n > 0 && n <= ROOM);
    for (size_t i = 0; i < n; i++)
        for (uint32_t k = 0; k < runs[i].n; k++)
            seen[runs[i].first + k] = (uint8_t)(seen[runs[i].first + k] + 1 + runs[i].band);
    uint32_t expected[2] = {0, 0};
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            double r = hypot(x + 0.5 - 100, y + 0.5 - 90);
            int band = r >= 30 && r < 40 ? 1 : r >= 60 && r < 62 ? 2 : 0;
            band = mask[y * W + x] ? band : 0;
            assert_int_equal(seen[y * W + x], band);
            if (band)
                expected[band - 1]++;
        }
    assert_int_equal(area[0], expected[0]);
    assert_int_equal(area[1], expected[1]);
    /* no room: the same number is told, nothing is written beyond */
    assert_int_equal(rings_lay(&bands, &panel, beam, mask, 0, 1, runs, 3, area), n);
}

static void only_trusted_values_count_and_strong_pixels_are_taken_out(void **state)
{
    (void)state;
    struct ring_bands bands = {1, {t_at(30)}, {t_at(40)}};
    uint32_t area[RINGS_BANDS] = {0};
    static uint16_t v[W * H];
    for (int i = 0; i < W * H; i++)
        v[i] = 3;
    size_t n = rings_lay(&bands, &panel, beam, NULL, 1, 2, runs, ROOM, area), sectors;
    memset(&sums, 0, sizeof sums);
    v[runs[5].first] = 1001;                /* above the trusted range */
    v[runs[6].first + runs[6].n - 1] = 900; /* a spot */
    v[0] = 900;                             /* in no band */
    rings_add(&panel, PIXEL_U16, v, runs, n, &sums);
    uint32_t count = 0;
    double sum = 0;
    for (int s = 0; s < RINGS_SECTORS; s++)
        count += sums.cells[0][s].n, sum += sums.cells[0][s].sum;
    assert_int_equal(count, area[0] - 1);
    assert_true(sum == 3.0 * (area[0] - 2) + 900);
    uint32_t at = runs[6].first + runs[6].n - 1u;
    const struct strong_pixel strong[] = {{0, 0, 900},
                                          {(uint16_t)(at % W), (uint16_t)(at / W), 900},
                                          {(uint16_t)(at % W), (uint16_t)(at / W + 1), 3}};
    rings_remove(&panel, strong, 3, runs, n, &sums);
    for (int s = 0; s < RINGS_SECTORS; s++)
        assert_true(sums.cells[0][s].sum == 3.0 * sums.cells[0][s].n);
    assert_true(rings_median(sums.cells[0], 10, &sectors) == 3 && sectors == RINGS_SECTORS);
    assert_true(isnan(rings_median(sums.cells[1], 10, &sectors)) && sectors == 0);
}

static void pedestal_and_gain_are_taken_off_and_reals_are_read(void **state)
{
    (void)state;
    struct ring_bands bands = {1, {t_at(30)}, {t_at(40)}};
    uint32_t area[RINGS_BANDS] = {0};
    static float v[W * H];
    struct panel p = panel;
    p.gain = 10, p.pedestal = 5;
    for (int i = 0; i < W * H; i++)
        v[i] = i % 11 ? 25 : NAN;
    size_t n = rings_lay(&bands, &p, beam, NULL, 0, 1, runs, ROOM, area), sectors;
    memset(&sums, 0, sizeof sums);
    rings_add(&p, PIXEL_F32, v, runs, n, &sums);
    assert_true(fabs(rings_median(sums.cells[0], 10, &sectors) - 2) < 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(t_is_the_square_of_wavelength_by_spacing),
        cmocka_unit_test(every_good_pixel_of_a_band_is_in_one_run),
        cmocka_unit_test(only_trusted_values_count_and_strong_pixels_are_taken_out),
        cmocka_unit_test(pedestal_and_gain_are_taken_off_and_reals_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
