#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "still.h"

#include "kernels/geometry.h"
#include "kernels/index_internal.h"

/* Point groups by generators, in the conventional setting. */
static const int8_t SIX[9] = {1, -1, 0, 1, 0, 0, 0, 0, 1}, TWO_B[9] = {-1, 0, 0, 0, 1, 0, 0, 0, -1};
static const int8_t MIRROR_B[9] = {1, 0, 0, 0, -1, 0, 0, 0, 1};

static struct index_cell *make(const struct known_cell *known)
{
    size_t bytes = index_cell_size(known);
    assert_true(bytes > 0);
    struct index_cell *c = index_cell_init(known, still_memory(bytes));
    assert_non_null(c);
    return c;
}

static void the_reduced_basis_leads_back_to_the_given_setting(void **state)
{
    (void)state;
    static const struct known_cell KNOWN[] = {
        {.cell = {93.4, 93.4, 131.1, 90, 90, 120}, .centring = 'P'},
        {.cell = {78, 78, 78, 90, 90, 90}, .centring = 'I'},
        {.cell = {80, 70, 55, 90, 101, 90}, .centring = 'C'},
        {.cell = {120, 110, 36.9, 90, 90, 90}, .centring = 'F'},
        {.cell = {81, 81, 120, 90, 90, 120}, .centring = 'R'},
        {.cell = {45, 31, 60, 84, 95, 101}, .centring = 'P'},
    };
    static const double POINTS[] = {1, 2, 2, 4, 3, 1};
    for (size_t i = 0; i < sizeof KNOWN / sizeof *KNOWN; i++) {
        struct index_cell *c = make(&KNOWN[i]);
        double m[9], cell[6];
        mat3_mul(c->reduced, c->to_conventional, m);
        lattice_cell(m, cell);
        for (int k = 0; k < 6; k++)
            assert_true(fabs(cell[k] - KNOWN[i].cell[k]) < 1e-6);
        assert_true(fabs(mat3_det(c->to_conventional) - POINTS[i]) < 1e-9);
        assert_true(c->length[0] <= c->length[1] + 1e-9 && c->length[1] <= c->length[2] + 1e-9);
        assert_true(c->reduced[3] == 0 && c->reduced[6] == 0 && c->reduced[7] == 0 && c->volume > 0);
        free(c);
    }
}

static void the_space_group_decides_what_may_be_strained(void **state)
{
    (void)state;
    int8_t hexagonal[2][9], monoclinic[2][9];
    memcpy(hexagonal[0], SIX, 9);
    memcpy(hexagonal[1], TWO_B, 9);
    memcpy(monoclinic[0], TWO_B, 9);
    memcpy(monoclinic[1], MIRROR_B, 9); /* -2: the same rotation once more */
    int8_t one[1][9] = {{1, 0, 0, 0, 1, 0, 0, 0, 1}};
    struct known_cell k = {.cell = {93.4, 93.4, 131.1, 90, 90, 120}, .centring = 'P'};
    struct index_cell *c = make(&k);
    assert_int_equal(c->n_strains, 2); /* by the metric */
    free(c);
    k.rotations = (const int8_t(*)[9])one;
    k.n_rotations = 1;
    c = make(&k);
    assert_int_equal(c->n_strains, 6);
    assert_int_equal(c->n_rotations, 12); /* orientations are equal all the same */
    free(c);
    struct known_cell m = {.cell = {58.2, 81, 58.9, 90, 92.4, 90},
                           .centring = 'P',
                           .rotations = (const int8_t(*)[9])monoclinic,
                           .n_rotations = 2};
    c = make(&m);
    assert_int_equal(c->n_strains, 4);
    assert_int_equal(c->n_rotations, 2);
    assert_true(c->n_settings > 0); /* a and c may be exchanged within 3 % */
    free(c);
    m.rotations = (const int8_t(*)[9])hexagonal;
    assert_int_equal(index_cell_size(&m), 0); /* a six-fold axis does not fit */
}

static void a_cell_that_nearly_obeys_its_group_is_made_to(void **state)
{
    (void)state;
    int8_t four[1][9] = {{0, -1, 0, 1, 0, 0, 0, 0, 1}}; /* a generator will do */
    struct known_cell k = {.cell = {79.1, 78.9, 38, 90, 90, 90.1},
                           .centring = 'P',
                           .rotations = (const int8_t(*)[9])four,
                           .n_rotations = 1};
    struct index_cell *c = make(&k);
    assert_true(fabs(c->cell[0] - c->cell[1]) < 1e-9 && fabs(c->cell[0] - 79) < 0.01 && c->cell[5] == 90);
    assert_int_equal(c->n_rotations, 8);
    free(c);
}

static void impossible_cells_and_groups_are_refused(void **state)
{
    (void)state;
    static const struct known_cell BAD[] = {
        {.cell = {0}, .centring = 'P'},
        {.cell = {50, 50, 50, 90, 90, NAN}, .centring = 'P'},
        {.cell = {50, 50, 50, 90, 90, 90}, .centring = 'Q'},
        {.cell = {9000, 9000, 9000, 90, 90, 90}, .centring = 'P'},
        {.cell = {1.2, 50, 50, 90, 90, 90}, .centring = 'P'},
    };
    int8_t zero[1][9] = {{0}};
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        assert_int_equal(index_cell_size(&BAD[i]), 0);
    struct known_cell k = {.cell = {50, 60, 70, 90, 90, 90},
                           .centring = 'P',
                           .rotations = (const int8_t(*)[9])zero,
                           .n_rotations = 1};
    assert_int_equal(index_cell_size(&k), 0);
}

static void rhombohedral_axes_are_primitive(void **state)
{
    (void)state;
    struct known_cell known = {.cell = {60, 60, 60, 75, 75, 75}, .centring = 'R'};
    struct index_cell *c = make(&known);
    double basis[9];
    lattice_basis(known.cell, basis);
    assert_true(fabs(c->volume / mat3_det(basis) - 1) < 1e-9);
    assert_int_equal(c->n_rotations, 6);
    free(c);
}

static void the_grid_leaves_no_direction_out(void **state)
{
    (void)state;
    struct known_cell k = {.cell = {30, 40, 50, 90, 90, 90}, .centring = 'P'};
    struct index_cell *c = make(&k);
    uint32_t seed = 9;
    for (int g = 0; g < GRIDS; g++) {
        const struct grid *grid = &c->grid[g];
        assert_int_equal(grid->n % LANES, 0);
        for (int round = 0; round < 100; round++) {
            double v[3], best = 0;
            for (int j = 0; j < 3; j++) {
                seed = seed * 1664525u + 1013904223u;
                v[j] = seed / 4294967296.0 - 0.5;
            }
            vec3_norm(v, v);
            for (size_t i = 0; i < grid->n; i++) {
                double d[3] = {grid->x[i], grid->y[i], grid->z[i]};
                best = fmax(best, fabs(vec3_dot(d, v)));
            }
            assert_true(acos(fmin(1, best)) < 0.75 * grid->step);
        }
        double cone = c->cos_ab;
        for (size_t i = 0; i < grid->n_cone; i++) {
            double u = grid->u[i], w = grid->v[i];
            assert_true(fabs(cone * cone + u * u + w * w - 1) < 1e-6);
        }
    }
    free(c);
}

static void nodes_are_sorted_complete_and_marked_once_per_orbit(void **state)
{
    (void)state;
    struct known_cell k = {.cell = {30, 30, 30, 90, 90, 90}, .centring = 'P'};
    struct index_cell *c = make(&k);
    size_t first = 0, small = 0;
    double limit = 3.01 / 30; /* (300) and (221) included */
    for (size_t i = 0; i < c->n_nodes; i++) {
        assert_true(i == 0 || c->node[i - 1].q <= c->node[i].q);
        assert_true(c->node[i].q > 0);
        if (c->node[i].q > limit)
            continue;
        small++;
        first += c->node[i].first;
    }
    assert_int_equal(small, 122); /* integer points with 0 < h² + k² + l² ≤ 9 */
    assert_int_equal(first, 9);   /* 100 110 111 200 210 211 220 300 221 */
    free(c);
}

static void a_huge_cell_stays_within_its_memory(void **state)
{
    (void)state;
    struct known_cell k = {.cell = {900, 1000, 1100, 90, 90, 90}, .centring = 'P'};
    assert_true(index_cell_size(&k) > 0 && index_cell_size(&k) < (size_t)40 << 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reduced_basis_leads_back_to_the_given_setting),
        cmocka_unit_test(the_space_group_decides_what_may_be_strained),
        cmocka_unit_test(a_cell_that_nearly_obeys_its_group_is_made_to),
        cmocka_unit_test(impossible_cells_and_groups_are_refused),
        cmocka_unit_test(rhombohedral_axes_are_primitive),
        cmocka_unit_test(the_grid_leaves_no_direction_out),
        cmocka_unit_test(nodes_are_sorted_complete_and_marked_once_per_orbit),
        cmocka_unit_test(a_huge_cell_stays_within_its_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
