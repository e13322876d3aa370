/* workspace_test.c - masks of one thread. */
#include "one_frame.h"

static void a_masked_rectangle_hides_its_spots(void **state)
{
    (void)state;
    char *path = path_of("mask_001.img"), *phil = path_of("mask.phil");
    frame_with_spots(path, 9); /* one row of nine */
    FILE *f = fopen(phil, "w");
    fputs("spotfinder.filter.untrusted { rectangle = 0 60 0 256 }\n", f);
    fclose(f);
    struct error err = {0};
    assert_true(params_merge_file(params, phil, &err));
    struct result r = process(path);
    assert_int_equal(r.n_strong, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_masked_rectangle_hides_its_spots),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
