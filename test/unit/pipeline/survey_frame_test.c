/* survey_frame_test.c - sightings: what they say, and bytes that are none. */
#include "surveyed.h"

static void a_hit_shows_its_lattice_and_a_blank_only_itself(void **state)
{
    (void)state;
    size_t hits = 0;
    look_at_all(NULL);
    for (size_t i = 0; i < SURVEYED; i++) {
        struct sighting s;
        assert_true(sighting_unpack(sightings[i].text, sightings[i].len, recipe, &arena, &s));
        assert_int_equal(s.frame, i);
        hits += s.indexed;
        if (s.indexed)
            assert_true(s.hit && s.placed && s.n_spots >= s.n_indexed && s.detector->n_panels == 1);
        else
            assert_true(sightings[i].len < 100 || s.hit);
    }
    assert_int_equal(hits, 8);
}

static void every_cut_of_the_bytes_is_refused(void **state)
{
    (void)state;
    look_at_all(NULL);
    struct str *longest = &sightings[0];
    struct sighting s;
    for (size_t i = 1; i < SURVEYED; i++)
        longest = sightings[i].len > longest->len ? &sightings[i] : longest;
    for (size_t n = 0; n < longest->len; n += n < 200 || n + 500 > longest->len ? 1 : 37)
        assert_false(sighting_unpack(longest->text, n, recipe, &arena, &s));
    str_addc(longest, 'x');
    assert_false(sighting_unpack(longest->text, longest->len, recipe, &arena, &s));
}

static void the_order_of_the_sample_is_a_hash_of_name_and_number(void **state)
{
    (void)state;
    assert_true(sighting_rank("/a/b.h5", 1) == sighting_rank("/a/b.h5", 1));
    assert_true(sighting_rank("/a/b.h5", 1) != sighting_rank("/a/b.h5", 2));
    assert_true(sighting_rank("/a/b.h5", 1) != sighting_rank("/a/c.h5", 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SURVEY_CASE(a_hit_shows_its_lattice_and_a_blank_only_itself),
        SURVEY_CASE(every_cut_of_the_bytes_is_refused),
        SURVEY_CASE(the_order_of_the_sample_is_a_hash_of_name_and_number),
    };
    return cmocka_run_group_tests(tests, start_helper, stop_helper);
}
