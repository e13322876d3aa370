/* levels_test.c - which panel counts less or more than it used to. */
#include "report/report.h"

#include <math.h>

#include "support.h"

enum { JOBS = 6, PANELS = 5 };

static struct arena arena;
static struct powder_report jobs[JOBS];
static struct powder_report_panel panels[JOBS][PANELS];

/* Jobs in a beam that grows stronger, of a detector whose panels differ; a little chance. */
static void make(void)
{
    static const char *const names[PANELS] = {"a", "b", "c", "d", "e"};
    for (int j = 0; j < JOBS; j++) {
        jobs[j] = (struct powder_report){.frames = 100,
                                         .judged = true,
                                         .distance_mm = 100,
                                         .wavelength = 1.3,
                                         .panels = panels[j],
                                         .n_panels = PANELS};
        for (int i = 0; i < PANELS; i++)
            panels[j][i] = (struct powder_report_panel){
                .name = names[i], .mean = (1 + 0.3 * i) * (1 + 0.5 * j) * (1 + 0.003 * ((3 * j + i) % 4))};
    }
}

static void a_panel_that_loses_counts_is_found_whatever_the_beam_does(void **state)
{
    (void)state;
    struct levels l;
    make();
    levels_of(jobs, JOBS, &arena, &l);
    assert_int_equal(l.n_drifts, 0);
    assert_int_equal(l.n_jobs, JOBS);
    panels[JOBS - 1][3].mean *= 0.7;
    levels_of(jobs, JOBS, &arena, &l);
    assert_int_equal(l.n_drifts, 1);
    assert_true(l.panels[3].drifts);
    assert_double_equal(l.panels[3].change, -0.3, 0.02);
    assert_double_equal(l.panels[0].change, 0, 0.02);
    arena_free(&arena);
}

static void a_panel_that_always_scatters_does_not_drift(void **state)
{
    (void)state;
    struct levels l;
    make();
    static const double scatter[JOBS] = {1, 1.3, 0.8, 1.2, 0.9, 0.75};
    for (int j = 0; j < JOBS; j++)
        panels[j][1].mean *= scatter[j];
    levels_of(jobs, JOBS, &arena, &l);
    assert_int_equal(l.n_drifts, 0);
    arena_free(&arena);
}

static void jobs_of_another_distance_or_detector_are_left_out(void **state)
{
    (void)state;
    struct levels l;
    make();
    jobs[0].distance_mm = 120;
    jobs[1].n_panels = 4;
    jobs[2].wavelength = 1.5;
    jobs[3].judged = false;
    panels[4][0].name = "other";
    levels_of(jobs, JOBS, &arena, &l);
    assert_int_equal(l.n_jobs, 1);
    assert_int_equal(l.jobs[0], JOBS - 1);
    assert_true(isnan(l.panels[0].change) && l.n_drifts == 0);
    levels_of(jobs, 0, &arena, &l);
    assert_int_equal(l.n_jobs, 0);
    jobs[JOBS - 1].distance_mm = NAN; /* a file that does not say: like no other */
    levels_of(jobs, JOBS, &arena, &l);
    assert_int_equal(l.n_jobs, 0);
    arena_free(&arena);
}

static void a_panel_without_good_pixels_is_not_known(void **state)
{
    (void)state;
    struct levels l;
    make();
    for (int j = 0; j < JOBS; j++)
        panels[j][2].mean = NAN;
    panels[2][0].mean = NAN;
    levels_of(jobs, JOBS, &arena, &l);
    assert_int_equal(l.n_drifts, 0);
    assert_true(isnan(l.panels[2].levels[0]) && isnan(l.panels[2].change) && isnan(l.panels[0].levels[2]));
    assert_double_equal(l.panels[0].change, 0, 0.02);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_panel_that_loses_counts_is_found_whatever_the_beam_does),
        cmocka_unit_test(a_panel_that_always_scatters_does_not_drift),
        cmocka_unit_test(jobs_of_another_distance_or_detector_are_left_out),
        cmocka_unit_test(a_panel_without_good_pixels_is_not_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
