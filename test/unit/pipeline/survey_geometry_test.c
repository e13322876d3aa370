/* survey_geometry_test.c - the guards of SCIENCE 14, each with a case, and hot pixels. */
#include "surveyed.h"

#include <stdlib.h>

static struct sighting seen[SURVEYED];
static struct sighting *order[SURVEYED];

static void unpack_all(void)
{
    for (size_t i = 0; i < SURVEYED; i++) {
        assert_true(sighting_unpack(sightings[i].text, sightings[i].len, recipe, &arena, &seen[i]));
        order[i] = &seen[i];
    }
}

/* What survey_geometry says of the sightings as they are. */
static const char *said(struct found *found)
{
    const char *text;
    *found = (struct found){0};
    survey_geometry(recipe, order, SURVEYED, found, &arena, &text);
    return text;
}

static void a_shift_beyond_the_largest_is_not_believed(void **state)
{
    (void)state;
    struct found found;
    set("xfelx.geometry.min_hits=5");
    set("xfelx.geometry.max_shift_px=1");
    displace(1.0, -0.8);
    look_at_all(NULL);
    unpack_all();
    assert_non_null(strstr(said(&found), "to take it xfelx.geometry.max_shift_px=2"));
    assert_false(found.known);
}

static void halves_that_disagree_are_not_believed(void **state)
{
    (void)state;
    struct found found;
    set("xfelx.geometry.min_hits=5");
    look_at_all(NULL);
    unpack_all();
    size_t n = 0;
    for (size_t i = 0; i < SURVEYED; i++)
        if (seen[i].indexed && n++ % 2)
            for (size_t k = 0; k < seen[i].n_spots; k++)
                seen[i].spots[k].mm[0] += 0.04 * seen[i].detector->panels->pixel_fast;
    assert_non_null(strstr(said(&found), "the halves of the sample differ by"));
    assert_false(found.known);
}

static void a_shift_that_is_badly_known_is_not_believed(void **state)
{
    (void)state;
    struct found found;
    uint64_t seed = 1;
    look_at_all(NULL);
    unpack_all();
    for (size_t i = 0; i < SURVEYED; i++)
        for (size_t k = 0; seen[i].indexed && k < seen[i].n_spots; k++)
            for (int axis = 0; axis < 2; axis++) {
                seed = seed * 6364136223846793005u + 1442695040888963407u;
                double u = (double)(seed >> 11) / 9007199254740992.0 - 0.5;
                seen[i].spots[k].mm[axis] += 4 * u * seen[i].detector->panels->pixel_fast;
                seen[i].spots[k].cov[axis] += 16.0 / 12;
            }
    assert_non_null(strstr(said(&found), "the shift is known to"));
    assert_false(found.known);
}

static void a_header_that_is_right_is_kept_for_that_reason(void **state)
{
    (void)state;
    struct found found;
    look_at_all(NULL);
    unpack_all();
    assert_non_null(strstr(said(&found), "geometry kept: the header's place is right within the errors"));
    assert_true(found.known && !found.corrected);
}

/* Spots of low order, so that they keep their indices when everything is seen from nearer. */
static void another_distance_is_not_believed(void **state)
{
    (void)state;
    struct found found;
    look_at_all(NULL);
    unpack_all();
    for (size_t i = 0; i < SURVEYED; i++) {
        struct sighting *s = &seen[i];
        if (!s->indexed)
            continue;
        size_t n = 0;
        for (size_t k = 0; k < s->n_spots; k++)
            if (abs(s->spots[k].hkl[0]) + abs(s->spots[k].hkl[1]) + abs(s->spots[k].hkl[2]) <= 9)
                s->spots[n++] = s->spots[k];
        s->n_spots = n;
        s->detector->panels->origin[2] *= 0.94;
    }
    assert_non_null(strstr(said(&found), "a change of the distance by"));
    assert_false(found.known);
}

static void few_spots_are_not_enough(void **state)
{
    (void)state;
    struct found found;
    set("xfelx.geometry.min_hits=5");
    look_at_all(NULL);
    unpack_all();
    for (size_t i = 0; i < SURVEYED; i++)
        seen[i].n_spots = seen[i].n_spots < 12 ? seen[i].n_spots : 12;
    assert_non_null(strstr(said(&found), "of 100 spots needed"));
    assert_false(found.known);
}

static void hot_pixels_do_not_vote(void **state)
{
    (void)state;
    struct found clean, hot;
    set("xfelx.geometry.min_hits=5");
    displace(0.5, -0.4);
    look_at_all(NULL);
    unpack_all();
    said(&clean);
    for (size_t i = 0; i < SURVEYED; i++) {
        struct sighting *s = &seen[i];
        if (!s->hit)
            continue;
        struct sighted *more = arena_array(&arena, s->n_spots + 20, sizeof *more);
        memcpy(more, s->spots, s->n_spots * sizeof *more);
        for (size_t k = 0; k < 20; k++) {
            double x = 30.5 + 25 * (double)k, y = 100.5 + 11 * (double)k;
            more[s->n_spots++] = (struct sighted){
                .px = {x, y}, .mm = {x * 0.075, y * 0.075}, .cov = {1e-3, 1e-3, 0}, .intensity = 1e4};
        }
        s->spots = more;
    }
    said(&hot);
    assert_true(clean.corrected && hot.corrected);
    assert_memory_equal(&clean.correction.shift, &hot.correction.shift, sizeof clean.correction.shift);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SURVEY_CASE(a_shift_beyond_the_largest_is_not_believed),
        SURVEY_CASE(halves_that_disagree_are_not_believed),
        SURVEY_CASE(a_shift_that_is_badly_known_is_not_believed),
        SURVEY_CASE(a_header_that_is_right_is_kept_for_that_reason),
        SURVEY_CASE(another_distance_is_not_believed),
        SURVEY_CASE(few_spots_are_not_enough),
        SURVEY_CASE(hot_pixels_do_not_vote),
    };
    return cmocka_run_group_tests(tests, start_helper, stop_helper);
}
