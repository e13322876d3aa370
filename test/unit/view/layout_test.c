/* layout_test.c - places on panels and on paper, and tiles that fit together. */
#include "panels.h"

static struct arena memory;

static void a_place_of_a_panel_is_found_again(void **state)
{
    (void)state;
    struct detector *d = panels_make(&memory);
    struct view_layout l;
    assert_true(view_layout(d, 0, &l, NULL));
    for (int k = 0; k < 2; k++)
        for (int i = 0; i < SIDE * SIDE; i += 13) {
            double x = i % SIDE + 0.5, y = i / SIDE + 0.5, at[2], px[2];
            assert_true(view_place(&l, &d->panels[k], x, y, at));
            assert_int_equal(view_panel_at(&l, d, at[0], at[1], px), k);
            assert_double_equal(px[0], x, 1e-9);
            assert_double_equal(px[1], y, 1e-9);
        }
    double px[2];
    assert_int_equal(view_panel_at(&l, d, 0.5, 0.5, px), -1); /* the margin */
    assert_int_equal(view_panel_at(&l, d, -1e9, 1e9, px), -1);
}

static void each_pixel_has_its_px_at_one_to_one(void **state)
{
    (void)state;
    struct detector *d = panels_make(&memory);
    struct view_layout l;
    static uint8_t code[PIXELS];
    for (int i = 0; i < PIXELS; i++)
        code[i] = (uint8_t)(2 + i % 200);
    assert_true(view_layout(d, 0, &l, NULL));
    uint8_t *out = arena_alloc(&memory, (size_t)l.width * (size_t)l.height);
    view_tile(&l, d, code, &(struct view_window){1, 0, 0, l.width, l.height}, out);
    for (int i = 0; i < SIDE * SIDE; i++) {
        double at[2];
        view_place(&l, &d->panels[0], i % SIDE + 0.5, i / SIDE + 0.5, at);
        assert_int_equal(out[(int)at[1] * l.width + (int)at[0]], code[i]);
    }
    size_t turned = 0; /* without holes: as many px as the panel has pixels */
    for (int y = 0; y < l.height; y++)
        for (int x = 0; x < l.width; x++)
            turned += x > SIDE + 2 && out[y * l.width + x] != VIEW_CODE_OUTSIDE;
    assert_in_range(turned, SIDE * SIDE - SIDE, SIDE * SIDE + SIDE);
}

static void tiles_are_the_whole_cut_up_and_keep_the_largest(void **state)
{
    (void)state;
    enum { T = 16 };
    struct detector *d = panels_make(&memory);
    struct view_layout l;
    static uint8_t code[PIXELS], tile[T * T], whole[64 * 64];
    memset(code, 2, sizeof code);
    code[777] = 200;
    code[SIDE * SIDE + 777] = 201;
    assert_true(view_layout(d, 0, &l, NULL));
    for (int shrink = 1; shrink <= 4; shrink *= 2) {
        int width = (int)ceil((double)l.width / shrink), height = (int)ceil((double)l.height / shrink);
        uint8_t *all = shrink == 1 ? arena_alloc(&memory, (size_t)width * (size_t)height) : whole;
        view_tile(&l, d, code, &(struct view_window){shrink, 0, 0, width, height}, all);
        size_t bright = 0;
        for (int row = 0; row * T < height; row++)
            for (int column = 0; column * T < width; column++) {
                view_tile(&l, d, code, &(struct view_window){shrink, column * T, row * T, T, T}, tile);
                for (int y = 0; y < T && row * T + y < height; y++)
                    for (int x = 0; x < T && column * T + x < width; x++) {
                        uint8_t c = tile[y * T + x];
                        assert_int_equal(c, all[(row * T + y) * width + column * T + x]);
                        bright += c >= 200;
                    }
            }
        assert_in_range(bright, 2, 10); /* both are seen at every level */
    }
}

static void a_detector_without_an_area_is_refused(void **state)
{
    (void)state;
    struct detector *d = panels_make(&memory);
    struct view_layout l;
    struct error err = {0};
    d->panels[1].origin[0] = 1e9; /* a thousand kilometres aside */
    assert_false(view_layout(d, 0, &l, &err));
    assert_int_equal(err.code, ERROR_METADATA);
    assert_true(view_layout(d, 800, &l, &err));
    d->panels[1].origin[0] = NAN;
    d->panels[0].origin[0] = NAN;
    assert_false(view_layout(d, 800, &l, &err));
}

static int done(void **state)
{
    (void)state;
    arena_free(&memory);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_place_of_a_panel_is_found_again, done),
        cmocka_unit_test_teardown(each_pixel_has_its_px_at_one_to_one, done),
        cmocka_unit_test_teardown(tiles_are_the_whole_cut_up_and_keep_the_largest, done),
        cmocka_unit_test_teardown(a_detector_without_an_area_is_refused, done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
