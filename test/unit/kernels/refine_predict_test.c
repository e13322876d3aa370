#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "still.h"

#include "kernels/refine.h"

static const double CELL[6] = {58.2, 81, 58.9, 90, 92.4, 90};

/* A tilted panel, so that no derivative is simple. */
static struct panel tilted(void)
{
    double c = cos(0.25), s = sin(0.25);
    return (struct panel){.origin = {-90 * c + 10, 85, -140 - 90 * s},
                          .fast = {c, 0, s},
                          .slow = {0, -1, 0},
                          .pixel_fast = 0.1,
                          .pixel_slow = 0.1,
                          .n_fast = 1900,
                          .n_slow = 1700};
}

/* Nodes within |Δψ| < 0.01 that hit the panel; their number. */
static size_t nodes(const struct panel *p, const struct beam_vector *b, const double A[9], int32_t (*hkl)[3],
                    size_t most)
{
    size_t n = 0;
    for (int32_t h = -24; h <= 24; h++)
        for (int32_t k = -30; k <= 30; k++)
            for (int32_t l = -24; l <= 24 && n < most; l++) {
                int32_t t[3] = {h, k, l};
                double s1[3], mm[2], psi;
                if (refine_predict(p, b, A, t, s1, mm, &psi) && fabs(psi) < 0.01 && mm[0] > 0 && mm[1] > 0 &&
                    mm[0] < 190)
                    memcpy(hkl[n++], t, sizeof t);
            }
    return n;
}

static void a_predicted_ray_ends_on_the_sphere_at_the_node_turned(void **state)
{
    (void)state;
    uint64_t seed = 101;
    struct panel p = tilted();
    struct beam_vector b = {1.27, {0.01, -0.02, sqrt(1 - 0.0005)}};
    double u[9], A[9];
    int32_t hkl[400][3];
    still_rotation(&seed, u);
    still_orient(CELL, u, A);
    size_t n = nodes(&p, &b, A, hkl, 400);
    assert_true(n > 100);
    for (size_t i = 0; i < n; i++) {
        double s1[3], mm[2], psi, h[3] = {hkl[i][0], hkl[i][1], hkl[i][2]}, q[3], r[3], e1[3], s0[3];
        assert_true(refine_predict(&p, &b, A, hkl[i], s1, mm, &psi));
        assert_true(fabs(vec3_length(s1) - 1 / 1.27) < 1e-12);
        mat3_vec(A, h, q);
        for (int j = 0; j < 3; j++) {
            s0[j] = -b.direction[j] / 1.27;
            r[j] = s1[j] - s0[j];
        }
        assert_true(fabs(vec3_length(r) - vec3_length(q)) < 1e-12);
        vec3_cross(q, s0, e1);
        assert_true(fabs(vec3_dot(e1, r)) < 1e-12 * vec3_length(e1)); /* the turn is about e1 … */
        double turn[9], w[3], turned[3];
        vec3_norm(e1, e1);
        for (int j = 0; j < 3; j++)
            w[j] = psi * e1[j];
        lattice_rotation(w, turn);
        mat3_vec(turn, q, turned); /* … by Δψ */
        for (int j = 0; j < 3; j++)
            assert_true(fabs(turned[j] - r[j]) < 1e-12);
        /* Δψ > 0: the node lies inside the sphere */
        double k[3] = {s0[0] + q[0], s0[1] + q[1], s0[2] + q[2]};
        double inside = 1 / 1.27 - vec3_length(k);
        assert_true(fabs(inside) < 1e-9 || (inside > 0) == (psi > 0));
    }
}

static void derivatives_are_those_of_central_differences(void **state)
{
    (void)state;
    uint64_t seed = 103;
    struct panel p = tilted();
    struct beam_vector b = {1.27, {0.01, -0.02, sqrt(1 - 0.0005)}};
    double u[9], A[9], dA[9][9];
    int32_t hkl[200][3];
    still_rotation(&seed, u);
    still_orient(CELL, u, A);
    for (int k = 0; k < 9; k++)
        for (int i = 0; i < 9; i++)
            dA[k][i] = 0.02 * noise_normal(&seed); /* any direction of change */
    size_t n = nodes(&p, &b, A, hkl, 200);
    const double STEP = 1e-6;
    double worst[3] = {0};
    for (size_t i = 0; i < n; i++) {
        double s1[3], mm[2], psi, d[9][3];
        assert_true(
            refine_predict_derivatives(&p, &b, A, hkl[i], 9, (const double(*)[9])dA, s1, mm, &psi, d));
        double s1_plain[3], mm_plain[2], psi_plain;
        assert_true(refine_predict(&p, &b, A, hkl[i], s1_plain, mm_plain, &psi_plain));
        assert_true(fabs(mm[0] - mm_plain[0]) < 1e-9 && fabs(mm[1] - mm_plain[1]) < 1e-9 && psi == psi_plain);
        for (int k = 0; k < 9; k++) {
            double side[2][3];
            for (int sign = 0; sign < 2; sign++) {
                double moved[9], s[3], m[2];
                for (int e = 0; e < 9; e++)
                    moved[e] = A[e] + (sign ? STEP : -STEP) * dA[k][e];
                assert_true(refine_predict(&p, &b, moved, hkl[i], s, m, &side[sign][2]));
                side[sign][0] = m[0];
                side[sign][1] = m[1];
            }
            for (int r = 0; r < 3; r++) {
                double slope = (side[1][r] - side[0][r]) / (2 * STEP), scale = r < 2 ? 150 : 1;
                worst[r] = fmax(worst[r], fabs(slope - d[k][r]) / (scale * fmax(1, fabs(slope) / scale)));
            }
        }
    }
    for (int r = 0; r < 3; r++)
        assert_true(worst[r] < 1e-6);
}

static void nodes_without_a_ray_are_refused(void **state)
{
    (void)state;
    struct panel p = tilted();
    struct beam_vector b = {1.27, {0, 0, 1}};
    double A[9] = {0.02, 0, 0, 0, 0.02, 0, 0, 0, 0.02}, s1[3], mm[2], psi, d[1][3], dA[1][9] = {{1}};
    static const int32_t NONE[][3] = {{0, 0, 0}, {100, 0, 0}, {0, 0, 5}, {0, 0, -5}};
    for (size_t i = 0; i < 4; i++) { /* the origin, beyond 2/λ, along the beam */
        assert_false(refine_predict(&p, &b, A, NONE[i], s1, mm, &psi));
        assert_false(
            refine_predict_derivatives(&p, &b, A, NONE[i], 1, (const double(*)[9])dA, s1, mm, &psi, d));
    }
    static const int32_t BACK[3] = {60, 0, 40}; /* scattered backwards, away from the panel */
    assert_false(refine_predict(&p, &b, A, BACK, s1, mm, &psi));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_predicted_ray_ends_on_the_sphere_at_the_node_turned),
        cmocka_unit_test(derivatives_are_those_of_central_differences),
        cmocka_unit_test(nodes_without_a_ray_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
