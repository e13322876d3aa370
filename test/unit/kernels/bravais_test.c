/* Symmetry of lattices: every type by name, axes as the conventions say, groups that contain each other. */
#include "support.h"

#include "own_lattice.h"

#include "kernels/bravais.h"

static struct lattice_group groups[BRAVAIS_GROUPS];

/* The highest symmetry within a tolerance, on the reduced basis. */
static const struct lattice_group *highest(const double reduced[9], double tolerance)
{
    double metric[9];
    const struct lattice_group *best = groups;
    void *work = still_memory(bravais_work_size());
    lattice_metric(reduced, metric);
    size_t n = bravais_groups(metric, tolerance, groups, BRAVAIS_GROUPS, work);
    free(work);
    assert_true(n > 0);
    for (size_t i = 0; i < n; i++)
        if (groups[i].n > best->n)
            best = &groups[i];
    return best;
}

/* Conventional cell of a drawn one through a random primitive basis. */
static void find_again(uint64_t *seed, const double cell[6], char centring, char symbol[4], double out[6],
                       double *volume)
{
    double basis[9], p[9], q[9], conventional[9];
    int32_t columns[9];
    assert_true(lattice_basis(cell, basis));
    *volume = mat3_det(basis);
    assert_true(lattice_primitive(centring, basis, basis, NULL));
    own_unimodular(seed, p);
    mat3_mul(basis, p, basis);
    lattice_reduce(basis, NULL);
    bravais_conventional(highest(basis, 1e-6), basis, symbol, columns);
    for (int i = 0; i < 9; i++)
        q[i] = columns[i];
    mat3_mul(basis, q, conventional);
    assert_true(mat3_det(conventional) > 0);
    assert_double_equal(mat3_det(conventional) / *volume, 1, 1e-9);
    lattice_cell(conventional, out);
}

static void every_type_of_lattice_is_named_and_comes_back(void **state)
{
    (void)state;
    uint64_t seed = 20261126;
    for (int t = 0; t < OWN_N_TYPES; t++)
        for (int n = 0; n < 20; n++) {
            double cell[6], out[6], volume;
            char symbol[4];
            own_draw_cell(&seed, OWN_TYPES[t], cell);
            find_again(&seed, cell, OWN_TYPES[t][1], symbol, out, &volume);
            if (strcmp(symbol, OWN_TYPES[t]) != 0)
                fail_msg("%s %.2f %.2f %.2f %.2f %.2f %.2f came back as %s", OWN_TYPES[t], cell[0], cell[1],
                         cell[2], cell[3], cell[4], cell[5], symbol);
            if (strchr("othc", OWN_TYPES[t][0]))
                for (int i = 3; i < 6; i++)
                    assert_double_equal(out[i], cell[i], 1e-6);
            if (OWN_TYPES[t][0] == 't' || OWN_TYPES[t][0] == 'h')
                assert_double_equal(out[2], cell[2], 1e-6);
        }
}

static void triclinic_angles_are_all_acute_or_none_is(void **state)
{
    (void)state;
    static const double CELLS[][6] = {
        {40, 50, 60, 85, 80, 75}, {45, 52, 61, 100, 95, 110}, {40, 50, 60, 95, 100, 75}};
    uint64_t seed = 7;
    for (int n = 0; n < 30; n++) {
        double out[6], volume;
        char symbol[4];
        find_again(&seed, CELLS[n % 3], 'P', symbol, out, &volume);
        assert_string_equal(symbol, "aP");
        bool acute = out[3] < 90 && out[4] < 90 && out[5] < 90,
             none = out[3] >= 90 && out[4] >= 90 && out[5] >= 90;
        assert_true(acute || none);
        assert_true(out[0] <= out[1] && out[1] <= out[2]);
        if (n % 3 == 0)
            for (int i = 0; i < 6; i++)
                assert_double_equal(out[i], CELLS[0][i], 1e-6);
    }
}

static void monoclinic_beta_is_the_one_nearest_to_90(void **state)
{
    (void)state;
    uint64_t seed = 11;
    for (int n = 0; n < 20; n++) {
        double cell[6], out[6], volume, basis[9], a[9];
        char symbol[4];
        own_draw_cell(&seed, "mC", cell);
        find_again(&seed, cell, 'C', symbol, out, &volume);
        assert_true(out[4] >= 90);
        assert_double_equal(out[1], cell[1], 1e-6);
        /* neither neighbour of the net that keeps the centred face is more rectangular */
        assert_true(lattice_basis(out, basis));
        double nearest = fabs(out[4] - 90);
        for (int k = -1; k <= 1; k += 2) {
            static const int8_t FIRST[2][9] = {{1, 0, -1, 0, 1, 0, 0, 0, 1}, {1, 0, 1, 0, 1, 0, 0, 0, 1}};
            double other[6];
            lattice_change(basis, FIRST[k > 0], a);
            lattice_cell(a, other);
            assert_true(fabs(other[4] - 90) >= nearest - 1e-6);
        }
    }
}

static void a_group_contains_its_subgroups_only(void **state)
{
    (void)state;
    double basis[9], metric[9], cell[6] = {79, 79.2, 38, 90.1, 89.95, 90.03};
    void *work = still_memory(bravais_work_size());
    assert_true(lattice_basis(cell, basis));
    lattice_reduce(basis, NULL);
    lattice_metric(basis, metric);
    size_t n = bravais_groups(metric, 0.04, groups, BRAVAIS_GROUPS, work), tetragonal = n;
    free(work);
    for (size_t i = 0; i < n; i++)
        tetragonal = groups[i].n == 8 ? i : tetragonal;
    assert_true(tetragonal < n);
    assert_int_equal(groups[0].n, 1);
    assert_int_equal(groups[0].free, 6);
    assert_int_equal(groups[tetragonal].free, 2);
    for (size_t i = 0; i < n; i++) {
        assert_true(bravais_contains(&groups[i], &groups[0]));
        assert_true(bravais_contains(&groups[tetragonal], &groups[i]));
        assert_true(i == tetragonal || !bravais_contains(&groups[i], &groups[tetragonal]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_of_lattice_is_named_and_comes_back),
        cmocka_unit_test(triclinic_angles_are_all_acute_or_none_is),
        cmocka_unit_test(monoclinic_beta_is_the_one_nearest_to_90),
        cmocka_unit_test(a_group_contains_its_subgroups_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
