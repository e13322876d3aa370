/* finding_test.c - findings as bytes, in the recipe, on detectors, as a file. */
#include "surveyed.h"

#include <math.h>

static void a_finding_moves_the_detector_of_every_frame(void **state)
{
    (void)state;
    const char *text;
    struct error err = {0};
    struct result before, after;
    set("xfelx.geometry.min_hits=5");
    displace(1.0, -0.8);
    look_at_all(NULL);
    size_t hit = 0;
    struct finding f = conclude(false, &text);
    struct found found = found_of(&f);
    for (struct sighting s; hit < SURVEYED; hit++)
        if (sighting_unpack(sightings[hit].text, sightings[hit].len, recipe, &arena, &s) && s.indexed)
            break;
    frame_process(recipe, workspace, hit, &before);
    struct panel was = before.detector->panels[0];
    double rmsd = hypot(before.lattices[0].rmsd_x, before.lattices[0].rmsd_y);
    assert_true(recipe_adopt(recipe, &f, &arena, &err));
    assert_true(recipe->indexing.geometry_trusted && recipe->refinement.noise);
    frame_process(recipe, workspace, hit, &after);
    for (int k = 0; k < 3; k++)
        assert_true(fabs(after.detector->panels[0].origin[k] - was.origin[k] - found.correction.shift[k]) <
                    1e-9);
    assert_true(hypot(after.lattices[0].rmsd_x, after.lattices[0].rmsd_y) < rmsd);
    finding_free(&f);
}

static void broken_and_unknown_bytes_are_refused(void **state)
{
    (void)state;
    const char *text;
    struct error err = {0};
    struct found found;
    set("xfelx.geometry.min_hits=5");
    displace(1.0, -0.8);
    look_at_all(NULL);
    struct finding f = conclude(false, &text), cut = f;
    for (cut.size = 0; cut.size < f.size; cut.size++)
        assert_false(found_unpack(&cut, &arena, &found, &err));
    uint8_t *bytes = f.data;
    bytes[4]++;
    assert_false(found_unpack(&f, &arena, &found, &err));
    assert_non_null(strstr(err.fact, "version 3"));
    assert_false(recipe_adopt(recipe, &f, &arena, &err));
    finding_free(&f);
}

static void the_file_holds_the_place_that_was_found(void **state)
{
    (void)state;
    const char *text;
    struct error err = {0};
    struct detector *d;
    struct beam beam;
    set("xfelx.geometry.min_hits=5");
    displace(1.0, -0.8);
    look_at_all(NULL);
    struct finding f = conclude(false, &text);
    struct found found = found_of(&f);
    assert_true(finding_write_geometry(&f, folder, &err));
    if (!experiment_read_geometry(path_of("geometry.expt"), &arena, &d, &beam, &err))
        fail_msg("%s", err.fact);
    for (int k = 0; k < 3; k++)
        assert_true(fabs(d->panels[0].origin[k] - found.detector->panels[0].origin[k]) < 1e-9);
    finding_free(&f);
}

static void nothing_is_written_when_the_geometry_was_kept(void **state)
{
    (void)state;
    const char *text;
    struct error err = {0};
    look_at_all(NULL);
    struct finding f = conclude(false, &text);
    assert_true(finding_write_geometry(&f, folder, &err));
    assert_false(fs_is_file(path_of("geometry.expt")));
    finding_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SURVEY_CASE(a_finding_moves_the_detector_of_every_frame),
        SURVEY_CASE(broken_and_unknown_bytes_are_refused),
        SURVEY_CASE(the_file_holds_the_place_that_was_found),
        SURVEY_CASE(nothing_is_written_when_the_geometry_was_kept),
    };
    return cmocka_run_group_tests(tests, start_helper, stop_helper);
}
