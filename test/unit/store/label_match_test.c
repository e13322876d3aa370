/* label_match_test.c - which value belongs to which frame. */
#include "store/label_match.h"

#include "support.h"

#include <stdlib.h>

static struct label_row row(enum store_label_how how, uint32_t seq, int64_t place, double value)
{
    return (struct label_row){.how = how, .seq = seq, .place = place, .value = value};
}

static const struct label_row *look_and_find(struct label_row *rows, size_t n,
                                             const struct label_frame *frames, size_t n_frames, size_t which,
                                             int64_t tolerance)
{
    for (size_t i = 0; i < n_frames; i++)
        label_rows_look(rows, n, frames + i, tolerance);
    return label_rows_find(rows, n, frames + which, tolerance);
}

static void of_equal_places_the_one_given_last_counts(void **state)
{
    (void)state;
    struct label_row rows[] = {row(LABEL_BY_EVENT, 2, 7, 20), row(LABEL_BY_EVENT, 1, 7, 10),
                               row(LABEL_BY_TIME, 0, 7, 5)};
    assert_int_equal(label_rows_sort(rows, 3), 2);
    const struct label_frame f = {0, 0, 7, INT64_MIN};
    const struct label_row *r = label_rows_find(rows, 2, &f, 0);
    assert_non_null(r);
    assert_true(r->value == 20 && r->used);
}

static void a_frame_is_asked_for_by_number_then_event_then_time(void **state)
{
    (void)state;
    struct label_row rows[] = {row(LABEL_BY_TIME, 0, 100, 1), row(LABEL_BY_EVENT, 1, 5, 2),
                               row(LABEL_BY_FRAME, 2, (int64_t)3 << 32 | 9, 3)};
    size_t n = label_rows_sort(rows, 3);
    const struct label_frame all = {3, 9, 5, 100}, other = {3, 8, 5, 100}, timed = {3, 8, 6, 100},
                             none = {3, 8, INT64_MIN, INT64_MIN};
    const struct label_frame frames[] = {all, other, timed, none};
    assert_true(look_and_find(rows, n, frames, 4, 0, 0)->value == 3);
    assert_true(label_rows_find(rows, n, &other, 0)->value == 2);
    assert_true(label_rows_find(rows, n, &timed, 0)->value == 1);
    assert_null(label_rows_find(rows, n, &none, 0));
}

static void times_are_matched_both_ways_and_within_the_tolerance(void **state)
{
    (void)state;
    struct label_row rows[] = {row(LABEL_BY_TIME, 0, 1000, 1), row(LABEL_BY_TIME, 1, 2000, 2)};
    size_t n = label_rows_sort(rows, 2);
    const struct label_frame f[] = {{0, 0, INT64_MIN, 1004},
                                    {0, 1, INT64_MIN, 1009},
                                    {0, 2, INT64_MIN, 2011},
                                    {0, 3, INT64_MIN, 996},
                                    {0, 4, INT64_MIN, 996}};
    assert_true(look_and_find(rows, n, f, 5, 3, 10)->value == 1); /* as near as 1004, and earlier */
    assert_true(label_rows_find(rows, n, f + 4, 10)->value == 1); /* the same instant */
    assert_null(label_rows_find(rows, n, f + 0, 10));
    assert_null(label_rows_find(rows, n, f + 1, 10));
    assert_null(label_rows_find(rows, n, f + 2, 10));
    assert_false(rows[1].used);
}

static void extreme_times_do_not_overflow(void **state)
{
    (void)state;
    struct label_row rows[] = {row(LABEL_BY_TIME, 0, INT64_MIN + 1, 1), row(LABEL_BY_TIME, 1, INT64_MAX, 2)};
    size_t n = label_rows_sort(rows, 2);
    const struct label_frame f[] = {{0, 0, INT64_MIN, INT64_MAX - 1}, {0, 1, INT64_MIN, -5}};
    assert_true(look_and_find(rows, n, f, 2, 0, 1)->value == 2);
    assert_null(label_rows_find(rows, n, f + 1, 1));
}

static int64_t dice(uint64_t *seed, int64_t below)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (int64_t)(*seed >> 33) % below;
}

/* Law: whatever the order in which frames are looked at, each gets the same value. */
static void the_order_of_the_frames_does_not_matter(void **state)
{
    (void)state;
    enum { N = 40 };
    uint64_t seed = 7;
    for (int trial = 0; trial < 200; trial++) {
        struct label_row a[N], b[N];
        struct label_frame f[N];
        for (int i = 0; i < N; i++) {
            a[i] = b[i] = row(LABEL_BY_TIME, (uint32_t)i, dice(&seed, 200), i);
            f[i] = (struct label_frame){0, (uint32_t)i, INT64_MIN, dice(&seed, 200)};
        }
        size_t n = label_rows_sort(a, N);
        assert_int_equal(label_rows_sort(b, N), n);
        for (int i = 0; i < N; i++)
            label_rows_look(a, n, f + i, 3), label_rows_look(b, n, f + N - 1 - i, 3);
        for (int i = 0; i < N; i++) {
            const struct label_row *x = label_rows_find(a, n, f + i, 3), *y = label_rows_find(b, n, f + i, 3);
            assert_int_equal(x != NULL, y != NULL);
            assert_true(!x || x->value == y->value);
        }
    }
}

static void a_stretch_of_time_goes_over_the_run_and_the_last_one_over_others(void **state)
{
    (void)state;
    const struct label_stretch s[] = {
        {true, 100, 200, 1}, {false, INT64_MIN, INT64_MAX, 2}, {true, 150, INT64_MAX, 3}};
    const struct label_frame at[] = {
        {0, 0, INT64_MIN, 120}, {0, 0, INT64_MIN, 150}, {0, 0, INT64_MIN, 99}, {0, 0, INT64_MIN, INT64_MIN}};
    assert_true(label_stretch_find(s, 3, at + 0, 0, 0)->value == 1);
    assert_true(label_stretch_find(s, 3, at + 1, 0, 0)->value == 3);
    assert_true(label_stretch_find(s, 3, at + 2, 0, 0)->value == 2);
    assert_true(label_stretch_find(s, 3, at + 3, 0, 0)->value == 2);
    assert_true(label_stretch_find(s, 3, at + 3, 110, 140)->value == 1); /* the whole run lies within */
    assert_null(label_stretch_find(s, 1, at + 2, 0, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_equal_places_the_one_given_last_counts),
        cmocka_unit_test(a_frame_is_asked_for_by_number_then_event_then_time),
        cmocka_unit_test(times_are_matched_both_ways_and_within_the_tolerance),
        cmocka_unit_test(extreme_times_do_not_overflow),
        cmocka_unit_test(the_order_of_the_frames_does_not_matter),
        cmocka_unit_test(a_stretch_of_time_goes_over_the_run_and_the_last_one_over_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
