#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "noise.h"

#include "kernels/mosaic.h"

#include <stdlib.h>
#include <string.h>

enum { MANY = 4000 };

/* Spots evenly within |Δψ| < η/2 + d/D. */
static void make(uint64_t *seed, size_t n, double eta, double domain, double *d, double *psi)
{
    for (size_t i = 0; i < n; i++) {
        d[i] = 2 + 18 * noise_uniform(seed);
        psi[i] = (2 * noise_uniform(seed) - 1) * (0.5 * eta + d[i] / domain);
    }
}

static void the_box_that_made_the_spots_is_found(void **state)
{
    (void)state;
    static double d[MANY], psi[MANY], work[2 * MANY];
    static const double TRUTH[][2] = {{0.002, 4000}, {0.006, 800}, {0.0005, 10000}};
    uint64_t seed = 111;
    assert_true(mosaic_work_size(MANY) <= sizeof work);
    for (size_t i = 0; i < 3; i++) {
        struct mosaic m;
        make(&seed, MANY, TRUTH[i][0], TRUTH[i][1], d, psi);
        assert_true(mosaic_estimate(d, psi, MANY, 100, &m, work));
        for (double at = 3; at < 20;
             at += 4) { /* the edge is soft: the maximum lies 7 % inside a sharp one */
            double edge = (0.5 * m.full_ml + at / m.domain_ml) / (0.5 * TRUTH[i][0] + at / TRUTH[i][1]);
            assert_true(edge > 0.88 && edge < 1);
        }
        assert_true(fabs(m.half_mosaicity_deg - 1.4 * m.full_ml * 90 / 3.14159265358979) < 1e-9);
        assert_true(fabs(m.domain_size - m.domain_ml / 1.4) < 1e-9);
    }
}

static void the_order_of_the_spots_does_not_matter(void **state)
{
    (void)state;
    static double d[200], psi[200], work[400];
    uint64_t seed = 113;
    struct mosaic m, other;
    make(&seed, 200, 0.003, 3000, d, psi);
    mosaic_estimate(d, psi, 200, 100, &m, work);
    for (size_t i = 0; i < 100; i++) {
        double t = d[i];
        d[i] = d[199 - i];
        d[199 - i] = t;
        t = psi[i];
        psi[i] = psi[199 - i];
        psi[199 - i] = t;
    }
    mosaic_estimate(d, psi, 200, 100, &other, work);
    assert_memory_equal(&m, &other, sizeof m);
}

static void odd_input_gives_numbers_or_a_refusal(void **state)
{
    (void)state;
    double d[10] = {5, 5, 5, 5, 5, 5, 5, 5, 5, 5}, psi[10] = {0}, work[20];
    struct mosaic m;
    assert_true(mosaic_estimate(d, psi, 10, 100, &m, work)); /* one resolution, no excursion */
    assert_true(isfinite(m.half_mosaicity_deg) && m.half_mosaicity_deg > 0 && m.domain_size > 0 &&
                isfinite(m.domain_size));
    for (int i = 0; i < 10; i++) { /* an envelope that narrows with d */
        d[i] = 2 + i;
        psi[i] = 0.01 / d[i] * (i % 2 ? 1 : -1);
    }
    assert_true(mosaic_estimate(d, psi, 10, 100, &m, work));
    assert_true(isfinite(m.full_ml) && m.full_ml < 0.1 && isfinite(m.domain_ml));
    psi[3] = 1e6; /* absurd, but no reason to die */
    assert_true(mosaic_estimate(d, psi, 10, 100, &m, work));
    assert_true(isfinite(m.full_ml) && isfinite(m.domain_ml));
    psi[3] = NAN;
    assert_false(mosaic_estimate(d, psi, 10, 100, &m, work));
    assert_true(m.domain_size == 0);
    psi[3] = 0;
    d[4] = 0;
    assert_false(mosaic_estimate(d, psi, 10, 100, &m, work));
    assert_false(mosaic_estimate(d, psi, 2, 100, &m, work));
}

/* Half the volume of the shell between 1/λ and 1/λ + 1/D over the cap of 2θ, and more with mosaicity. */
static void the_proximal_volume_is_that_of_its_shell(void **state)
{
    (void)state;
    double lambda = 1.3, d_min = 2, D = 3000, cap = 1 - cos(2 * asin(lambda / (2 * d_min))), r = 1 / lambda,
           R = r + 1 / D;
    double expected = 2 * 3.14159265358979 / 3 * cap * (R * R * R - r * r * r);
    assert_true(fabs(mosaic_proximal_volume(lambda, d_min, 0, D) / expected - 1) < 1e-12);
    double before = 0;
    for (double eta = 0; eta < 0.02; eta += 0.002) {
        double v = mosaic_proximal_volume(lambda, d_min, eta, D);
        assert_true(v > before);
        before = v;
    }
    assert_true(isfinite(mosaic_proximal_volume(5, 2, 0.01, 1000))); /* λ > 2 d: the whole sphere */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_box_that_made_the_spots_is_found),
        cmocka_unit_test(the_order_of_the_spots_does_not_matter),
        cmocka_unit_test(odd_input_gives_numbers_or_a_refusal),
        cmocka_unit_test(the_proximal_volume_is_that_of_its_shell),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
