/* rings_test.c - every point of a ring has its resolution. */
#include "panels.h"

static void points_of_a_ring_have_its_resolution(void **state)
{
    (void)state;
    struct arena a = {0};
    struct detector *drawn = panels_make(&a), *moved = detector_copy(&a, drawn);
    struct beam_vector beam = {.wavelength = 1, .direction = {0.6e-2, -0.8e-2, sqrt(1 - 1e-4)}};
    struct view_layout l;
    struct view_ring rings[VIEW_RINGS];
    for (int k = 0; k < 2; k++)
        moved->panels[k].origin[0] += 1.5; /* the true place is another than what is drawn */
    assert_true(view_layout(drawn, 0, &l, NULL));
    size_t n = view_rings(&l, drawn, moved, &beam, rings), points = 0;
    assert_true(n >= 3);
    for (size_t i = 0; i < n; i++) {
        assert_true(i == 0 || rings[i].d < rings[i - 1].d);
        for (int k = 0; k < VIEW_RING_POINTS; k++) {
            double px[2];
            if (isnan(rings[i].xy[k][0]))
                continue;
            int panel = view_panel_at(&l, drawn, rings[i].xy[k][0], rings[i].xy[k][1], px);
            if (panel < 0)
                continue; /* on an edge */
            assert_double_equal(panel_resolution(&moved->panels[panel], &beam, px), rings[i].d, 1e-6);
            points++;
        }
    }
    assert_true(points > 100);
    arena_free(&a);
}

static void ice_lies_where_people_know_it(void **state)
{
    (void)state;
    static const double known[VIEW_ICE_RINGS] = {3.895, 3.669, 3.441, 2.671, 2.249,
                                                 2.072, 1.948, 1.918, 1.883, 1.721};
    struct arena a = {0};
    struct detector *d = panels_make(&a);
    struct beam_vector beam = {.wavelength = 1, .direction = {0, 0, 1}};
    struct view_layout l;
    struct view_ring rings[VIEW_ICE_RINGS];
    assert_true(view_layout(d, 0, &l, NULL));
    size_t n = view_ice_rings(&l, d, d, &beam, rings), next = 0;
    assert_true(n >= 3);
    for (size_t i = 0; i < n; i++) { /* those that the detector reaches, in this order */
        while (next < VIEW_ICE_RINGS && fabs(known[next] - rings[i].d) > 1e-3)
            next++;
        assert_true(next++ < VIEW_ICE_RINGS);
    }
    assert_int_equal(view_ice_rings(&l, d, d, &(struct beam_vector){0}, rings), 0);
    arena_free(&a);
}

static void a_beam_that_is_not_known_has_no_rings(void **state)
{
    (void)state;
    struct arena a = {0};
    struct detector *d = panels_make(&a);
    struct view_layout l;
    struct view_ring rings[VIEW_RINGS];
    assert_true(view_layout(d, 0, &l, NULL));
    assert_int_equal(view_rings(&l, d, d, &(struct beam_vector){0}, rings), 0);
    assert_int_equal(view_rings(&l, d, d, &(struct beam_vector){NAN, {0, 0, 1}}, rings), 0);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(points_of_a_ring_have_its_resolution),
        cmocka_unit_test(ice_lies_where_people_know_it),
        cmocka_unit_test(a_beam_that_is_not_known_has_no_rings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
