/* cells_test.c - medians, histograms and pairs of unit cells. */
#include "report/report.h"

#include <math.h>

#include "support.h"

static struct arena arena;
static struct cells cells;

static void without_lattices_nothing_is_known(void **state)
{
    (void)state;
    cells_of(NULL, 0, NULL, 0, &arena, &cells);
    assert_int_equal(cells.lattices, 0);
    assert_true(isnan(cells.axes[0].cell.median) && isnan(cells.axes[5].free.hi));
    assert_int_equal(cells.axes[0].n_bins, 0);
    arena_free(&arena);
}

static double shown(const struct cell_axis *x)
{
    double sum = x->below + x->above;
    for (size_t i = 0; i < x->n_bins; i++)
        sum += x->bins[i];
    return sum;
}

static void every_lattice_is_in_a_bin_or_counted_beside(void **state)
{
    (void)state;
    static uint64_t near[200], wide[5000];
    for (int i = 80; i < 120; i++)
        near[i] = 10;
    wide[790] = 100; /* 79.0 … 79.1 */
    wide[4000] = 1;
    const struct store_hist rows[] = {
        {.kind = 1,
         .n = 407,
         .under = 3,
         .over = 4,
         .lo = 75.05,
         .step = 0.0395,
         .n_bins = 200,
         .bins = near},
        {.kind = 1, .n = 101, .lo = 0, .step = 0.1, .n_bins = 5000, .bins = wide}};
    cells_of(rows, 1, NULL, 0, &arena, &cells);
    const struct cell_axis *a = cells.axes;
    assert_int_equal(cells.lattices, 407);
    assert_double_equal(shown(a), 407, 1e-6);
    assert_double_equal(a->free.median, 75.05 + 100.05 * 0.0395,
                        0.01); /* of 203.5 below, three lie under the bins */
    assert_double_equal(remainder(a->from - 75.05, 0.0395), 0, 1e-9); /* edges are those that were counted */
    for (size_t i = 0; i < a->n_bins; i++)
        assert_double_equal(a->bins[i], round(a->bins[i]), 1e-6);
    cells_of(rows, 2, NULL, 0, &arena, &cells); /* other bounds: the same lattices, shared out */
    assert_int_equal(cells.lattices, 508);
    assert_double_equal(shown(a), 508, 1e-6);
    assert_true(a->free.median > 78.9 && a->free.median < 79.1);
    assert_true(a->n_bins <= CELLS_BINS);
    arena_free(&arena);
}

static void an_angle_that_symmetry_fixes_is_its_value(void **state)
{
    (void)state;
    uint64_t bins[240] = {
        [119] = 3, [120] = 17}; /* an edge of bins is at 90: rounding puts cells on both sides */
    const struct store_hist row = {.kind = 4, .n = 20, .lo = 84, .step = 0.05, .n_bins = 240, .bins = bins};
    struct store_sampled sample[3] = {{.cell = {79, 79, 38, 90, 90, 90}},
                                      {.cell = {79.1, 79.1, 38, 90, 90, 90}},
                                      {.cell = {78.9, 78.9, 38, 90, 90, 90}}};
    cells_of(&row, 1, sample, 3, &arena, &cells);
    assert_true(cells.axes[3].fixed && cells.axes[3].n_bins == 0 && !cells.axes[0].fixed);
    assert_double_equal(cells.axes[3].free.median, 90, 0);
    bins[123] = 1; /* one free cell says otherwise */
    cells_of(&row, 1, sample, 3, &arena, &cells);
    assert_true(!cells.axes[3].fixed && cells.axes[3].n_bins > 0);
    bins[123] = 0;
    sample[1].cell[3] = 90.01; /* or one that is restrained */
    cells_of(&row, 1, sample, 3, &arena, &cells);
    assert_false(cells.axes[3].fixed);
    arena_free(&arena);
}

static void all_lattices_beside_the_bins_are_no_histogram(void **state)
{
    (void)state;
    uint64_t none[4] = {0};
    const struct store_hist row = {
        .kind = 2, .n = 9, .over = 9, .lo = 1, .step = 1, .n_bins = 4, .bins = none};
    cells_of(&row, 1, NULL, 0, &arena, &cells);
    assert_int_equal(cells.axes[1].n_bins, 0);
    assert_true(isnan(cells.axes[1].free.median));
    arena_free(&arena);
}

static void damaged_rows_are_left_out(void **state)
{
    (void)state;
    uint64_t one[4] = {0, 1, 0, 0};
    const double bad[][2] = {{NAN, 1},     {0, NAN},    {INFINITY, 1}, {1e300, 1},
                             {1e17, 1e-3}, {0, 1e-300}, {0, INFINITY}, {0, -1}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const struct store_hist row = {
            .kind = 1, .n = 1, .lo = bad[i][0], .step = bad[i][1], .n_bins = 4, .bins = one};
        cells_of(&row, 1, NULL, 0, &arena, &cells);
        assert_int_equal(cells.axes[0].n_bins, 0);
    }
    arena_free(&arena);
}

static void medians_are_of_what_is_known(void **state)
{
    (void)state;
    struct store_sampled sample[300];
    for (int i = 0; i < 300; i++)
        sample[i] = (struct store_sampled){.cell = {79 + 0.001 * i, 79 + 0.001 * i, 38, 90, 90, 90}};
    sample[299].cell[0] = 500;
    sample[0].cell[1] = NAN;
    cells_of(NULL, 0, sample, 300, &arena, &cells);
    assert_double_equal(cells.axes[0].cell.median, 79.1495, 1e-9);
    assert_double_equal(cells.axes[0].cell.lo, 79 + 0.001 * 0.16 * 299, 1e-9);
    assert_double_equal(cells.axes[1].cell.median, 79.15, 1e-9);
    assert_double_equal(cells.axes[2].cell.hi, 38, 0);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_lattices_nothing_is_known),
        cmocka_unit_test(every_lattice_is_in_a_bin_or_counted_beside),
        cmocka_unit_test(an_angle_that_symmetry_fixes_is_its_value),
        cmocka_unit_test(all_lattices_beside_the_bins_are_no_histogram),
        cmocka_unit_test(damaged_rows_are_left_out),
        cmocka_unit_test(medians_are_of_what_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
