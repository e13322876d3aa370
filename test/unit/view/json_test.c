/* json_test.c - what was found, as a page gets it. */
#include "sink/fixture.h"

#include "view/view.h"

static double number(const struct json *row, size_t i)
{
    double v = NAN;
    json_number(json_at(row, i), &v);
    return v;
}

static void rows_lie_where_their_pixels_are_drawn(void **state)
{
    (void)state;
    struct error err = {0};
    struct detector *d = frames_detector(&memory, 100);
    struct result r = frames_result(&memory, 0, 3, 2, d);
    struct view_layout l;
    struct str text = {0};
    struct json_writer j = {.out = &text};
    assert_true(view_layout(d, 0, &l, &err));
    json_object(&j, NULL);
    view_put_layout(&j, &l, d, d, &r.beam.v);
    view_put_found(&j, &l, d, &r);
    json_end_object(&j);
    struct json *tree = json_parse(text.text, text.len, "test", &err);
    assert_non_null(tree);
    const struct json *indexed = json_get(json_get(tree, "indexed"), "rows"), *row = json_at(indexed, 2),
                      *spot = json_at(json_get(json_get(tree, "spots"), "rows"), 0);
    double at[2];
    assert_int_equal(json_size(indexed), 4);
    assert_int_equal(json_size(json_get(json_get(tree, "integrated"), "rows")), 4);
    assert_int_equal(json_size(json_get(tree, "lattices")), 2);
    assert_int_equal(json_size(json_get(tree, "panels")), 2);
    view_place(&l, &d->panels[1], 11.25, 20.5, at);
    assert_double_equal(number(row, 0), 1, 0); /* lattice, h, k, l, x, y */
    assert_double_equal(number(row, 2), -2, 0);
    assert_double_equal(number(row, 4), at[0], 0.006);
    assert_double_equal(number(row, 5), at[1], 0.006);
    view_place(&l, &d->panels[1], r.spots[0].x, r.spots[0].y, at);
    assert_double_equal(number(spot, 0), at[0], 0.006);
    json_free(tree);
    str_free(&text);
}

static void rows_of_panels_that_are_not_there_are_left_out(void **state)
{
    (void)state;
    struct error err = {0};
    struct detector *d = frames_detector(&memory, 100), *one = detector_make(&memory, 1, 0);
    struct result r = frames_result(&memory, 0, 3, 1, d);
    struct view_layout l;
    struct str text = {0};
    struct json_writer j = {.out = &text};
    one->panels[0] = d->panels[0];
    one->info[0] = d->info[0];
    assert_true(detector_finish(one, "one", &err) && view_layout(one, 0, &l, &err));
    r.spots = NULL; /* they were not kept */
    json_object(&j, NULL);
    view_put_layout(&j, &l, one, d, &r.beam.v);
    view_put_found(&j, &l, one, &r);
    json_end_object(&j);
    struct json *tree = json_parse(text.text, text.len, "test", &err);
    assert_non_null(tree);
    assert_true(json_is_null(json_get(tree, "spots")));
    assert_int_equal(json_size(json_get(json_get(tree, "indexed"), "rows")), 0);
    json_free(tree);
    str_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rows_lie_where_their_pixels_are_drawn, setup, teardown),
        cmocka_unit_test_setup_teardown(rows_of_panels_that_are_not_there_are_left_out, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
