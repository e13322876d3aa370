/* overview_read_test.c - which trial is meant, and that frames of two are never added. */
#include "store/done_job.h"

#include "report/overview.h"
#include "store/store_private.h"

#include <math.h>

static void the_newest_active_trial_that_has_frames_is_meant(void **state)
{
    (void)state;
    struct store_trial_row t[3] = {
        {.id = 7, .num = 1, .active = true}, {.id = 8, .num = 2}, {.id = 9, .num = 3, .active = true}};
    struct store_tally frames[] = {{.trial = 7, .frames = 5}, {.trial = 8, .frames = 5}};
    assert_null(overview_trial(t, 0, frames, 2));
    assert_int_equal(overview_trial(t, 3, frames, 2)->num, 1);
    t[1].active = true;
    assert_int_equal(overview_trial(t, 3, frames, 2)->num, 2);
    t[0].active = t[1].active = false; /* none that has frames is active */
    assert_int_equal(overview_trial(t, 3, frames, 2)->num, 2);
    assert_int_equal(overview_trial(t, 3, NULL, 0)->num, 3);
}

static void frames_are_of_one_trial_and_an_unknown_one_is_refused(void **state)
{
    (void)state;
    struct error err = {0};
    struct store *s = NULL;
    struct arena a = {0};
    struct overview_sources in;
    struct standing o;
    database_place();
    done_job(20);
    assert_true(database_open(false, &s, &err));
    assert_true(sql_do(&s->sql, NULL, &err,
                       "INSERT INTO trial(num,recipe_hash,phil,body,active,used,created,who) "
                       "VALUES(2,?,'','',1,0,1,'')",
                       "b", "another hash of thirty-two bytes", (size_t)32));
    const char *const stages[] = {"decode"};
    struct overview_asked asked = {.folder = "/", .stages = stages, .n_stages = 1};
    assert_true(overview_read(s, &asked, &a, &in, &err));
    assert_int_equal(in.trial->num, 1);
    assert_int_equal(in.totals.frames, 20);
    assert_int_equal(in.n_minutes, OVERVIEW_MINUTES);
    assert_int_equal(in.minutes[in.n_minutes - 1].frames, 20);
    assert_string_equal(in.stages[0], "decode");
    assert_int_equal(in.energy[0].n, 19); /* one could not be read */
    assert_double_equal(in.energy[0].mean_ev, EV_ANGSTROM / 1.3, 0.5);
    assert_int_equal(in.energy[1].n, 0);
    assert_true(in.disk_free >= 0 && in.disk_free <= 1 && in.disk_bytes >= 0);
    asked = (struct overview_asked){.trial = 2, .minutes = 500};
    assert_true(overview_read(s, &asked, &a, &in, &err));
    assert_int_equal(in.totals.frames, 0);
    assert_int_equal(in.minutes[in.n_minutes - 1].frames, 0);
    assert_int_equal(in.n_minutes, 500);
    assert_true(isnan(in.disk_free));
    overview_make(&in, &a, &o);
    assert_string_equal(o.finding, "no frame is done yet");
    asked.trial = 3;
    assert_false(overview_read(s, &asked, &a, &in, &err));
    assert_int_equal(err.code, ERROR_USAGE);
    arena_free(&a);
    store_close(s);
    database_drop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_newest_active_trial_that_has_frames_is_meant),
        cmocka_unit_test(frames_are_of_one_trial_and_an_unknown_one_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
