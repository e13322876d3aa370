/* resolve_test.c - lattices of P 4 the wrong way round are turned over, those that cannot be told are said to be so. */
#include "one_frame.h"

#include "kernels/lattice.h"
#include "pipeline/resolve.h"
#include "unit/kernels/noise.h"

#include <math.h>

enum { ROWS = 300 };
static struct reflection rows[ROWS], indexed[ROWS];

static int prepare(void **state)
{
    make(state);
    char *path = path_of("reference.txt");
    FILE *f = fopen(path, "w");
    uint64_t seed = 221;
    for (int h = 1; h < 12; h++)
        for (int k = 0; k < 12; k++)
            for (int l = 0; l < 6; l++)
                fprintf(f, "%d %d %d %.4f\n", h, k, l, -log(noise_uniform(&seed)));
    fclose(f);
    set("indexing.known_symmetry.unit_cell=62,62,55,90,90,90");
    set("indexing.known_symmetry.space_group=P4");
    set("xfelx.index.resolve=reference");
    set(arena_printf(&arena, "xfelx.reference=%s", path));
    struct error err = {0};
    if (!recipe_make(params, &arena, &recipe, &err))
        fail_msg("%s", err.fact);
    workspace = workspace_make(recipe, NULL, 0);
    assert_int_equal(recipe->ambiguity[0].n, 1);
    return 0;
}

/* n rows of one lattice with the reference's intensities, times what partiality does to them. */
static void fill(size_t n, double noise)
{
    static const double CELL[6] = {62, 62, 55, 90, 90, 90};
    uint64_t seed = 223;
    struct lattice *l = workspace->lattices;
    memset(l, 0, sizeof *l);
    double basis[9];
    lattice_basis(CELL, basis);
    lattice_reciprocal(basis, l->A);
    memcpy(l->cell, CELL, sizeof CELL);
    memcpy(l->free_cell, CELL, sizeof CELL);
    workspace->n_lattices = 1;
    for (size_t i = 0; i < n; i++) {
        int32_t hkl[3] = {1 + (int32_t)(i % 11), (int32_t)(i / 11 % 11), (int32_t)(i / 121)};
        rows[i] = (struct reflection){.hkl = {hkl[0], hkl[1], hkl[2]}, .variance = 1, .spot = -1};
        rows[i].intensity =
            *intensities_find(&recipe->reference, &recipe->group, hkl) * noise_uniform(&seed) +
            noise * noise_normal(&seed);
    }
    memcpy(indexed, rows, sizeof indexed);
    memcpy(block_reserve(&workspace->indexed, n, sizeof *rows), indexed, n * sizeof *rows);
    workspace->n_indexed = n;
}

static void a_lattice_the_wrong_way_round_is_turned_over(void **state)
{
    (void)state;
    for (int wrong = 0; wrong < 2; wrong++) {
        fill(200, 0.1);
        struct lattice *l = workspace->lattices;
        double A[9];
        memcpy(A, l->A, sizeof A);
        if (wrong) {
            ambiguity_apply(recipe->ambiguity[0].change[0], l->A);
            for (size_t i = 0; i < 200; i++)
                ambiguity_index(recipe->ambiguity[0].change[0], rows[i].hkl, rows[i].hkl);
            memcpy(workspace->indexed.data, rows, 200 * sizeof *rows);
        }
        resolve_frame(recipe, workspace, rows, 200);
        assert_int_equal(l->flags, 0);
        const struct reflection *strong = workspace->indexed.data;
        size_t right = 0;
        for (size_t i = 0; i < 200; i++) {
            double q[3], expected[3], h[3] = {rows[i].hkl[0], rows[i].hkl[1], rows[i].hkl[2]};
            for (int r = 0; r < 3; r++) {
                q[r] = l->A[3 * r] * h[0] + l->A[3 * r + 1] * h[1] + l->A[3 * r + 2] * h[2];
                expected[r] = A[3 * r] * h[0] + A[3 * r + 1] * h[1] + A[3 * r + 2] * h[2];
            }
            /* the crystal is as it was made, but for its own fourfold rotations: they keep c* */
            right += fabs(q[2] - expected[2]) < 1e-12 &&
                     fabs(hypot(q[0], q[1]) - hypot(expected[0], expected[1])) < 1e-12;
            assert_memory_equal(rows[i].hkl, strong[i].hkl, sizeof rows[i].hkl);
            if (i > 0) /* in order */
                assert_true(rows[i - 1].hkl[0] < rows[i].hkl[0] ||
                            (rows[i - 1].hkl[0] == rows[i].hkl[0] && rows[i - 1].hkl[1] <= rows[i].hkl[1]) ||
                            !wrong);
        }
        assert_int_equal(right, 200);
        assert_true(l->A[8] * A[8] > 0);
    }
}

static void what_cannot_be_told_is_said_to_be_undecided(void **state)
{
    (void)state;
    fill(5, 0);
    resolve_frame(recipe, workspace, rows, 5);
    assert_int_equal(workspace->lattices[0].flags, LATTICE_SETTING_UNDECIDED);
    fill(100, 1000);
    resolve_frame(recipe, workspace, rows, 100);
    assert_int_equal(workspace->lattices[0].flags, LATTICE_SETTING_UNDECIDED);
}

static void a_reference_and_its_use_need_each_other(void **state)
{
    (void)state;
    struct error err = {0};
    set("xfelx.index.resolve=off");
    assert_false(recipe_make(params, &arena, &recipe, &err));
    assert_int_equal(err.code, ERROR_USAGE);
    set("xfelx.index.resolve=reference");
    set("xfelx.reference=None");
    assert_false(recipe_make(params, &arena, &recipe, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_lattice_the_wrong_way_round_is_turned_over, prepare, drop),
        cmocka_unit_test_setup_teardown(what_cannot_be_told_is_said_to_be_undecided, prepare, drop),
        cmocka_unit_test_setup_teardown(a_reference_and_its_use_need_each_other, prepare, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
