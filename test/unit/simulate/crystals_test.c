#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "simulate/scene.h"

#include "kernels/geometry.h"

#include <math.h>
#include <string.h>

struct seen {
    const struct simulate_truth *truth;
    const struct detector *detector;
    double photons, expected;
    int n, by_panel[64];
};

static void look(void *arg, const struct simulate_reflection *r)
{
    struct seen *seen = arg;
    const struct panel *p = &seen->detector->panels[r->panel];
    seen->n++;
    seen->by_panel[r->panel]++;
    seen->photons += r->photons;
    seen->expected += r->expected;
    assert_true(r->expected >= 1 && r->expected <= 1.05 * r->full);
    assert_true(r->px[0] > -70 && r->px[0] < p->n_fast + 70 && r->px[1] > -70 && r->px[1] < p->n_slow + 70);
}

static struct scene *make(struct simulate_params *p, struct arena *a)
{
    struct error err = {0};
    p->cell[0] = p->cell[1] = 30, p->cell[2] = 40;
    p->hit_fraction = 1, p->brightness = 2000, p->background = 0;
    struct scene *s = scene_make(p, a, &err);
    if (!s)
        fail_msg("%s", err.fact);
    return s;
}

static struct seen draw(const struct scene *s, uint32_t n, struct simulate_truth *truth, struct arena *a,
                        void *pixels)
{
    struct seen seen = {.truth = truth, .detector = scene_true_detector(s)};
    const struct simulate_listener listener = {look, &seen};
    scene_frame(s, n, pixels, truth, &listener, arena_alloc(a, scene_work_size(s)));
    return seen;
}

static void what_is_told_of_reflections_is_what_is_on_the_frame(void **state)
{
    (void)state;
    struct arena a = {0};
    struct simulate_params p = simulate_defaults();
    p.n_fast = p.n_slow = 512, p.distance = 100, p.dead = p.hot = 0, p.d_min = 2.5;
    struct scene *s = make(&p, &a);
    struct simulate_truth truth;
    uint16_t *pixels = arena_array(&a, scene_detector(s)->n_pixels, sizeof *pixels);
    struct seen seen = draw(s, 3, &truth, &a, pixels);
    double counts = 0;
    for (size_t i = 0; i < scene_detector(s)->n_pixels; i++)
        counts += scene_mask(s)[i] ? pixels[i] : 0;
    assert_int_equal(seen.n, truth.lattices[0].n_reflections);
    assert_true(seen.n > 20 && fabs(seen.photons - seen.expected) < 6 * sqrt(seen.expected));
    assert_true(counts > 0.85 * seen.photons &&
                counts < 1.05 * seen.photons); /* the gap takes some, weak ones are not told */
    arena_free(&a);
}

static void every_panel_gets_its_reflections(void **state)
{
    (void)state;
    struct arena a = {0};
    struct error err = {0};
    struct simulate_params p = simulate_defaults();
    assert_true(simulate_use_preset(&p, "agipd1M", 60, &a, &err));
    p.gain = 1, p.noise = 0, p.saturation = 60000;
    struct scene *s = make(&p, &a);
    struct simulate_truth truth;
    void *pixels = arena_array(&a, scene_detector(s)->n_pixels, scene_pixel_size(s));
    int panels = 0, all[64] = {0};
    for (uint32_t n = 0; n < 4; n++) {
        struct seen seen = draw(s, n, &truth, &a, pixels);
        for (int k = 0; k < 16; k++)
            all[k] += seen.by_panel[k];
    }
    for (int k = 0; k < 16; k++)
        panels += all[k] > 0;
    assert_int_equal(panels, 16);
    arena_free(&a);
}

static void a_second_form_has_a_longer_axis(void **state)
{
    (void)state;
    struct arena a = {0};
    struct simulate_params p = simulate_defaults();
    p.n_fast = p.n_slow = 64, p.second_form = 0.3, p.cell_breath = 0.0005, p.d_min = 8;
    struct scene *s = make(&p, &a);
    uint16_t *pixels = arena_array(&a, scene_detector(s)->n_pixels, sizeof *pixels);
    int forms[2] = {0};
    for (uint32_t n = 0; n < 200; n++) {
        struct simulate_truth truth;
        draw(s, n, &truth, &a, pixels);
        int form = truth.lattices[0].form;
        forms[form]++;
        assert_true(fabs(truth.lattices[0].cell[2] / (form ? 41.2 : 40) - 1) < 0.01);
    }
    assert_true(forms[1] > 35 && forms[1] < 90);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_told_of_reflections_is_what_is_on_the_frame),
        cmocka_unit_test(every_panel_gets_its_reflections),
        cmocka_unit_test(a_second_form_has_a_longer_axis),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
