/* forms_test.c - crystal forms, their runs, how crystals lie, and what merging gets. */
#include "report/report.h"

#include <math.h>
#include <string.h>

#include "support.h"

enum { N = 900 };
static struct arena arena;
static struct store_sampled sample[N];
static struct cell_forms forms;
static uint64_t seed = 5;

static double even(void)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (double)(seed >> 11) / 9007199254740992.0;
}

static double normal(void)
{
    return sqrt(-2 * log(1 - even())) * cos(2 * acos(-1) * even());
}

/* Two tetragonal forms 70:30, two per cent apart, and every 30th somewhere else; runs 1 and 2 by jobs 10 and 20: the second form in the
 * second run alone. */
static void two_forms(void)
{
    for (int i = 0; i < N; i++) {
        bool second = i % 10 >= 7;
        double a = (second ? 80.6 : 79) + 0.08 * normal(), c = (second ? 37.4 : 38) + 0.05 * normal();
        if (i % 30 == 29)
            a = 70 + 20 * even(), c = 30 + 20 * even();
        sample[i] = (struct store_sampled){.cell = {(float)a, (float)a, (float)c, 90, 90, 90},
                                           .job = second  ? 20
                                                  : i % 2 ? 20
                                                          : 10,
                                           .res_a = 2};
    }
}

static void few_cells_of_many_parameters_have_no_covariance(void **state)
{
    (void)state;
    struct error err = {0};
    struct str out = {0};
    for (int i = 0; i < 6; i++) { /* triclinic, each parameter a little off in one crystal */
        double cell[6] = {27, 32, 34, 88, 108, 112};
        cell[i] += 0.05;
        memcpy(sample[i].cell, cell, sizeof cell);
    }
    forms_of(sample, 6, 0.3, &arena, &forms);
    assert_int_equal(forms.n, 1);
    assert_false(covariance_text(&forms, "all", true, &out, &err));
    assert_string_equal(err.fact, "the largest form has 6 cells, too few for the covariance of 6 parameters");
    assert_string_equal(err.hint, "7 or more are needed");
    str_free(&out);
    arena_free(&arena);
}

static void no_lattices_are_no_forms(void **state)
{
    (void)state;
    struct error err = {0};
    struct str out = {0};
    forms_of(NULL, 0, NAN, &arena, &forms);
    assert_int_equal(forms.n_points, 0);
    assert_int_equal(forms.n, 0);
    assert_false(covariance_text(&forms, "all", false, &out, &err));
    for (int i = 0; i < N; i++)
        sample[i] = (struct store_sampled){.cell = {NAN, 1, 1, 90, 90, 90}};
    forms_of(sample, N, NAN, &arena, &forms);
    assert_int_equal(forms.n_points, 0);
    assert_int_equal(forms.labels[N - 1], FORMS_LEFT);
    for (int i = 0; i < N; i++) /* all the same */
        sample[i] = (struct store_sampled){.cell = {79, 79, 38, 90, 90, 90}};
    forms_of(sample, N, NAN, &arena, &forms);
    assert_int_equal(forms.n_points, N);
    assert_int_equal(forms.n, 0);
    assert_false(covariance_text(&forms, "all", true, &out, &err));
    str_free(&out);
    arena_free(&arena);
}

static void two_forms_and_what_is_neither_are_told_apart(void **state)
{
    (void)state;
    two_forms();
    forms_of(sample, N, NAN, &arena, &forms);
    assert_int_equal(forms.n_free, 2);
    assert_int_equal(forms.free[0], 0);
    assert_int_equal(forms.free[1], 2);
    assert_int_equal(forms.n_groups, 2);
    assert_true(fabs(forms.form[0].mean[0] - 79) < 0.02 && fabs(forms.form[1].mean[2] - 37.4) < 0.02);
    assert_true(forms.form[0].mean[1] == forms.form[0].mean[0] && forms.form[0].mean[5] == 90);
    size_t wrong = 0;
    for (int i = 0; i < N; i++)
        wrong += i % 30 != 29 && forms.labels[i] == (i % 10 < 7);
    assert_true(wrong == 0);
    assert_true(forms.n_neither >= N / 30 - 3 && forms.n_neither < N / 30 + N / 25);
    assert_true(fabs(forms.form[0].sd[0] - 0.08) < 0.01);
    double eps = forms.eps;
    forms_of(sample, N, 5, &arena, &forms); /* as wide as both */
    assert_int_equal(forms.n_groups, 1);
    assert_double_equal(forms.eps_found, eps, 1e-12);
    arena_free(&arena);
}

static void a_form_is_seen_to_begin_with_its_run(void **state)
{
    (void)state;
    const struct store_tally tallies[] = {{.job = 10, .run = 1}, {.job = 20, .run = 2}};
    struct cell_run *runs;
    size_t n, n_runs;
    two_forms();
    sample[0].job = 99; /* of nobody */
    forms_of(sample, N, NAN, &arena, &forms);
    forms_by_run(sample, N, &forms, tallies, 2, 1, &arena, &runs, &n, &n_runs);
    assert_int_equal(n, 1); /* neighbours together */
    assert_int_equal(n_runs, 2);
    assert_int_equal(runs[0].n, N - 1);
    assert_int_equal(runs[0].last, 2);
    forms_by_run(sample, N, &forms, tallies, 2, 50, &arena, &runs, &n, &n_runs);
    assert_int_equal(n, 2);
    assert_int_equal(runs[0].run, 1);
    assert_int_equal(runs[0].n + runs[1].n, N - 1);
    assert_int_equal(runs[0].counts[1], 0);
    assert_true(runs[1].counts[1] > 200);
    assert_true(runs[0].median[0].lo < runs[0].median[0].median &&
                runs[0].median[0].median < runs[0].median[0].hi);
    assert_true(runs[0].median[0].lo > 78.97 && runs[0].median[0].hi < 79.03);
    arena_free(&arena);
}

static void the_interval_of_a_median_holds_it_in_19_of_20(void **state)
{
    (void)state;
    const struct store_tally tally = {.job = 1, .run = 1};
    int held = 0;
    for (int round = 0; round < 400; round++) {
        struct cell_run *runs;
        size_t n, n_runs;
        for (int i = 0; i < 40; i++)
            sample[i] = (struct store_sampled){.cell = {50 + normal(), 60, 70, 90, 90, 90}, .job = 1};
        forms_of(sample, 40, NAN, &arena, &forms);
        forms_by_run(sample, 40, &forms, &tally, 1, 9, &arena, &runs, &n, &n_runs);
        held += runs->median[0].lo <= 50 && runs->median[0].hi >= 50;
        arena_free(&arena);
    }
    assert_in_range(held, 370, 396);
}

static void pairs_hold_all_cells_by_form(void **state)
{
    (void)state;
    static struct cell_pair pairs[PAIRS_MOST];
    two_forms();
    sample[5].cell[2] = 5000; /* does not spoil the picture */
    forms_of(sample, N, NAN, &arena, &forms);
    assert_int_equal(pairs_of(sample, N, &forms, &arena, pairs), 1); /* a and c alone: tetragonal */
    assert_int_equal(pairs[0].x, 0);
    assert_int_equal(pairs[0].y, 2);
    size_t sums[PAIR_LAYERS] = {0};
    for (int layer = 0; layer < PAIR_LAYERS; layer++)
        for (int i = 0; i < PAIR_GRID * PAIR_GRID; i++)
            sums[layer] += pairs[0].grid[layer][i];
    assert_int_equal(sums[0] + sums[1] + sums[2] + pairs[0].outside, N);
    assert_int_equal(sums[1], forms.form[0].n);
    assert_int_equal(sums[2], forms.form[1].n);
    assert_int_equal(sums[3], 0);
    assert_true(pairs[0].outside > 0 && pairs[0].to[1] < 100);
    for (int i = 0; i < N; i++)
        for (int k = 0; k < 6; k++)
            sample[i].cell[k] = (k < 3 ? 50 + 10 * k : 80 + 5 * k) + 0.1 * normal();
    forms_of(sample, N, NAN, &arena, &forms);
    assert_int_equal(forms.n_free, 6);
    assert_int_equal(pairs_of(sample, N, &forms, &arena, pairs), 4);
    assert_int_equal(pairs[3].x, 4);
    assert_int_equal(pairs[3].y, 5);
    arena_free(&arena);
}

static struct cell_pole poles[POLES_MOST];

static void turned(struct store_sampled *s, bool lying)
{
    double q[4], length = 0, r[3][3];
    for (int i = 0; i < 4; i++) {
        q[i] = lying && (i == 1 || i == 2) ? 0 : normal();
        length += q[i] * q[i];
    }
    for (int i = 0; i < 4; i++)
        q[i] /= sqrt(length);
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++) {
            double cross = i == k ? 0 : ((k + 3 - i) % 3 == 1 ? -1 : 1) * q[1 + 3 - i - k] * q[0];
            r[i][k] = 2 * (q[1 + i] * q[1 + k] + cross) + (i == k ? 2 * q[0] * q[0] - 1 : 0);
        }
    for (int axis = 0; axis < 3; axis++)
        for (int i = 0; i < 3; i++)
            s->dir[axis][i] = (float)r[i][axis];
}

static void even_crystals_look_even_and_lying_ones_do_not(void **state)
{
    (void)state;
    for (int lying = 0; lying < 2; lying++) {
        two_forms();
        for (int i = 0; i < N; i++)
            turned(sample + i, lying);
        forms_of(sample, N, NAN, &arena, &forms);
        assert_int_equal(poles_of(sample, N, &forms, poles), 2);
        assert_string_equal(poles[0].name, "a*, b*");
        assert_int_equal(poles[0].n, 2 * N);
        assert_int_equal(poles[1].n, N);
        assert_true(isnan(poles[0].bingham));
        uint64_t sum = 0;
        for (int i = 0; i < POLE_GRID * POLE_GRID; i++)
            sum += poles[1].grid[i];
        assert_int_equal(sum, N);
        if (lying) { /* c* along the beam: all in the middle */
            assert_true(poles[1].eigen > 0.999);
            assert_true(poles[1].bingham > 1000);
            assert_true(poles[1].grid[POLE_GRID * POLE_GRID / 2 + POLE_GRID / 2] +
                            poles[1].grid[POLE_GRID * POLE_GRID / 2 + POLE_GRID / 2 - 1] +
                            poles[1].grid[POLE_GRID * (POLE_GRID / 2 - 1) + POLE_GRID / 2] +
                            poles[1].grid[POLE_GRID * (POLE_GRID / 2 - 1) + POLE_GRID / 2 - 1] ==
                        N);
        } else {
            assert_true(poles[1].eigen > 1.0 / 3 && poles[1].eigen < 0.38);
            assert_true(poles[1].bingham < 20.5); /* 99.9 % */
            uint64_t half = 0;                    /* equal areas: half of them within 1/√2 of the rim */
            for (int y = 0; y < POLE_GRID; y++)
                for (int x = 0; x < POLE_GRID; x++)
                    half += hypot(x - 19.5, y - 19.5) < 20 / sqrt(2) ? poles[0].grid[POLE_GRID * y + x] : 0;
            assert_true(fabs((double)half / (2 * N) - 0.5) < 0.06);
        }
        arena_free(&arena);
    }
    memset(sample, 0, sizeof sample); /* directions that nobody knows */
    forms_of(sample, 3, NAN, &arena, &forms);
    poles_of(sample, 3, &forms, poles);
    assert_int_equal(poles[0].n, 0);
    arena_free(&arena);
}

static void equivalent_axes_are_drawn_with_their_axis(void **state)
{
    (void)state;
    for (int i = 0; i < N; i++) {
        double a = 60 + 0.1 * normal(), c = 100 + 0.1 * normal();
        sample[i] = (struct store_sampled){.cell = {a, a, c, 90, 90, 120}};
        turned(sample + i, false);
    }
    forms_of(sample, N, NAN, &arena, &forms);
    assert_int_equal(poles_of(sample, N, &forms, poles), 2);
    assert_int_equal(poles[0].n, 3 * N); /* hexagonal */
    for (int i = 0; i < N; i++)
        sample[i].cell[2] = sample[i].cell[0], sample[i].cell[5] = 90;
    forms_of(sample, N, NAN, &arena, &forms);
    assert_int_equal(forms.n_free, 1);
    assert_int_equal(poles_of(sample, N, &forms, poles), 1);
    assert_int_equal(poles[0].n, 3 * N); /* cubic */
    for (int i = 0; i < N; i++)
        sample[i].cell[1] += 3 + 0.1 * normal(), sample[i].cell[2] += 9 + 0.1 * normal(),
            sample[i].cell[4] = 101 + 0.1 * normal();
    forms_of(sample, N, NAN, &arena, &forms);
    assert_int_equal(forms.n_free, 4); /* monoclinic: a b c β */
    assert_int_equal(forms.free[3], 4);
    assert_int_equal(poles_of(sample, N, &forms, poles), 3);
    arena_free(&arena);
}

static void numbers_for_merging_are_those_of_the_forms(void **state)
{
    (void)state;
    struct error err = {0};
    struct str out = {0};
    two_forms();
    forms_of(sample, N, NAN, &arena, &forms);
    assert_true(covariance_text(&forms, "trial 4", true, &out, &err));
    struct json *tree = json_parse(out.text, out.len, "it", &err);
    assert_non_null(tree);
    const struct json *form = json_first(json_get(tree, "forms"));
    double n, cov;
    assert_true(json_number(json_get(form, "cells"), &n));
    assert_int_equal((size_t)n, forms.form[0].n);
    assert_true(json_number(json_first(json_first(json_get(form, "covariance"))), &cov));
    assert_double_equal(cov, forms.form[0].sd[0] * forms.form[0].sd[0], 1e-9);
    json_free(tree);
    str_clear(&out);
    assert_true(covariance_text(&forms, "trial 4", false, &out, &err));
    assert_memory_equal(out.text, "\x80\x02}(", 4); /* read by its reader in test/peers/cells */
    assert_int_equal(out.text[out.len - 1], '.');
    str_free(&out);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(few_cells_of_many_parameters_have_no_covariance),
        cmocka_unit_test(no_lattices_are_no_forms),
        cmocka_unit_test(two_forms_and_what_is_neither_are_told_apart),
        cmocka_unit_test(a_form_is_seen_to_begin_with_its_run),
        cmocka_unit_test(the_interval_of_a_median_holds_it_in_19_of_20),
        cmocka_unit_test(pairs_hold_all_cells_by_form),
        cmocka_unit_test(even_crystals_look_even_and_lying_ones_do_not),
        cmocka_unit_test(equivalent_axes_are_drawn_with_their_axis),
        cmocka_unit_test(numbers_for_merging_are_those_of_the_forms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
