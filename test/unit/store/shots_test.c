/* shots_test.c - all frames of a job in their order. */
#include "done_job.h"

#include <math.h>

static void every_frame_is_at_its_place_among_the_run(void **state)
{
    (void)state;
    struct error err = {0};
    struct arena a = {0};
    struct store *s = NULL;
    struct store_shot *rows;
    size_t n;
    uint64_t total;
    database_place();
    done_job(10);
    assert_true(database_open(true, &s, &err));
    assert_true(store_shots(s, 1, &a, &rows, &n, &total, &err));
    assert_int_equal(n, 10);
    assert_int_equal(total, 10);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(rows[i].place, i);
        assert_int_equal(rows[i].frame, i);
        assert_int_equal(rows[i].outcome, i ? OUTCOME_BLANK : OUTCOME_FAILED);
        assert_int_equal(rows[i].done_t, 1 + i);
        assert_true(isnan(rows[i].dx_px) && isnan(rows[i].res_a));
    }
    assert_true(isnan(rows[0].energy_ev));
    assert_double_equal(rows[1].energy_ev, EV_ANGSTROM / 1.3, 1e-3);
    assert_true(store_shots(s, 7, &a, &rows, &n, &total, &err)); /* no such job: no frames */
    assert_int_equal(n, 0);
    assert_int_equal(total, 0);
    store_close(s);
    arena_free(&a);
    database_drop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_frame_is_at_its_place_among_the_run)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
