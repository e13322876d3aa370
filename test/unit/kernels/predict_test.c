#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "kernels/geometry_panel.h"
#include "kernels/predict.h"
#include "kernels/geometry.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RADIANS (3.14159265358979323846 / 180)

static double uniform(uint64_t *seed)
{
    *seed += 0x9e3779b97f4a7c15u;
    uint64_t x = *seed;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return (double)((x ^ (x >> 31)) >> 11) / 9007199254740992.0;
}

/* A = random rotation × diag-ish reciprocal cell with random angles. */
static struct lattice random_lattice(uint64_t *seed, double smallest, double largest)
{
    double q[4], n = 0, R[9], B[9] = {0};
    for (int i = 0; i < 4; i++) {
        q[i] = uniform(seed) - 0.5;
        n += q[i] * q[i];
    }
    for (int i = 0; i < 4; i++)
        q[i] /= sqrt(n);
    double w = q[0], x = q[1], y = q[2], z = q[3];
    double rotation[9] = {1 - 2 * (y * y + z * z), 2 * (x * y - w * z),     2 * (x * z + w * y),
                          2 * (x * y + w * z),     1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
                          2 * (x * z - w * y),     2 * (y * z + w * x),     1 - 2 * (x * x + y * y)};
    memcpy(R, rotation, sizeof R);
    for (int i = 0; i < 3; i++)
        B[4 * i] = 1 / (smallest + (largest - smallest) * uniform(seed));
    B[1] = 0.3 * (uniform(seed) - 0.5) * B[0];
    B[2] = 0.3 * (uniform(seed) - 0.5) * B[0];
    B[5] = 0.3 * (uniform(seed) - 0.5) * B[4];
    struct lattice l = {.cell_no = 0};
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            for (int k = 0; k < 3; k++)
                l.A[3 * i + j] += R[3 * i + k] * B[3 * k + j];
    return l;
}

static struct panel flat_panel(double distance, int32_t size)
{
    return (struct panel){.origin = {-0.05 * size, 0.05 * size, -distance},
                          .fast = {1, 0, 0},
                          .slow = {0, -1, 0},
                          .pixel_fast = 0.1,
                          .pixel_slow = 0.1,
                          .n_fast = size,
                          .n_slow = size,
                          .gain = 1};
}

static const struct symop I_CENTRED[] = {{{1, 0, 0, 0, 1, 0, 0, 0, 1}, {0, 0, 0}},
                                         {{1, 0, 0, 0, 1, 0, 0, 0, 1}, {6, 6, 6}}};

/* Every node of a box of indices, by the definition. */
static size_t brute_force(const struct view *view, const struct lattice *l, const struct symop *ops,
                          size_t n_ops, double d_min, struct reflection *out, size_t capacity)
{
    size_t n = 0;
    for (int32_t h = -60; h <= 60; h++)
        for (int32_t k = -60; k <= 60; k++)
            for (int32_t m = -60; m <= 60; m++) {
                double index[3] = {h, k, m}, q[3], s1[3], psi, mm[2], px[2];
                uint32_t panel;
                mat3_vec(l->A, index, q);
                double d = 1 / vec3_length(q);
                if (d < d_min || predict_absent(ops, n_ops, (int32_t[]){h, k, m}))
                    continue;
                if (!predict_ray(l->A, view->beam, (int32_t[]){h, k, m}, s1, &psi) ||
                    fabs(psi) >= predict_envelope(l, d) || !predict_impact(view, s1, &panel, mm, px))
                    continue;
                assert_true(n < capacity);
                out[n++] = (struct reflection){.hkl = {h, k, m}, .panel = panel, .delpsi = psi};
            }
    return n;
}

static const struct reflection *find(const struct reflection *rows, size_t n, const int32_t hkl[3])
{
    for (size_t i = 0; i < n; i++)
        if (!memcmp(rows[i].hkl, hkl, sizeof rows[i].hkl))
            return &rows[i];
    return NULL;
}

static void intervals_in_l_find_what_brute_force_finds(void **state)
{
    (void)state;
    enum { ROOM = 20000 };
    struct reflection *fast = calloc(ROOM, sizeof *fast), *slow = calloc(ROOM, sizeof *slow);
    size_t total = 0;
    for (uint64_t round = 1; round <= 6; round++) {
        uint64_t seed = 1000 + round;
        struct panel p = flat_panel(30 + 10 * (double)round, 900);
        struct beam_vector beam = {1 + 0.1 * (double)round, {0.02, -0.01, 1}};
        assert_true(vec3_norm(beam.direction, beam.direction));
        struct view view = {&p, 1, &beam};
        struct lattice l = random_lattice(&seed, 30, 60);
        l.domain_size_ang = round == 1 ? 0 : 150 * (double)round;
        l.half_mosaicity_deg = round == 1 ? 0 : 0.2 * (double)round;
        struct predict_params params = {.d_min = 1.4};
        size_t n_ops = round % 2 ? 2 : 0;
        size_t a = predict_lattice(&params, &view, &l, 3, I_CENTRED, n_ops, fast, ROOM);
        size_t b = brute_force(&view, &l, I_CENTRED, n_ops, 1.4, slow, ROOM);
        if (a != b)
            print_error("seed %d: %zu by intervals, %zu by brute force\n", (int)(1000 + round), a, b);
        assert_int_equal(a, b);
        for (size_t i = 0; i < b; i++) {
            const struct reflection *row = find(fast, a, slow[i].hkl);
            assert_non_null(row);
            assert_true(row->delpsi == slow[i].delpsi && row->panel == slow[i].panel && row->lattice == 3);
        }
        total += a;
    }
    assert_true(total > 500);
    free(fast);
    free(slow);
}

/* Rodrigues' formula. */
static void turn(const double v[3], const double axis[3], double angle, double out[3])
{
    double across[3], along = vec3_dot(axis, v);
    vec3_cross(axis, v, across);
    for (int i = 0; i < 3; i++)
        out[i] = v[i] * cos(angle) + across[i] * sin(angle) + axis[i] * along * (1 - cos(angle));
}

static void delta_psi_turns_the_node_onto_the_sphere(void **state)
{
    (void)state;
    uint64_t seed = 5;
    int inside = 0, outside = 0;
    for (int round = 0; round < 300; round++) {
        struct lattice l = random_lattice(&seed, 10, 40);
        struct beam_vector beam = {1.3, {uniform(&seed) - 0.5, uniform(&seed) - 0.5, 1}};
        assert_true(vec3_norm(beam.direction, beam.direction));
        int32_t hkl[3];
        double s1[3], psi, q[3], s0[3], e1[3], turned[3], sum[3], h[3];
        for (int i = 0; i < 3; i++) {
            hkl[i] = (int32_t)(uniform(&seed) * 15) - 7;
            h[i] = hkl[i];
            s0[i] = -beam.direction[i] / beam.wavelength;
        }
        if (!predict_ray(l.A, &beam, hkl, s1, &psi))
            continue;
        mat3_vec(l.A, h, q);
        vec3_cross(q, s0, e1);
        assert_true(vec3_norm(e1, e1));
        turn(q, e1, psi, turned);
        for (int i = 0; i < 3; i++) {
            sum[i] = s0[i] + q[i];
            assert_true(fabs(s0[i] + turned[i] - s1[i]) < 1e-12);
        }
        assert_true(fabs(vec3_length(s1) - 1 / beam.wavelength) < 1e-12);
        assert_true((psi > 0) == (vec3_length(sum) < 1 / beam.wavelength));
        inside += psi > 0;
        outside += psi < 0;
    }
    assert_true(inside > 50 && outside > 50);
}

static void nodes_that_cannot_diffract_are_refused(void **state)
{
    (void)state;
    struct beam_vector beam = {1, {0, 0, 1}};
    double A[9] = {0.1, 0, 0, 0, 0.1, 0, 0, 0, 0.1}, s1[3], psi;
    assert_false(predict_ray(A, &beam, (int32_t[]){0, 0, 0}, s1, &psi));
    assert_false(predict_ray(A, &beam, (int32_t[]){21, 0, 0}, s1, &psi)); /* beyond 2/λ */
    assert_false(predict_ray(A, &beam, (int32_t[]){0, 0, -3}, s1, &psi)); /* on the beam */
    assert_true(predict_ray(A, &beam, (int32_t[]){19, 0, 0}, s1, &psi));
}

static void screws_glides_and_centrings_extinguish(void **state)
{
    (void)state;
    /* 6₁ along c: (x−y, x, z + 1/6): 00l needs l = 6n. */
    const struct symop screw[] = {{{1, -1, 0, 1, 0, 0, 0, 0, 1}, {0, 0, 2}}};
    for (int32_t l = -13; l <= 13; l++)
        assert_true(predict_absent(screw, 1, (int32_t[]){0, 0, l}) == (l % 6 != 0));
    assert_false(predict_absent(screw, 1, (int32_t[]){1, 0, 1}));
    /* c glide normal to b: (x, −y, z + 1/2): h0l needs l even. */
    const struct symop glide[] = {{{1, 0, 0, 0, -1, 0, 0, 0, 1}, {0, 0, 6}}};
    assert_true(predict_absent(glide, 1, (int32_t[]){3, 0, -1}));
    assert_false(predict_absent(glide, 1, (int32_t[]){3, 1, -1}));
    assert_false(predict_absent(glide, 1, (int32_t[]){3, 0, 2}));
    assert_true(predict_absent(I_CENTRED, 2, (int32_t[]){1, 1, 1}));
    assert_false(predict_absent(I_CENTRED, 2, (int32_t[]){1, 2, 1}));
    assert_false(predict_absent(NULL, 0, (int32_t[]){1, 1, 1}));
}

static void the_envelope_is_the_one_of_dials_with_its_extra_half(void **state)
{
    (void)state;
    struct lattice l = {.half_mosaicity_deg = 0.2, .domain_size_ang = 1000}, none = {.half_mosaicity_deg = 0};
    assert_true(fabs(predict_envelope(&l, 3) - (0.003 + 0.1 * RADIANS)) < 1e-15);
    assert_true(predict_envelope(&none, 3) == 0.0015);
}

static void the_farthest_corner_sets_the_resolution(void **state)
{
    (void)state;
    struct panel p[2] = {flat_panel(100, 500), flat_panel(100, 500)};
    p[1].origin[0] += 50;
    struct beam_vector beam = {1.5, {0, 0, 1}};
    struct view view = {p, 2, &beam};
    double theta = 0.5 * atan(hypot(75, 25) / 100);
    assert_true(fabs(predict_d_min(&view) - 1.5 / (2 * sin(theta))) < 1e-12);
    assert_true(predict_d_min(&(struct view){p, 0, &beam}) == 0);
}

static void the_nearest_of_two_panels_is_hit(void **state)
{
    (void)state;
    struct panel p[2] = {flat_panel(200, 1000), flat_panel(100, 200)};
    struct beam_vector beam = {1, {0, 0, 1}};
    struct view view = {p, 2, &beam};
    uint32_t panel = 9;
    double mm[2], px[2];
    assert_true(predict_impact(&view, (double[]){0.05, 0, -1}, &panel, mm, px));
    assert_int_equal(panel, 1);
    assert_true(fabs(px[0] - 150) < 1e-9 && fabs(px[1] - 100) < 1e-9);
    assert_true(predict_impact(&view, (double[]){0.2, 0, -1}, &panel, mm, px));
    assert_int_equal(panel, 0);
    assert_false(predict_impact(&view, (double[]){2, 0, -1}, &panel, mm, px));
    assert_false(predict_impact(&view, (double[]){0, 0, 1}, &panel, mm, px));
}

static void too_little_room_tells_how_much_is_needed(void **state)
{
    (void)state;
    uint64_t seed = 77;
    struct panel p = flat_panel(100, 900);
    struct beam_vector beam = {1.2, {0, 0, 1}};
    struct view view = {&p, 1, &beam};
    struct lattice l = random_lattice(&seed, 40, 60);
    l.domain_size_ang = 500;
    struct reflection *rows = calloc(5000, sizeof *rows);
    size_t all = predict_lattice(&(struct predict_params){0}, &view, &l, 0, NULL, 0, rows, 5000);
    assert_true(all > 20 && all < 5000);
    for (size_t i = 1; i < all; i++) /* one panel: by h, k, l */
        assert_true(memcmp(rows[i - 1].hkl, rows[i].hkl, sizeof rows[i].hkl) != 0 &&
                    rows[i - 1].hkl[0] <= rows[i].hkl[0]);
    struct reflection guard[6] = {{.d = 0}};
    guard[5].d = -7;
    assert_int_equal(predict_lattice(&(struct predict_params){0}, &view, &l, 0, NULL, 0, guard, 5), all);
    assert_true(guard[5].d == -7 && guard[4].d > 0);
    double d_max = rows[all / 2].d;
    size_t low = predict_lattice(&(struct predict_params){.d_max = d_max}, &view, &l, 0, NULL, 0, rows, 5000);
    assert_true(low < all && low > 0);
    for (size_t i = 0; i < low; i++)
        assert_true(rows[i].d <= d_max);
    free(rows);
}

static void impossible_lattices_show_nothing(void **state)
{
    (void)state;
    struct panel p = flat_panel(100, 900);
    struct beam_vector beam = {1.2, {0, 0, 1}};
    struct view view = {&p, 1, &beam};
    struct reflection row;
    struct lattice flat = {.A = {0.1, 0, 0, 0, 0.1, 0, 0, 0, 0}},
                   nan = {.A = {NAN, 0, 0, 0, 0.1, 0, 0, 0, 0.1}};
    assert_int_equal(predict_lattice(&(struct predict_params){0}, &view, &flat, 0, NULL, 0, &row, 1), 0);
    assert_int_equal(predict_lattice(&(struct predict_params){0}, &view, &nan, 0, NULL, 0, &row, 1), 0);
    /* So little of a crystal that every node of a huge cell would be seen. */
    struct lattice dust = {.A = {1e-3, 0, 0, 0, 1e-3, 0, 0, 0, 1e-3}, .domain_size_ang = 1};
    assert_int_equal(predict_lattice(&(struct predict_params){0}, &view, &dust, 0, NULL, 0, &row, 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intervals_in_l_find_what_brute_force_finds),
        cmocka_unit_test(delta_psi_turns_the_node_onto_the_sphere),
        cmocka_unit_test(nodes_that_cannot_diffract_are_refused),
        cmocka_unit_test(screws_glides_and_centrings_extinguish),
        cmocka_unit_test(the_envelope_is_the_one_of_dials_with_its_extra_half),
        cmocka_unit_test(the_farthest_corner_sets_the_resolution),
        cmocka_unit_test(the_nearest_of_two_panels_is_hit),
        cmocka_unit_test(too_little_room_tells_how_much_is_needed),
        cmocka_unit_test(impossible_lattices_show_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
