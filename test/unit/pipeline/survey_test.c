/* survey_test.c - from the frames of a sample to a finding: what is found, what is not, and that order does not matter. */
#include "surveyed.h"

#include <math.h>

static void a_header_that_is_right_stays(void **state)
{
    (void)state;
    const char *text;
    set("xfelx.geometry.min_hits=5");
    look_at_all(NULL);
    struct finding f = conclude(false, &text);
    struct found found = found_of(&f);
    assert_true(found.known && !found.corrected);
    assert_non_null(strstr(text, "right within the errors"));
    finding_free(&f);
}

static void a_displaced_header_is_put_right(void **state)
{
    (void)state;
    const char *text;
    double truth[2], now[2];
    struct error err = {0};
    struct source *s;
    set("xfelx.geometry.min_hits=5");
    displace(1.0, -0.8);
    look_at_all(NULL);
    struct finding f = conclude(false, &text);
    struct found found = found_of(&f);
    assert_true(found.known && found.corrected);
    assert_non_null(strstr(text, "detector moved by"));
    assert_true(source_open("test/data/tetragonal.h5", &(struct source_options){0}, &s, &err));
    detector_beam_centre(source_detector(s), &found.beam.v, truth);
    detector_beam_centre(found.detector, &found.beam.v, now);
    assert_true(fabs(now[0] - truth[0]) < 0.05 && fabs(now[1] - truth[1]) < 0.05); /* 5 sigma */
    source_close(s);
    finding_free(&f);
}

static void the_order_of_sightings_does_not_matter(void **state)
{
    (void)state;
    const char *text;
    set("xfelx.geometry.min_hits=5");
    displace(0.5, 0.5);
    look_at_all(NULL);
    struct finding f = conclude(false, &text), g = conclude(true, &text);
    assert_int_equal(f.size, g.size);
    assert_memory_equal(f.data, g.data, f.size);
    finding_free(&f);
    finding_free(&g);
}

static void a_beam_ten_pixels_off_is_found(void **state)
{
    (void)state;
    const char *text;
    displace(8, -6);
    look_at_all(NULL);
    struct finding f = conclude(false, &text);
    assert_non_null(strstr(text, "xfelx.index.max_offset_px=10 looks further"));
    finding_free(&f);
    drop_survey(state);
    make(state);
    set("xfelx.index.max_offset_px=10");
    displace(8, -6);
    look_at_all(NULL);
    f = conclude(false, &text);
    struct found found = found_of(&f);
    if (!found.corrected)
        fail_msg("%s", text);
    if (!strstr(text, "x +8.0") || !strstr(text, "y +6.0"))
        fail_msg("%s", text);
    finding_free(&f);
}

static void few_hits_leave_the_header_alone(void **state)
{
    (void)state;
    const char *text;
    set("xfelx.geometry.min_hits=10");
    displace(1.0, -0.8);
    look_at_all(NULL);
    struct finding f = conclude(false, &text);
    assert_false(found_of(&f).known);
    assert_non_null(strstr(text, "8 of 10 indexed frames"));
    finding_free(&f);
}

static void a_wrong_cell_finds_nothing(void **state)
{
    (void)state;
    const char *text;
    set("xfelx.geometry.min_hits=5");
    look_at_all("53,53,71,90,90,90");
    struct finding f = conclude(false, &text);
    struct found found = found_of(&f);
    assert_false(found.known || found.corrected);
    finding_free(&f);
}

static void report_says_and_does_nothing(void **state)
{
    (void)state;
    const char *text;
    set("xfelx.geometry.min_hits=5");
    set("xfelx.geometry.refine=report");
    displace(1.0, -0.8);
    look_at_all(NULL);
    struct finding f = conclude(false, &text);
    assert_false(found_of(&f).known);
    assert_non_null(strstr(text, "as asked for; found: x"));
    finding_free(&f);
}

static void nothing_is_wanted_with_off_or_parity(void **state)
{
    (void)state;
    struct error err = {0};
    list = (struct source_list){0};
    set("known_symmetry.unit_cell=40,40,60,90,90,90");
    assert_true(recipe_make(params, &arena, &recipe, &err) && survey_wanted(recipe));
    set("xfelx.geometry.refine=off");
    assert_true(recipe_make(params, &arena, &recipe, &err) && !survey_wanted(recipe));
    set("xfelx.geometry.refine=auto");
    assert_true(recipe_make(params, &arena, &recipe, &err) && survey_wanted(recipe));
    set("xfelx.parity=True");
    assert_true(recipe_make(params, &arena, &recipe, &err) && !survey_wanted(recipe));
}

static void without_a_cell_the_cell_is_found_first(void **state)
{
    (void)state;
    const char *text;
    set("xfelx.geometry.min_hits=5");
    displace(0.6, -0.5);
    look_at_all("");
    struct finding f = conclude(false, &text);
    struct found found = found_of(&f);
    assert_true(found.has_cell && found.cell.found && found.corrected);
    assert_true(fabs(found.cell.cell[0] / 40 - 1) < 0.005 && fabs(found.cell.cell[2] / 60 - 1) < 0.005);
    finding_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SURVEY_CASE(a_header_that_is_right_stays),
        SURVEY_CASE(a_displaced_header_is_put_right),
        SURVEY_CASE(the_order_of_sightings_does_not_matter),
        SURVEY_CASE(a_beam_ten_pixels_off_is_found),
        SURVEY_CASE(few_hits_leave_the_header_alone),
        SURVEY_CASE(a_wrong_cell_finds_nothing),
        SURVEY_CASE(report_says_and_does_nothing),
        SURVEY_CASE(nothing_is_wanted_with_off_or_parity),
        SURVEY_CASE(without_a_cell_the_cell_is_found_first),
    };
    return cmocka_run_group_tests(tests, start_helper, stop_helper);
}
