/* survey_geometry_test.c - the guards of SCIENCE 14, each with a case, and hot pixels. */
#include "surveyed.h"

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
                seen[i].spots[k].mm[0] += 0.5 * seen[i].detector->panels->pixel_fast;
    assert_non_null(strstr(said(&found), "geometry kept"));
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
        seen[i].n_spots = seen[i].n_spots < 25 ? seen[i].n_spots : 25;
    assert_non_null(strstr(said(&found), "geometry kept"));
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
        SURVEY_CASE(few_spots_are_not_enough),
        SURVEY_CASE(hot_pixels_do_not_vote),
    };
    return cmocka_run_group_tests(tests, start_helper, stop_helper);
}
