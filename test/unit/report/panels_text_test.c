/* panels_text_test.c - what is said of panels. */
#include "residuals_made.h"

static struct arena arena;

static void the_worst_panel_comes_first_with_what_to_do(void **state)
{
    (void)state;
    struct panels_sum s;
    struct panels_report r;
    struct str out = {0};
    const double move[2] = {2, -1}, none[2] = {0, 0};
    make_sums(&s, &arena, 60, move, none, 0, 0);
    panels_of(&s, &arena, &r);
    panels_text(&r, 2, &out);
    const char *b = strstr(out.text, "  1 b "), *a = strstr(out.text, "  0 a ");
    const char *c = strstr(out.text, "  2 c ");
    assert_true(b && (a || c) && b < (a ? a : c));
    assert_non_null(strstr(out.text, "and 2 more\n"));
    assert_non_null(strstr(out.text, "panel 1 b lies 2.2"));
    assert_non_null(strstr(out.text, "hint: xfelx.geometry.refine=auto"));
    assert_null(strstr(out.text, "as a whole lies"));
    str_clear(&out);
    panels_text(&r, 0, &out);
    assert_non_null(strstr(out.text, "    3 d            no spots\n"));
    str_free(&out);
    arena_free(&arena);
}

static void what_few_spots_do_not_tell_is_a_dash(void **state)
{
    (void)state;
    struct panels_sum s;
    struct panels_report r;
    struct str out = {0};
    const double none[2] = {0, 0};
    make_sums(&s, &arena, 1, none, none, 0, 0);
    panels_of(&s, &arena, &r);
    r.panels[0].error[0] = NAN; /* as of one spot */
    r.panels[2].move[1] = NAN;
    panels_text(&r, 0, &out);
    assert_non_null(strstr(out.text, "whole: no panel has 100 spots\n"));
    assert_null(strstr(out.text, "nan"));
    assert_null(strstr(out.text, "inf"));
    str_free(&out);
    arena_free(&arena);
}

static void json_says_the_same_and_has_null_where_nothing_is_known(void **state)
{
    (void)state;
    struct panels_sum s;
    struct panels_report r;
    struct str out = {0};
    struct error err = {0};
    struct json_writer w = {.out = &out};
    const double move[2] = {2, -1}, none[2] = {0, 0};
    double v[2], corners[8];
    make_sums(&s, &arena, 60, move, none, 0, 0);
    panels_of(&s, &arena, &r);
    json_object(&w, NULL);
    panels_json(&r, "residuals", &w);
    json_end_object(&w);
    struct json *j = json_parse(out.text, out.len, "test", &err);
    const struct json *panels = json_get(json_get(j, "residuals"), "panels");
    assert_int_equal(json_size(panels), PANELS);
    assert_true(json_numbers(json_get(json_at(panels, 1), "move_px"), v, 2));
    assert_double_equal(v[0], r.panels[1].move[0], 1e-4);
    assert_true(json_is_true(json_get(json_at(panels, 1), "moved")));
    assert_true(json_numbers(json_get(json_at(panels, 2), "corners_mm"), corners, 8));
    assert_double_equal(corners[4], 0, 1e-4); /* c is turned: from 10 back to 0 */
    assert_double_equal(corners[5], 0, 1e-4);
    assert_true(json_is_null(json_at(json_get(json_at(panels, 3), "move_px"), 0)));
    json_free(j);
    str_free(&out);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_worst_panel_comes_first_with_what_to_do),
        cmocka_unit_test(what_few_spots_do_not_tell_is_a_dash),
        cmocka_unit_test(json_says_the_same_and_has_null_where_nothing_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
