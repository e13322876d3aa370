/* panels_test.c - which panel has moved, by how much, and how sure that is. */
#include "residuals_made.h"

static struct arena arena;

static void a_panel_that_moved_is_found_by_itself(void **state)
{
    (void)state;
    struct panels_sum s;
    struct panels_report r;
    const double move[2] = {2, -1}, whole[2] = {0.05, 0.1};
    make_sums(&s, &arena, 60, move, whole, 0, 0);
    panels_of(&s, &arena, &r);
    assert_int_equal(r.n_moved, 1);
    assert_int_equal(r.worst[0], 1);
    assert_int_equal(r.worst[PANELS - 1], 3); /* without spots */
    assert_true(r.panels[1].moved && !r.whole_moved && !r.psi_turns);
    assert_double_equal(r.panels[1].own[0], 2, 0.1);
    assert_double_equal(r.panels[1].own[1], -1, 0.1);
    assert_true(r.panels[1].used < 30); /* the outlier of the refinement that it is */
    assert_int_equal(r.panels[1].seen, 600);
    assert_double_equal(r.panels[0].rms[0], 0.3, 0.04);
    assert_true(isnan(r.panels[3].move[0]) && isnan(r.panels[3].radial));
    arena_free(&arena);
}

/* On a panel that is turned the same way in the lab is another one in pixels. */
static void the_whole_is_told_apart_from_its_panels(void **state)
{
    (void)state;
    struct panels_sum s;
    struct panels_report r;
    const double move[2] = {0, 0}, whole[2] = {0.8, -0.6};
    make_sums(&s, &arena, 60, move, whole, 0, 0);
    panels_of(&s, &arena, &r);
    assert_true(r.whole_moved);
    assert_int_equal(r.n_moved, 0);
    assert_double_equal(r.whole[0], 0.8, 0.05);
    assert_double_equal(r.whole[1], -0.6, 0.05);
    assert_double_equal(r.panels[2].move[0], -0.8, 0.05);
    assert_double_equal(r.panels[2].lab[0], 0.8, 0.05);
    arena_free(&arena);
}

/* The error that is given is the scatter of what is found, with shots that jitter and without: else chance would be told as a move. */
static void errors_are_those_of_repetitions(void **state)
{
    (void)state;
    const double none[2] = {0, 0};
    for (int jitters = 0; jitters < 2; jitters++) {
        enum { TIMES = 60 };
        double squares = 0, told = 0;
        for (int i = 0; i < TIMES; i++) {
            struct panels_sum s;
            struct panels_report r;
            make_sums(&s, &arena, 40, none, none, jitters ? 0.4 : 0, 0);
            panels_of(&s, &arena, &r);
            assert_int_equal(r.n_moved, 0);
            squares += r.panels[0].move[0] * r.panels[0].move[0] / TIMES;
            told += r.panels[0].error[0] / TIMES;
            arena_free(&arena);
        }
        assert_true(told > 0.75 * sqrt(squares) && told < 1.4 * sqrt(squares));
    }
}

static void delta_psi_that_turns_with_resolution_is_told(void **state)
{
    (void)state;
    struct panels_sum s;
    struct panels_report r;
    const double none[2] = {0, 0};
    make_sums(&s, &arena, 60, none, none, 0, 0.02);
    panels_of(&s, &arena, &r);
    assert_true(r.psi_turns);
    assert_int_equal(r.n_shells, 2);
    assert_double_equal(r.shells[0].mean_deg, -0.02, 0.01);
    assert_double_equal(r.shells[1].mean_deg, 0.02, 0.01);
    assert_true(r.shells[0].d_max > 100 && r.shells[1].d_min < 2.01);
    assert_int_equal(r.shells[0].n + r.shells[1].n, r.used);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_panel_that_moved_is_found_by_itself),
        cmocka_unit_test(the_whole_is_told_apart_from_its_panels),
        cmocka_unit_test(errors_are_those_of_repetitions),
        cmocka_unit_test(delta_psi_that_turns_with_resolution_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
