#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "still.h"

#include "kernels/geometry.h"
#include "kernels/index.h"
#include "kernels/refine.h"
#include "model/outcome.h"

static const struct known_cell TETRAGONAL = {.cell = {79, 79, 38, 90, 90, 90}, .centring = 'P'};
static const struct known_cell HEXAGONAL = {.cell = {93.4, 93.4, 131.1, 90, 90, 120}, .centring = 'P'};

static void make_still(struct still *s, uint64_t *seed, const struct known_cell *k, size_t n, size_t noise,
                       double A[9])
{
    double u[9];
    still_empty(s);
    still_rotation(seed, u);
    still_orient(k->cell, u, A);
    still_add_lattice(s, seed, A, k->centring, n, 0.4);
    still_add_noise(s, seed, noise);
}

static void the_reasons_are_those_of_the_outcome_table(void **state)
{
    (void)state;
    assert_int_equal(INDEX_FEW_SPOTS, REASON_FEW_SPOTS);
    assert_int_equal(INDEX_NO_LATTICE, REASON_NO_LATTICE);
    assert_int_equal(INDEX_CELL_OFF, REASON_CELL_OFF);
    assert_int_equal(REFINE_CELL_OFF, REASON_CELL_OFF);
    assert_int_equal(REFINE_RMSD, REASON_RMSD);
    assert_int_equal(REFINE_VOLUME, REASON_VOLUME);
    assert_int_equal(REFINE_FEW_INDEXED, REASON_FEW_INDEXED);
    assert_int_equal(REFINE_FAILED, REASON_REFINE);
}

static void spots_get_the_indices_they_were_made_with(void **state)
{
    (void)state;
    static const struct known_cell KNOWN[] = {
        {.cell = {79, 79, 38, 90, 90, 90}, .centring = 'P'},
        {.cell = {78, 78, 78, 90, 90, 90}, .centring = 'I'},
        {.cell = {80, 70, 55, 90, 101, 90}, .centring = 'C'},
        {.cell = {81, 81, 120, 90, 90, 120}, .centring = 'R'},
        {.cell = {120, 110, 36.9, 90, 90, 90}, .centring = 'F'},
        {.cell = {31, 42, 55, 84, 95, 101}, .centring = 'P'},
    };
    uint64_t seed = 71;
    for (size_t i = 0; i < sizeof KNOWN / sizeof *KNOWN; i++) {
        struct still_indexer *x = still_indexer(&KNOWN[i]);
        struct still s;
        double A[9];
        make_still(&s, &seed, &KNOWN[i], 60, 10, A);
        assert_int_equal(still_index(x, &s), 1);
        assert_true(still_misset(x->lattice[0].A, A, KNOWN[i].centring) < 0.2);
        /* A may differ from the one simulated by a rotation of the lattice; then so do the indices */
        double basis[9], change[9];
        lattice_reciprocal(A, basis);
        for (int r = 0; r < 3; r++)
            for (int c = 0; c < 3; c++) {
                double v = 0;
                for (int k = 0; k < 3; k++)
                    v += basis[3 * k + r] * x->lattice[0].A[3 * k + c];
                change[3 * r + c] = rint(v);
            }
        size_t right = 0, wrong = 0;
        for (size_t k = 0; k < x->n; k++) {
            const int32_t *h = x->hkl[k], *true_h = s.hkl[x->ray[k].spot];
            if (x->owner[k] < 0) {
                assert_true(h[0] == 0 && h[1] == 0 && h[2] == 0);
                continue;
            }
            int hkl[3] = {h[0], h[1], h[2]};
            assert_false(still_absent(KNOWN[i].centring, hkl));
            bool same = true;
            for (int r = 0; r < 3; r++)
                same &= (int)(change[3 * r] * h[0] + change[3 * r + 1] * h[1] + change[3 * r + 2] * h[2]) ==
                        true_h[r];
            bool real = true_h[0] || true_h[1] || true_h[2];
            right += real && same;
            wrong += real && !same;
        }
        assert_true(right >= 40);
        assert_int_equal(wrong, 0);
        assert_int_equal(x->lattice[0].n_indexed >= right, 1);
        still_indexer_free(x);
    }
}

/* The same crystal written in any of its equivalent orientations comes out as one and the same A (SCIENCE 7). */
static void equivalent_orientations_come_out_as_one(void **state)
{
    (void)state;
    struct still_indexer *x = still_indexer(&HEXAGONAL);
    struct still s;
    uint64_t seed = 73;
    double A[9], first[9];
    make_still(&s, &seed, &HEXAGONAL, 60, 5, A);
    assert_int_equal(still_index(x, &s), 1);
    memcpy(first, x->lattice[0].A, sizeof first);
    double basis[9], inverse_t[9], inverse[9], u[9], t[9], angle;
    lattice_basis(HEXAGONAL.cell, basis);
    lattice_reciprocal(first, t);
    lattice_reciprocal(basis, inverse_t);
    for (int i = 0; i < 9; i++)
        inverse[i] = inverse_t[i % 3 * 3 + i / 3];
    mat3_mul(t, inverse, t);
    assert_true(lattice_nearest_rotation(t, u));
    angle = lattice_rotation_angle(u);
    double w[3] = {0, 0, 1.0471975511965976}, flip[3] = {3.141592653589793, 0, 0}, six[9], two[9];
    lattice_rotation(w, six);
    lattice_rotation(flip, two);
    for (int k = 0; k < 12; k++) { /* no equivalent is nearer to identity */
        double other[9];
        mat3_mul(u, k % 2 ? two : (double[9]){1, 0, 0, 0, 1, 0, 0, 0, 1}, other);
        for (int r = 0; r < k / 2; r++)
            mat3_mul(other, six, other);
        assert_true(lattice_rotation_angle(other) >= angle - 1e-9);
    }
    for (size_t i = 0; i < s.n / 2; i++) { /* nor does the order of the spots matter */
        struct spot spot = s.spot[i];
        s.spot[i] = s.spot[s.n - 1 - i];
        s.spot[s.n - 1 - i] = spot;
    }
    assert_int_equal(still_index(x, &s), 1);
    for (int i = 0; i < 9; i++)
        assert_true(fabs(x->lattice[0].A[i] - first[i]) < 1e-9);
    still_indexer_free(x);
}

static void the_same_frame_gives_the_same_bytes_in_any_memory(void **state)
{
    (void)state;
    struct still_indexer *x = still_indexer(&TETRAGONAL), *y = still_indexer(&TETRAGONAL);
    struct still s, other;
    uint64_t seed = 75;
    double A[9];
    make_still(&s, &seed, &TETRAGONAL, 30, 10, A);
    make_still(&other, &seed, &TETRAGONAL, 100, 30, A);
    y->params.max_lattices = x->params.max_lattices = 3;
    still_index(y, &other); /* leaves other contents in the work memory */
    assert_int_equal(still_index(x, &s), still_index(y, &s));
    assert_memory_equal(x->lattice, y->lattice, x->found.n * sizeof *x->lattice);
    assert_memory_equal(x->owner, y->owner, x->n * sizeof *x->owner);
    assert_memory_equal(x->hkl, y->hkl, x->n * sizeof *x->hkl);
    still_indexer_free(x);
    still_indexer_free(y);
}

static void frames_without_a_lattice_say_why(void **state)
{
    (void)state;
    struct still_indexer *x = still_indexer(&TETRAGONAL);
    struct still s;
    uint64_t seed = 77;
    still_empty(&s);
    assert_int_equal(still_index(x, &s), 0);
    assert_int_equal(x->found.reason, INDEX_FEW_SPOTS);
    still_add_noise(&s, &seed, 5);
    assert_int_equal(still_index(x, &s), 0);
    assert_int_equal(x->found.reason, INDEX_FEW_SPOTS);
    still_add_noise(&s, &seed, 20);
    assert_int_equal(still_index(x, &s), 0);
    assert_int_equal(x->found.reason, INDEX_NO_LATTICE);
    assert_true(x->found.best_evidence > -99 && x->found.best_evidence < 3);
    assert_int_equal(x->found.offsets, 8);
    x->params.geometry_trusted = true;
    assert_int_equal(still_index(x, &s), 0);
    assert_int_equal(x->found.offsets, 0);
    for (size_t i = 0; i < x->n; i++)
        assert_int_equal(x->owner[i], -1);
    still_indexer_free(x);
}

/* Spots that are all the same, on one line, or not numbers at all. */
static void degenerate_lists_do_no_harm(void **state)
{
    (void)state;
    struct still_indexer *x = still_indexer(&TETRAGONAL);
    struct still s;
    still_empty(&s);
    s.n = 40;
    for (size_t i = 0; i < s.n; i++)
        s.spot[i] = (struct spot){.x = 500, .y = 500, .intensity = NAN};
    assert_int_equal(still_index(x, &s), 0);
    for (size_t i = 0; i < s.n; i++)
        s.spot[i].x = 100 + 20 * (double)i;
    still_index(x, &s); /* a line through the beam's neighbourhood: any answer, but an answer */
    for (size_t i = 0; i < s.n; i++)
        s.spot[i].x = i % 2 ? NAN : 1000;
    assert_int_equal(still_index(x, &s), 0);
    size_t n = spots_to_rays(&s.panel, 1, &s.beam, s.spot, s.n, x->ray);
    for (size_t i = 0; i < n; i++)
        for (int j = 0; j < 3; j++)
            x->ray[i].q[j] = x->ray[i].s1[j] = i % 3 ? NAN : INFINITY;
    assert_int_equal(index_frame(&x->params, x->cells, 1, &s.beam, x->ray, n, &x->found, x->work), 0);
    assert_int_equal(x->found.reason, INDEX_FEW_SPOTS);
    still_indexer_free(x);
}

/* Scatter around the beam stop, nearer to the beam than any node, must not fill the list of low angles. */
static void scatter_at_the_beam_stop_hides_no_lattice(void **state)
{
    (void)state;
    struct still_indexer *x = still_indexer(&TETRAGONAL);
    struct still s;
    uint64_t seed = 78;
    double A[9];
    make_still(&s, &seed, &TETRAGONAL, 80, 0, A);
    for (int i = 0; i < 70; i++) {
        double r = 4 + 6 * noise_uniform(&seed), phi = 6.28 * noise_uniform(&seed);
        still_add(&s, &seed, 1000 + r * cos(phi), 1000 + r * sin(phi), 0, 1e5, (int32_t[3]){0, 0, 0});
    }
    assert_int_equal(still_index(x, &s), 1);
    assert_true(still_misset(x->lattice[0].A, A, 'P') < 0.2);
    still_indexer_free(x);
}

/* Few spots, far out: the search must be as fine as the spots' |q| demands, not as that of proteins. */
static void a_small_molecule_is_indexed_from_its_few_spots(void **state)
{
    (void)state;
    static const struct known_cell SMALL[] = {{.cell = {5.9, 10.4, 17.2, 90, 90, 90}, .centring = 'P'},
                                              {.cell = {7.1, 9.2, 11.8, 90, 104, 90}, .centring = 'P'}};
    uint64_t seed = 91;
    int right = 0, tried = 0;
    for (size_t i = 0; i < 2; i++) {
        struct still_indexer *x = still_indexer(&SMALL[i]);
        for (int round = 0; round < 20; round++) {
            struct still s;
            double A[9], u[9];
            still_empty(&s);
            s.panel.origin[2] = -70;
            s.beam.wavelength = 0.9;
            still_rotation(&seed, u);
            still_orient(SMALL[i].cell, u, A);
            still_add_lattice(&s, &seed, A, 'P', 40, 0.4);
            if (s.n < 8)
                continue;
            tried++;
            right += still_index(x, &s) == 1 && still_misset(x->lattice[0].A, A, 'P') < 0.5;
        }
        still_indexer_free(x);
    }
    print_message("%d of %d\n", right, tried);
    assert_true(tried >= 20);
    assert_true(right >= tried - 1);
}

static void a_cell_outside_the_tolerances_is_refused(void **state)
{
    (void)state;
    struct still_indexer *x = still_indexer(&TETRAGONAL);
    struct still s;
    uint64_t seed = 79;
    struct known_cell longer = {.cell = {79.8, 79.8, 38.4, 90, 90, 90}, .centring = 'P'};
    double A[9];
    make_still(&s, &seed, &longer, 200, 0, A);
    assert_int_equal(still_index(x, &s), 1); /* one per cent is found */
    assert_true(fabs(x->lattice[0].cell[2] - 38.4) < 0.2);
    x->params.length_tolerance = 0.002;
    assert_int_equal(still_index(x, &s), 0);
    assert_int_equal(x->found.reason, INDEX_CELL_OFF);
    assert_true(x->found.best_evidence > 10);
    still_indexer_free(x);
}

static void a_beam_centre_off_by_three_pixels_is_overcome(void **state)
{
    (void)state;
    struct still_indexer *x = still_indexer(&HEXAGONAL);
    uint64_t seed = 81;
    int right = 0;
    for (int round = 0; round < 6; round++) {
        struct still s;
        double A[9];
        make_still(&s, &seed, &HEXAGONAL, 16, 4, A);
        for (size_t i = 0; i < s.n; i++) {
            s.spot[i].x += 3;
            s.spot[i].y += 1.5; /* lab y: down */
        }
        if (still_index(x, &s) == 0)
            continue;
        right += still_misset(x->lattice[0].A, A, 'P') < 1;
        assert_true(fabs(x->lattice[0].shift_px[0] - 3) < 1.5 && fabs(x->lattice[0].shift_px[1] + 1.5) < 1.5);
    }
    assert_true(right >= 5);
    still_indexer_free(x);
}

static void two_crystals_are_told_apart_and_one_is_not_doubled(void **state)
{
    (void)state;
    struct still_indexer *x = still_indexer(&TETRAGONAL);
    uint64_t seed = 83;
    x->params.max_lattices = 4;
    for (int round = 0; round < 4; round++) {
        struct still s;
        double A[9], B[9], u[9];
        make_still(&s, &seed, &TETRAGONAL, 120, 10, A);
        assert_int_equal(still_index(x, &s), 1);
        still_rotation(&seed, u);
        still_orient(TETRAGONAL.cell, u, B);
        still_add_lattice(&s, &seed, B, 'P', 60, 0.4);
        assert_int_equal(still_index(x, &s), 2);
        double a = fmin(still_misset(x->lattice[0].A, A, 'P'), still_misset(x->lattice[1].A, A, 'P'));
        double b = fmin(still_misset(x->lattice[0].A, B, 'P'), still_misset(x->lattice[1].A, B, 'P'));
        assert_true(a < 0.2 && b < 0.2);
        assert_true(x->lattice[0].evidence >= x->lattice[1].evidence);
        size_t count[2] = {0, 0};
        for (size_t i = 0; i < x->n; i++)
            if (x->owner[i] >= 0) {
                assert_true(x->owner[i] < 2);
                count[x->owner[i]]++;
                for (size_t k = 0; k < i; k++) /* a node belongs to one spot */
                    assert_false(x->owner[k] == x->owner[i] &&
                                 memcmp(x->hkl[k], x->hkl[i], sizeof x->hkl[i]) == 0);
            }
        for (int k = 0; k < 2; k++)
            assert_int_equal(count[k], x->lattice[k].n_indexed);
        x->found.capacity = 1; /* the caller's room counts */
        assert_int_equal(still_index(x, &s), 1);
        x->found.capacity = INDEX_MAX_LATTICES;
    }
    still_indexer_free(x);
}

/* A crystal of two pieces a degree or three apart is one lattice that says so; one in one piece does not. */
static void a_split_crystal_is_one_lattice_that_says_so(void **state)
{
    (void)state;
    struct still_indexer *x = still_indexer(&TETRAGONAL);
    uint64_t seed = 87;
    x->params.max_lattices = 4;
    for (int round = 0; round < 6; round++) {
        struct still s;
        double A[9], B[9], turn[9], w[3] = {0, 0, 0};
        make_still(&s, &seed, &TETRAGONAL, 120, 10, A);
        assert_int_equal(still_index(x, &s), 1);
        assert_int_equal(x->lattice[0].flags, 0);
        w[round % 3] = (round < 3 ? 1.2 : 3) * 3.14159265358979323846 / 180;
        lattice_rotation(w, turn);
        mat3_mul(turn, A, B);
        still_add_lattice(&s, &seed, B, 'P', 60, 0.4);
        assert_int_equal(still_index(x, &s), 1);
        assert_int_equal(x->lattice[0].flags, LATTICE_SPLIT);
        assert_true(still_misset(x->lattice[0].A, A, 'P') < 0.3);
    }
    still_indexer_free(x);
}

/* One lattice asked for, four there: the first one met need not be the strongest. */
static void of_a_crowd_the_strongest_lattice_is_returned(void **state)
{
    (void)state;
    struct still_indexer *x = still_indexer(&TETRAGONAL);
    uint64_t seed = 89;
    for (int round = 0; round < 4; round++) {
        struct still s;
        double strong[9], A[9], u[9];
        still_empty(&s);
        for (int k = 0; k < 4; k++) {
            still_rotation(&seed, u);
            still_orient(TETRAGONAL.cell, u, A);
            still_add_lattice(&s, &seed, A, 'P', k == 2 ? 55 : 35, 0.4);
            if (k == 2)
                memcpy(strong, A, sizeof strong);
        }
        assert_int_equal(still_index(x, &s), 1);
        assert_true(still_misset(x->lattice[0].A, strong, 'P') < 0.3);
        for (size_t i = 0; i < x->n; i++)
            assert_true(x->owner[i] <= 0);
    }
    still_indexer_free(x);
}

/* a and c differ by 1.2 %: exchanged axes are a wrong setting, and few spots are enough to see it (SCIENCE 7.4). */
static void nearly_equal_axes_are_not_exchanged(void **state)
{
    (void)state;
    int8_t two[1][9] = {{-1, 0, 0, 0, 1, 0, 0, 0, -1}};
    struct known_cell known = {.cell = {58.2, 81, 58.9, 90, 92.4, 90},
                               .centring = 'P',
                               .rotations = (const int8_t(*)[9])two,
                               .n_rotations = 1};
    struct still_indexer *x = still_indexer(&known);
    uint64_t seed = 85;
    for (int round = 0; round < 8; round++) {
        struct still s;
        double A[9];
        make_still(&s, &seed, &known, 25, 3, A);
        assert_int_equal(still_index(x, &s), 1);
        assert_true(x->lattice[0].cell[0] < x->lattice[0].cell[2]);
        assert_int_equal(x->lattice[0].flags, 0);
    }
    still_indexer_free(x);
    known.cell[2] = 58.21; /* one part in five thousand: nobody can tell */
    x = still_indexer(&known);
    struct still s;
    double A[9];
    make_still(&s, &seed, &known, 15, 0, A);
    assert_int_equal(still_index(x, &s), 1);
    assert_int_equal(x->lattice[0].flags, LATTICE_SETTING_UNDECIDED);
    still_indexer_free(x);
}

static void of_several_cells_the_right_one_is_taken(void **state)
{
    (void)state;
    struct still_indexer *x = still_indexer(&TETRAGONAL), *y = still_indexer(&HEXAGONAL);
    const struct index_cell *cells[2] = {x->cell, y->cell};
    void *work = still_memory(index_work_size(cells, 2, STILL_SPOTS));
    uint64_t seed = 87;
    for (uint32_t which = 0; which < 2; which++) {
        struct still s;
        double A[9];
        make_still(&s, &seed, which ? &HEXAGONAL : &TETRAGONAL, 25, 5, A);
        size_t n = spots_to_rays(&s.panel, 1, &s.beam, s.spot, s.n, x->ray);
        assert_int_equal(index_frame(&x->params, cells, 2, &s.beam, x->ray, n, &x->found, work), 1);
        assert_int_equal(x->lattice[0].cell_no, which);
        assert_true(still_misset(x->lattice[0].A, A, 'P') < 0.3);
    }
    free(work);
    still_indexer_free(x);
    still_indexer_free(y);
}

/* Two forms that differ by 1.2 % in one axis, four lattices allowed: each shot gets its own, and the other form is not found on
 * what a shot leaves over. */
static void forms_of_a_crystal_are_told_apart(void **state)
{
    (void)state;
    struct known_cell forms[2] = {{.cell = {61.3, 70.4, 85.9, 90, 90, 90}, .centring = 'P'},
                                  {.cell = {61.3, 70.4, 86.9, 90, 90, 90}, .centring = 'P'}};
    struct still_indexer *x = still_indexer(&forms[0]), *y = still_indexer(&forms[1]);
    const struct index_cell *cells[2] = {x->cell, y->cell};
    void *work = still_memory(index_work_size(cells, 2, STILL_SPOTS));
    uint64_t seed = 91;
    x->params.max_lattices = 4;
    for (int round = 0; round < 16; round++) {
        uint32_t which = round % 3 == 0;
        struct still s;
        double A[9];
        make_still(&s, &seed, &forms[which], round < 8 ? 25 : 100, round < 8 ? 3 : 20, A);
        size_t n = spots_to_rays(&s.panel, 1, &s.beam, s.spot, s.n, x->ray);
        assert_int_equal(index_frame(&x->params, cells, 2, &s.beam, x->ray, n, &x->found, work), 1);
        assert_int_equal(x->lattice[0].cell_no, which);
        assert_true(still_misset(x->lattice[0].A, A, 'P') < 0.3);
    }
    free(work);
    still_indexer_free(x);
    still_indexer_free(y);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reasons_are_those_of_the_outcome_table),
        cmocka_unit_test(spots_get_the_indices_they_were_made_with),
        cmocka_unit_test(equivalent_orientations_come_out_as_one),
        cmocka_unit_test(the_same_frame_gives_the_same_bytes_in_any_memory),
        cmocka_unit_test(frames_without_a_lattice_say_why),
        cmocka_unit_test(degenerate_lists_do_no_harm),
        cmocka_unit_test(scatter_at_the_beam_stop_hides_no_lattice),
        cmocka_unit_test(a_small_molecule_is_indexed_from_its_few_spots),
        cmocka_unit_test(a_cell_outside_the_tolerances_is_refused),
        cmocka_unit_test(a_beam_centre_off_by_three_pixels_is_overcome),
        cmocka_unit_test(two_crystals_are_told_apart_and_one_is_not_doubled),
        cmocka_unit_test(a_split_crystal_is_one_lattice_that_says_so),
        cmocka_unit_test(of_a_crowd_the_strongest_lattice_is_returned),
        cmocka_unit_test(nearly_equal_axes_are_not_exchanged),
        cmocka_unit_test(of_several_cells_the_right_one_is_taken),
        cmocka_unit_test(forms_of_a_crystal_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
