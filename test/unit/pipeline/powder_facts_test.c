/* powder_facts_test.c - what a powder picture says of a detector: hot, dead and masked pixels, the radial average. */
#include "pipeline/pipeline.h"

#include <math.h>
#include <string.h>

#include "support.h"

enum { N = 240, FRAMES = 100, ROW = 100 * N };

static struct arena arena;
static struct powder_facts facts;

static uint64_t state_of_dice = 1;
static int dice(int n)
{
    state_of_dice = state_of_dice * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (int)(state_of_dice >> 33) % n;
}

/* A flat panel with a ring at 3 mm, of so many frames with about 2 counts a pixel. */
static void make(struct powder_sum *s, int frames)
{
    struct error err = {0};
    struct detector *d = detector_make(&arena, 1, 0);
    *d->panels = (struct panel){.origin = {-6, 6, -100},
                                .fast = {1, 0, 0},
                                .slow = {0, -1, 0},
                                .pixel_fast = 0.05,
                                .pixel_slow = 0.05,
                                .n_fast = N,
                                .n_slow = N,
                                .trusted_lo = 0,
                                .trusted_hi = 60000,
                                .gain = 1};
    d->info->name = "one";
    assert_true(detector_finish(d, "test", &err));
    *s = (struct powder_sum){.detector = d,
                             .beam = {.wavelength = 1.3, .direction = {0, 0, 1}},
                             .frames = {(uint64_t)frames, 0},
                             .scale = 1,
                             .bin = 1,
                             .n_cells = N * N};
    for (int c = 0; c < POWDER_CLASSES; c++) {
        s->cells[c] = arena_array(&arena, N * N, sizeof *s->cells[c]);
        powder_clear(s->cells[c], N * N);
    }
    for (int i = 0; i < N * N; i++) {
        double r = hypot((i % N + 0.5) * 0.05 - 6, 6 - (i / N + 0.5) * 0.05);
        int more = fabs(r - 3) < 0.2 ? 6 : 0;
        struct powder_cell *c = s->cells[POWDER_OTHER] + i;
        for (int f = 0; f < frames; f++) {
            int v = dice(5) + (more ? dice(2 * more + 1) : 0);
            c->sum += v;
            c->max = v > c->max ? v : c->max;
            c->n++;
        }
    }
}

static void hot_dead_and_masked_pixels_are_found_and_no_others(void **state)
{
    (void)state;
    struct powder_sum s;
    make(&s, FRAMES);
    struct powder_cell *c = s.cells[POWDER_OTHER];
    c[ROW + 20] = (struct powder_cell){.sum = 500 * FRAMES, .max = 520, .n = FRAMES}; /* hot */
    c[ROW + 40] = (struct powder_cell){.sum = 0, .max = 0, .n = FRAMES};              /* dead */
    c[ROW + 60] = (struct powder_cell){.sum = 7 * FRAMES, .max = 7, .n = FRAMES};     /* stuck */
    c[ROW + 80] = (struct powder_cell){.max = INT32_MIN};                             /* never good */
    c[ROW + 200].sum += 9000, c[ROW + 200].max = 9000;                                /* one strong spot */
    powder_facts_of(&s, &arena, &facts);
    assert_true(facts.judged);
    assert_int_equal(facts.panels[0].hot, 1);
    assert_int_equal(facts.panels[0].dead, 2);
    assert_int_equal(facts.panels[0].masked, 1);
    assert_int_equal(facts.panels[0].cells, N * N);
    assert_double_equal(facts.panels[0].max, 9000, 0);
    assert_double_equal(facts.panels[0].mean, 2.5, 0.5);
    arena_free(&arena);
}

static void few_counts_make_no_dead_pixels(void **state)
{
    (void)state;
    struct powder_sum s;
    make(&s, 20);
    for (int i = 0; i < N * N; i++) { /* a count in one frame of twenty */
        int v = dice(3) == 0;
        s.cells[POWDER_OTHER][i] = (struct powder_cell){.sum = v, .max = v, .n = 20};
    }
    powder_facts_of(&s, &arena, &facts);
    assert_int_equal(facts.panels[0].dead, 0);
    assert_int_equal(facts.panels[0].hot, 0);
    s.frames[0] = 19;
    powder_facts_of(&s, &arena, &facts);
    assert_false(facts.judged);
    arena_free(&arena);
}

static void the_ring_is_in_the_radial_average(void **state)
{
    (void)state;
    struct powder_sum s;
    make(&s, FRAMES);
    powder_facts_of(&s, &arena, &facts);
    int best = 0;
    for (int i = 0; i < POWDER_RADIAL; i++)
        if (!isnan(facts.radial[i]) && facts.radial[i] > facts.radial[best < 20 ? 50 : best])
            best = i;
    double angle = (best + 0.5) / POWDER_RADIAL * facts.two_theta_max;
    assert_double_equal(100 * tan(angle), 3, 0.25);
    assert_double_equal(facts.two_theta_max, atan(hypot(6, 6) / 100), 1e-6);
    assert_true(isnan(facts.radial_hits[best])); /* no hits */
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hot_dead_and_masked_pixels_are_found_and_no_others),
        cmocka_unit_test(few_counts_make_no_dead_pixels),
        cmocka_unit_test(the_ring_is_in_the_radial_average),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
