/* powder_test.c - frames added up by several threads of several ranks. */
#include "powder_frames.h"

static void the_sum_is_that_of_all_whoever_added_it(void **state)
{
    (void)state;
    struct powder_sum one, many;
    gather_of("one", 1, 1, &one);
    gather_of("many", 3, 4, &many);
    assert_int_equal(one.frames[POWDER_HIT], 10);
    assert_int_equal(one.frames[POWDER_OTHER], 30);
    assert_int_equal(one.bin, 1);
    for (int c = 0; c < POWDER_CLASSES; c++) {
        assert_int_equal(one.frames[c], many.frames[c]);
        assert_memory_equal(one.cells[c], many.cells[c], one.n_cells * sizeof *one.cells[c]);
    }
    assert_double_equal(many.beam.wavelength, 1.3, 0); /* of the earliest frame */
    int64_t sum = 0;
    for (int f = 0; f < FRAMES; f += 4)
        sum += pixels[f][1000];
    assert_int_equal(one.cells[POWDER_HIT][1000].sum, sum);
    assert_int_equal(one.cells[POWDER_HIT][77].n, 0);
}

static void a_share_is_the_same_frames_always(void **state)
{
    (void)state;
    struct error err = {0};
    uint64_t before = 0;
    for (int k = 0; k <= 4; k++) {
        struct powder *p = powder_make(k / 4.0);
        struct powder_sum s;
        char parts[96], path[128];
        for (int f = 0; f < FRAMES; f++)
            add(p, f, 0);
        snprintf(parts, sizeof parts, "%s/share%d", folder, k);
        snprintf(path, sizeof path, "%s/a1-r0", parts);
        assert_true(powder_write(p, path, &err));
        assert_true(powder_gather(parts, &arena, &s, &err));
        uint64_t n = s.frames[0] + s.frames[1];
        assert_true(n >= before && (k > 0 || n == 0) && (k < 4 || n == FRAMES));
        before = n;
        powder_free(p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sum_is_that_of_all_whoever_added_it),
        cmocka_unit_test(a_share_is_the_same_frames_always),
    };
    return cmocka_run_group_tests(tests, make_frames, remove_folder);
}
