/* stages_spots_test.c - from a file to a hit: each end has its outcome and reason. */
#include "one_frame.h"

static void few_spots_are_blank_with_their_number(void **state)
{
    (void)state;
    char *path = path_of("few_001.img");
    frame_with_spots(path, 4);
    struct result r = process(path);
    assert_int_equal(r.outcome, OUTCOME_BLANK);
    assert_int_equal(r.reason, REASON_FEW_SPOTS);
    assert_int_equal(r.n_strong, 4);
    assert_double_equal(r.spots[0].x, 21.5, 1e-9);
    assert_double_equal(r.spots[0].y, 21.5, 1e-9);
}

static void a_hit_without_a_cell_stops_before_indexing(void **state)
{
    (void)state;
    char *path = path_of("hit_001.img");
    frame_with_spots(path, 30);
    struct result r = process(path);
    assert_int_equal(r.outcome, OUTCOME_HIT_NOT_INDEXED);
    assert_int_equal(r.reason, REASON_NO_CELL);
    assert_non_null(recipe->no_index);
}

static void the_hit_cut_and_the_maximum_decide(void **state)
{
    (void)state;
    char *path = path_of("cut_001.img");
    frame_with_spots(path, 30);
    set("maximum_number_of_reflections=20");
    struct result r = process(path);
    assert_int_equal(r.outcome, OUTCOME_HIT_NOT_INDEXED);
    assert_int_equal(r.reason, REASON_TOO_MANY);
}

static void a_cut_file_fails_as_truncated_and_says_so(void **state)
{
    (void)state;
    char *path = path_of("cut_001.img");
    frame_with_spots(path, 3);
    assert_int_equal(truncate(path, 10000), 0);
    struct result r = process(path);
    assert_int_equal(r.outcome, OUTCOME_FAILED);
    assert_int_equal(r.reason, REASON_TRUNCATED);
    assert_non_null(strstr(r.message, "cut_001.img"));
}

static void too_many_strong_pixels_fail_the_frame(void **state)
{
    (void)state;
    char *path = path_of("strong_001.img");
    frame_with_spots(path, 30);
    set("max_strong_pixel_fraction=0.0001");
    struct result r = process(path);
    assert_int_equal(r.outcome, OUTCOME_FAILED);
    assert_int_equal(r.reason, REASON_TOO_MANY_STRONG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(few_spots_are_blank_with_their_number), CASE(a_hit_without_a_cell_stops_before_indexing),
        CASE(the_hit_cut_and_the_maximum_decide),    CASE(a_cut_file_fails_as_truncated_and_says_so),
        CASE(too_many_strong_pixels_fail_the_frame),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
