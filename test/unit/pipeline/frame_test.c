/* frame_test.c - the loop over the stages. */
#include "one_frame.h"

static void a_frame_without_spots_is_blank(void **state)
{
    (void)state;
    char *path = path_of("blank_001.img");
    frame_with_spots(path, 0);
    struct result r = process(path);
    assert_int_equal(r.outcome, OUTCOME_BLANK);
    assert_int_equal(r.reason, REASON_NO_SPOTS);
    assert_int_equal(r.n_stages, 5); /* ended by the hit stage */
    assert_int_equal(r.thread, 3);
}

static void the_table_of_stages_fits_the_record(void **state)
{
    (void)state;
    size_t n = 0;
    while (stage_info(n))
        n++;
    assert_true(n <= STAGE_MAX);
    assert_string_equal(stage_info(0)->name, "decode");
    assert_string_equal(stage_info(n - 1)->name, "integrate");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_frame_without_spots_is_blank),
        cmocka_unit_test(the_table_of_stages_fits_the_record),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
