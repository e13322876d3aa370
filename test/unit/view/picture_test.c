/* picture_test.c - panels come to lie where the laboratory has them. */
#include "view/view.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { N = 40 };

static uint16_t pixels[2 * N * N];
static uint8_t mask[2 * N * N];

/* Two square panels side by side, 1 mm pixels: the left one upright (slow down), the right one turned by 90° (its fast axis
 * points up, its slow axis to the right). Counts 10 everywhere. */
static struct frame make_frame(struct arena *a)
{
    struct detector *d = detector_make(a, 2, 0);
    d->panels[0] = (struct panel){.origin = {-N, N / 2, -100}, .fast = {1, 0, 0}, .slow = {0, -1, 0}};
    d->panels[1] = (struct panel){.origin = {0, -N / 2, -100}, .fast = {0, 1, 0}, .slow = {1, 0, 0}};
    for (int k = 0; k < 2; k++) {
        struct panel *p = &d->panels[k];
        p->pixel_fast = p->pixel_slow = 1;
        p->n_fast = p->n_slow = N;
        p->trusted_lo = 0, p->trusted_hi = 1000, p->gain = 1;
        d->info[k].name = k ? "right" : "left";
    }
    assert_true(detector_finish(d, "test", NULL));
    for (size_t i = 0; i < 2 * N * N; i++)
        pixels[i] = 10, mask[i] = 1;
    return (struct frame){.detector = d,
                          .type = PIXEL_U16,
                          .pixels = pixels,
                          .mask = mask,
                          .beam.v = {.wavelength = 1, .direction = {0, 0, 1}}};
}

static struct view_picture render(struct arena *a, const struct frame *f, int32_t size,
                                  const struct view_mark *m, size_t n)
{
    struct view_picture p;
    struct view_options o = {.size = size, .lo = 0, .hi = 100, .marks = m, .n_marks = n};
    assert_true(view_render(f, &o, a, &p, NULL));
    return p;
}

static const uint8_t *colour(const struct view_picture *p, double x_mm, double y_mm)
{
    double step = 2.0 * N / (p->width - 2); /* the picture has a margin of one px */
    int32_t column = (int32_t)((x_mm + N) / step + 1), row = (int32_t)((N / 2 - y_mm) / step + 1);
    return p->palette[p->index[row * p->width + column]];
}

static void each_pixel_is_where_its_panel_puts_it(void **state)
{
    (void)state;
    struct arena a = {0};
    struct frame f = make_frame(&a);
    pixels[7 * N + 3] = 100;         /* left, fast 3, slow 7: x = -40 + 3.5, y = 20 - 7.5 */
    pixels[N * N + 7 * N + 3] = 100; /* right, fast 3, slow 7: x = 7.5, y = -20 + 3.5 */
    struct view_picture p = render(&a, &f, 2 * N + 2, NULL, 0);
    assert_int_equal(p.width, 2 * N + 2);
    assert_int_equal(p.height, N + 2);
    size_t black = 0;
    for (int i = 0; i < p.width * p.height; i++)
        black += p.palette[p.index[i]][0] == 0 && p.palette[p.index[i]][1] == 0;
    assert_int_equal(black, 2);
    assert_int_equal(colour(&p, -36.5, 12.5)[0], 0);
    assert_int_equal(colour(&p, 7.5, -16.5)[0], 0);
    arena_free(&a);
}

static void a_single_bright_pixel_survives_shrinking(void **state)
{
    (void)state;
    struct arena a = {0};
    for (int at = 0; at < N * N; at += 97) {
        struct frame f = make_frame(&a);
        pixels[at] = 100;
        struct view_picture p = render(&a, &f, 22, NULL, 0);
        size_t black = 0;
        for (int i = 0; i < p.width * p.height; i++)
            black += p.palette[p.index[i]][0] == 0 && p.palette[p.index[i]][1] == 0;
        assert_in_range(black, 1, 4);
    }
    arena_free(&a);
}

static void masked_and_saturated_pixels_have_colours(void **state)
{
    (void)state;
    struct arena a = {0};
    struct frame f = make_frame(&a);
    mask[7 * N + 3] = 0;
    pixels[20 * N + 20] = 1001;
    struct view_picture p = render(&a, &f, 2 * N + 2, NULL, 0);
    const uint8_t *sand = colour(&p, -36.5, 12.5), *red = colour(&p, -19.5, -0.5), *grey = colour(&p, -10, 5);
    assert_true(sand[0] > sand[2] + 20);
    assert_true(red[0] > 180 && red[1] < 80 && red[2] < 80);
    assert_true(grey[0] == grey[1] && grey[1] == grey[2] && grey[0] > 200);
    const uint8_t *outside = p.palette[p.index[0]];
    assert_true(outside[2] > outside[0]);
    arena_free(&a);
}

static void a_mark_is_drawn_around_its_place(void **state)
{
    (void)state;
    struct arena a = {0};
    struct frame f = make_frame(&a);
    struct view_mark marks[] = {
        {0, 20.5, 20.5, 5}, {9, 0, 0, 1}, {1, 1e300, NAN, 1}}; /* the others are nowhere */
    struct view_picture p = render(&a, &f, 2 * N + 2, marks, 3), plain = render(&a, &f, 2 * N + 2, NULL, 0);
    size_t changed = 0;
    for (int i = 0; i < p.width * p.height; i++)
        changed += p.index[i] != plain.index[i];
    assert_int_equal(changed, 4 * 10);
    assert_memory_not_equal(colour(&p, -19.5 + 5, -0.5), colour(&plain, -19.5 + 5, -0.5), 3);
    arena_free(&a);
}

/* A panel parallel to the beam, 40 mm beside it, has no width when seen along the beam: it is shown by angles. */
static void a_barrel_is_unrolled(void **state)
{
    (void)state;
    struct arena a = {0};
    struct frame f = make_frame(&a);
    struct detector *d = detector_copy(&a, f.detector);
    struct panel *p = &d->panels[1];
    f.detector = d;
    p->origin[0] = N, p->slow[0] = 0, p->slow[2] = 1;
    for (size_t i = N * N; i < 2 * N * N; i++)
        pixels[i] = 100;
    struct view_picture picture = render(&a, &f, 200, NULL, 0);
    size_t dark = 0;
    for (int i = 0; i < picture.width * picture.height; i++)
        dark += picture.palette[picture.index[i]][0] == 0 && picture.palette[picture.index[i]][1] == 0;
    assert_true(dark > 1000);
    arena_free(&a);
}

static void levels_follow_the_picture_when_none_are_given(void **state)
{
    (void)state;
    struct arena a = {0};
    struct frame f = make_frame(&a);
    struct view_picture p;
    struct view_options o = {.size = 100, .lo = NAN, .hi = NAN, .beam_cross = true};
    assert_true(view_render(&f, &o, &a, &p, NULL)); /* all alike: still a range */
    assert_true(p.lo == 10 && p.hi == 11);
    for (size_t i = 0; i < 2 * N * N; i++)
        pixels[i] = (uint16_t)(i % 100);
    pixels[5] = 999; /* one hot pixel does not set the level */
    assert_true(view_render(&f, &o, &a, &p, NULL));
    assert_true(p.hi > 130 && p.hi < 160 && p.lo < 20); /* as far above 99 as that is above 50 */
    memset(mask, 0, sizeof mask);
    assert_true(view_render(&f, &o, &a, &p, NULL)); /* nothing to see */
    assert_true(p.hi > p.lo);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_pixel_is_where_its_panel_puts_it),
        cmocka_unit_test(a_single_bright_pixel_survives_shrinking),
        cmocka_unit_test(masked_and_saturated_pixels_have_colours),
        cmocka_unit_test(a_mark_is_drawn_around_its_place),
        cmocka_unit_test(a_barrel_is_unrolled),
        cmocka_unit_test(levels_follow_the_picture_when_none_are_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
