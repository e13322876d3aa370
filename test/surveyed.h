/* surveyed.h - a survey of the frames in test/data, step by step. On top of one_frame.h. */
#ifndef XFELX_TEST_SURVEYED_H
#define XFELX_TEST_SURVEYED_H

#include "one_frame.h"

#include "pipeline/sighting.h"

enum { SURVEYED = 12 };
static uint64_t frames[SURVEYED];
static struct str sightings[SURVEYED];

/* Recipe, list, and what is seen of each frame. The crystal's cell unless `cell` names another; "": none. */
static inline void look_at_all(const char *cell)
{
    char path[] = "test/data/tetragonal.h5", *inputs[] = {path};
    struct error err = {0};
    if (!cell || *cell) {
        set(arena_printf(&arena, "known_symmetry.unit_cell=%s", cell ? cell : "40,40,60,90,90,90"));
        set("known_symmetry.space_group=P43212");
    }
    if (!recipe_make(params, &arena, &recipe, &err) ||
        !source_list_make(inputs, 1, &recipe->source, &arena, &list, &err))
        fail_msg("%s", err.fact);
    assert_int_equal(list.n_frames, SURVEYED);
    workspace = workspace_make(recipe, &list, 0);
    for (size_t i = 0; i < SURVEYED; i++) {
        frames[i] = i;
        str_clear(&sightings[i]);
        frame_survey(recipe, workspace, i, &sightings[i]);
    }
}

/* The survey's conclusion from them, taken forwards or backwards. */
static inline struct finding conclude(bool backwards, const char **text)
{
    struct error err = {0};
    struct survey *s;
    struct finding f;
    const uint64_t *block;
    size_t n;
    assert_true(survey_open(recipe, &list, frames, SURVEYED, &s, &err));
    assert_true(survey_next(s, &block, &n));
    assert_int_equal(n, SURVEYED);
    for (size_t i = 0; i < n; i++) {
        const struct str *seen = &sightings[backwards ? block[n - 1 - i] : block[i]];
        assert_true(survey_take(s, seen->text, seen->len, &err));
    }
    assert_false(survey_next(s, &block, &n));
    if (!survey_conclude(s, &f, &arena, text, &err))
        fail_msg("%s", err.fact);
    survey_close(s);
    return f;
}

static inline struct found found_of(const struct finding *f)
{
    struct error err = {0};
    struct found found;
    if (!found_unpack(f, &arena, &found, &err))
        fail_msg("%s", err.fact);
    return found;
}

/* Say that the beam is (x, y) px away from where the file has it, which is right. */
static inline void displace(double x, double y)
{
    struct error err = {0};
    struct source *s;
    double px[2];
    if (!source_open("test/data/tetragonal.h5", &(struct source_options){0}, &s, &err))
        fail_msg("%s", err.fact);
    detector_beam_centre(source_detector(s), &source_beam(s)->v, px);
    set(arena_printf(&arena, "geometry.detector.fast_slow_beam_centre=%.6f,%.6f", px[0] + x, px[1] + y));
    source_close(s);
}

static inline int drop_survey(void **state)
{
    for (size_t i = 0; i < SURVEYED; i++)
        str_free(&sightings[i]);
    return drop(state);
}

/* Of the group: the process that reads HDF5. */
static inline int start_helper(void **state)
{
    struct error err = {0};
    (void)state;
    return source_helper_start(&err) ? 0 : -1;
}

static inline int stop_helper(void **state)
{
    (void)state;
    source_helper_stop();
    return 0;
}

#define SURVEY_CASE(name) cmocka_unit_test_setup_teardown(name, make, drop_survey)

#endif
