/* One cell for a run from made lattices: the type with noise, certainty, and what must not change the answer. */
#include "support.h"

#include "own_lattice.h"

enum { STILLS = 20 };

static void make(uint64_t *seed, const double cell[6], char centring, struct free_lattice *l, size_t n)
{
    for (size_t i = 0; i < n; i++)
        l[i] = own_lattice(seed, cell, centring, 0.0003, 0.001, 0.0008);
}

/* Twelve stills: a wrong type must be said to be unsure, and be rare. */
static void the_type_comes_back_from_noisy_stills(void **state)
{
    (void)state;
    uint64_t seed = 4451;
    int draws = getenv("XFELX_TEST_FULL") ? 40 : 2, wrong = 0;
    for (int t = 0; t < OWN_N_TYPES; t++)
        for (int n = 0; n < draws; n++) {
            struct free_lattice l[12];
            struct run_cell found;
            double cell[6], basis[9];
            own_draw_cell(&seed, OWN_TYPES[t], cell);
            make(&seed, cell, OWN_TYPES[t][1], l, 12);
            assert_true(own_run(l, 12, "", &found));
            assert_true(lattice_basis(cell, basis));
            assert_int_equal(found.n_members, 12);
            if (strcmp(found.bravais, OWN_TYPES[t]) == 0) {
                assert_double_equal(mat3_det(found.axes) / mat3_det(basis), 1, 0.005);
                continue;
            }
            wrong++;
            print_message("%s %.2f %.2f %.2f %.2f %.2f %.2f came back as %s, p %.4f\n", OWN_TYPES[t], cell[0],
                          cell[1], cell[2], cell[3], cell[4], cell[5], found.bravais, found.p);
            assert_true(found.p < 0.99);
        }
    assert_true(20 * wrong <= OWN_N_TYPES * draws);
}

static void axes_that_are_one_per_cent_apart_keep_one_setting(void **state)
{
    (void)state;
    static const double CELL[6] = {58.2, 81, 58.9, 90, 92.4, 90};
    struct free_lattice l[STILLS];
    struct run_cell found;
    uint64_t seed = 58;
    make(&seed, CELL, 'P', l, STILLS);
    assert_true(own_run(l, STILLS, "", &found));
    assert_string_equal(found.bravais, "mP");
    for (int i = 0; i < 6; i++)
        assert_double_equal(found.cell[i] / CELL[i], 1, 0.001);
    assert_true(found.p > 0.999);
    assert_double_equal(found.kappa, 0.001, 0.0005);
    assert_true(found.tau < 0.0008);
}

static void the_order_of_the_stills_changes_nothing(void **state)
{
    (void)state;
    static const double CELL[6] = {60, 85, 70, 90, 90, 90};
    struct free_lattice l[STILLS], turned[STILLS];
    struct run_cell found, again;
    uint64_t seed = 3;
    make(&seed, CELL, 'C', l, STILLS);
    for (size_t i = 0; i < STILLS; i++)
        turned[i] = l[(7 * i + 3) % STILLS];
    assert_true(own_run(l, STILLS, "", &found) && own_run(turned, STILLS, "", &again));
    assert_memory_equal(&found, &again, sizeof found);
}

static void any_basis_of_the_lattices_gives_the_same_cell(void **state)
{
    (void)state;
    static const double CELL[6] = {85, 60, 50, 90, 105, 90};
    struct free_lattice l[STILLS], other[STILLS];
    struct run_cell found, again;
    uint64_t seed = 9;
    make(&seed, CELL, 'C', l, STILLS);
    for (size_t i = 0; i < STILLS; i++) {
        double p[9];
        other[i] = l[i];
        own_unimodular(&seed, p);
        mat3_mul(l[i].m, p, other[i].m);
    }
    assert_true(own_run(l, STILLS, "", &found) && own_run(other, STILLS, "", &again));
    assert_string_equal(found.bravais, again.bravais);
    for (int i = 0; i < 6; i++)
        assert_double_equal(found.cell[i], again.cell[i], 1e-9 * found.cell[i]);
}

static void lattices_that_cannot_be_are_left_out(void **state)
{
    (void)state;
    static const double CELL[6] = {79, 79, 38, 90, 90, 90};
    struct free_lattice l[STILLS];
    struct run_cell found;
    uint64_t seed = 21;
    make(&seed, CELL, 'P', l, STILLS);
    for (int i = 0; i < 9; i++) {
        l[0].m[i] = -l[0].m[i]; /* left-handed */
        l[1].m[i] = NAN;
        l[2].m[i] = 0;
    }
    l[3].accepted = 0;
    assert_true(own_run(l, STILLS, "", &found));
    assert_int_equal(found.n_accepted, STILLS - 4);
    assert_int_equal(found.n_members, STILLS - 4);
    assert_string_equal(found.bravais, "tP");
    assert_false(own_run(l, 4, "", &found));
    assert_false(own_run(l, 0, "", &found));
}

static void stills_of_another_crystal_are_no_members(void **state)
{
    (void)state;
    static const double CELL[6] = {50, 60, 70, 90, 90, 90}, OTHER[6] = {78, 78, 78, 90, 90, 90};
    struct free_lattice l[STILLS];
    struct run_cell found;
    uint64_t seed = 22;
    make(&seed, CELL, 'P', l, 13);
    make(&seed, OTHER, 'P', l + 13, STILLS - 13);
    assert_true(own_run(l, STILLS, "", &found));
    assert_string_equal(found.bravais, "oP");
    assert_int_equal(found.n_members, 13);
    assert_int_equal(found.n_accepted, STILLS);
}

static void a_symmetry_broken_by_less_than_the_geometry_may_feign_is_believed(void **state)
{
    (void)state;
    static const double FEIGNED[6] = {79, 79.03, 38, 90, 90, 90}, REAL[6] = {79, 79.4, 38, 90, 90, 90};
    struct free_lattice l[STILLS];
    struct run_cell found;
    uint64_t seed = 23;
    for (size_t i = 0; i < STILLS; i++)
        l[i] = own_lattice(&seed, FEIGNED, 'P', 0.0001, 0.001, 0.0002);
    assert_true(own_run(l, STILLS, "", &found));
    assert_string_equal(found.bravais, "tP");
    assert_true(found.cell[0] == found.cell[1]);
    for (size_t i = 0; i < STILLS; i++)
        l[i] = own_lattice(&seed, REAL, 'P', 0.0001, 0.001, 0.0002);
    assert_true(own_run(l, STILLS, "", &found));
    assert_string_equal(found.bravais, "oP");
}

/* Two axes that differ by as much as two stills can tell: what is said of it is not sure, and it is the higher lattice. */
static void where_it_is_not_certain_the_higher_lattice_is_given(void **state)
{
    (void)state;
    static const double CELL[6] = {79, 79.15, 38, 90, 90, 90};
    struct run_cell found;
    int undecided = 0, higher = 0;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct free_lattice l[2];
        uint64_t s = 1000 + seed;
        for (size_t i = 0; i < 2; i++)
            l[i] = own_lattice(&s, CELL, 'P', 0.0003, 0.001, 0.0008);
        assert_true(own_run(l, 2, "", &found));
        if (found.p >= 0.99)
            continue;
        undecided++;
        higher += strcmp(found.bravais, "tP") == 0 && found.raised;
    }
    assert_true(undecided > 0 && higher > 0);
}

static void a_lattice_that_is_demanded_is_given_and_its_doubt_is_said(void **state)
{
    (void)state;
    static const double CELL[6] = {50, 60, 70, 90, 90, 90}, OBLIQUE[6] = {50, 60, 70, 90, 97, 90};
    struct free_lattice l[STILLS];
    struct run_cell found;
    uint64_t seed = 24;
    make(&seed, CELL, 'P', l, STILLS);
    assert_true(own_run(l, STILLS, "mP", &found)); /* lower than the lattice: may be */
    assert_string_equal(found.bravais, "mP");
    make(&seed, OBLIQUE, 'P', l, STILLS);
    assert_true(own_run(l, STILLS, "mP", &found));
    assert_true(found.p > 0.99);
    assert_false(own_run(l, STILLS, "cF", &found)); /* not near at all */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_type_comes_back_from_noisy_stills),
        cmocka_unit_test(axes_that_are_one_per_cent_apart_keep_one_setting),
        cmocka_unit_test(the_order_of_the_stills_changes_nothing),
        cmocka_unit_test(any_basis_of_the_lattices_gives_the_same_cell),
        cmocka_unit_test(lattices_that_cannot_be_are_left_out),
        cmocka_unit_test(stills_of_another_crystal_are_no_members),
        cmocka_unit_test(a_symmetry_broken_by_less_than_the_geometry_may_feign_is_believed),
        cmocka_unit_test(where_it_is_not_certain_the_higher_lattice_is_given),
        cmocka_unit_test(a_lattice_that_is_demanded_is_given_and_its_doubt_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
