/* survey_panels_test.c - panels that are so far off that none of their spots votes. */
#include "pipeline/survey_panels.h"

#include <math.h>
#include <string.h>

#include "support.h"

enum { STILLS = 10, EACH = 60, PANELS = 4 };

static struct arena arena;
static struct shot_spot spots[STILLS][EACH];
static struct shot stills[STILLS];
static struct panel header[PANELS];
static struct geometry_detector detector = {header, header};
static struct geometry_run run = {&detector, 1, PANELS, stills, STILLS};

static double dice(void) /* -1 … 1 */
{
    static uint64_t state = 1;
    state = state * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (double)(state >> 11) / 4503599627370496.0 - 1;
}

/* 150 spots a panel: of panel 2 they lie at (x, y) px with so much scatter. */
static void make(double x, double y, double scatter)
{
    for (int k = 0; k < PANELS; k++)
        header[k] = (struct panel){.pixel_fast = 0.1, .pixel_slow = 0.2};
    for (int i = 0; i < STILLS; i++) {
        stills[i] = (struct shot){.spots = spots[i], .n = EACH};
        for (int k = 0; k < EACH; k++) {
            struct shot_spot *s = spots[i] + k;
            bool off = k % PANELS == 2;
            *s = (struct shot_spot){.panel = (uint32_t)(k % PANELS), .q = 0.2};
            s->residual[0] = (off ? x + scatter * dice() : 0.3 * dice());
            s->residual[1] = (off ? y + scatter * dice() : 0.3 * dice());
            s->weight = s->residual[0] * s->residual[0] + s->residual[1] * s->residual[1] < 0.5;
        }
    }
}

static void a_panel_far_off_starts_where_its_spots_are(void **state)
{
    (void)state;
    struct survey_panel panels[PANELS];
    double start[3 * PANELS];
    make(2, -3, 0.3);
    assert_int_equal(survey_panels_start(&run, &arena, panels, start), 1);
    for (int i = 0; i < 3 * PANELS; i++)
        if (i < 6 || i > 7)
            assert_double_equal(start[i], 0, 0);
    assert_double_equal(start[6], -0.2, 0.01); /* mm: of the panel, not of its spots */
    assert_double_equal(start[7], 0.6, 0.02);
    assert_false(survey_panels_hold(&run, &arena, panels));
    make(0, 0, 0.3);
    assert_true(survey_panels_hold(&run, &arena, panels)); /* its spots vote */
    arena_free(&arena);
}

static void a_panel_in_its_place_or_without_order_does_not_start(void **state)
{
    (void)state;
    struct survey_panel panels[PANELS];
    double start[3 * PANELS];
    make(0.2, 0, 0.3);
    assert_int_equal(survey_panels_start(&run, &arena, panels, start), 0);
    make(0, 0, 7.5); /* spots of something else: near nothing */
    assert_int_equal(survey_panels_start(&run, &arena, panels, start), 0);
    make(2, -3, 0.3);
    for (int i = 4; i < STILLS; i++) /* too few */
        for (int k = 0; k < EACH; k++)
            spots[i][k].q = 0;
    assert_int_equal(survey_panels_start(&run, &arena, panels, start), 0);
    for (int i = 0; i < STILLS; i++)
        stills[i].n = 0; /* nothing at all */
    assert_int_equal(survey_panels_start(&run, &arena, panels, start), 0);
    assert_true(survey_panels_hold(&run, &arena, panels));
    arena_free(&arena);
}

static void a_spot_at_the_edge_of_the_window_is_in_the_last_bin(void **state)
{
    (void)state;
    struct survey_panel panels[PANELS];
    double start[3 * PANELS];
    size_t n = 0;
    make(nextafter(8, 0), nextafter(8, 0), 0); /* 8 more than that is 16, which is behind the bins */
    assert_int_equal(survey_panels_start(&run, &arena, panels, start), 1);
    for (int k = 0; k < 160; k++)
        n += panels[2].bins[k][0];
    assert_int_equal(n, panels[2].n);
    assert_double_equal(start[6], -0.8, 0.02);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_spot_at_the_edge_of_the_window_is_in_the_last_bin),
        cmocka_unit_test(a_panel_far_off_starts_where_its_spots_are),
        cmocka_unit_test(a_panel_in_its_place_or_without_order_does_not_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
