/* overview_test.c - roll-ups of many jobs added up. */
#include "done_job.h"
#include "store/store_private.h"

#include <string.h>

static const struct store_jobs_of everything = {0};

static void an_empty_database_has_nothing(void **state)
{
    (void)state;
    struct error err = {0};
    struct store *s = NULL;
    struct arena a = {0};
    struct store_totals t;
    struct store_hist *hists;
    struct store_event *events;
    struct store_health health;
    size_t n = 9;
    database_place();
    assert_true(database_open(false, &s, &err));
    assert_true(store_read_totals(s, everything, &t, &err));
    assert_int_equal(t.frames, 0);
    assert_true(store_read_hists(s, everything, &a, &hists, &n, &err));
    assert_int_equal(n, 0);
    assert_true(store_newest_events(s, 1, 5, &a, &events, &n, &err));
    assert_int_equal(n, 0);
    assert_true(store_read_health(s, &a, &health, &err));
    assert_true(health.now > 0 && health.schema > 0 && health.live == 0);
    assert_string_equal(health.lease_owner, "");
    arena_free(&a);
    store_close(s);
    database_drop();
}

static void sums_are_those_of_the_frames_for_all_jobs_and_for_one(void **state)
{
    (void)state;
    struct error err = {0};
    struct store *s = NULL;
    const int64_t one = 1, none = 2;
    const struct store_jobs_of sets[] = {everything, {&one, 1, 0}, {NULL, 0, 1}};
    struct store_totals t;
    database_place();
    done_job(100);
    assert_true(database_open(true, &s, &err));
    for (int i = 0; i < 3; i++) {
        assert_true(store_read_totals(s, sets[i], &t, &err));
        assert_int_equal(t.frames, 100);
        assert_int_equal(t.by_outcome[OUTCOME_BLANK], 99);
        assert_int_equal(t.by_outcome[OUTCOME_FAILED], 1);
        assert_int_equal(t.by_reason[REASON_FEW_SPOTS], 99);
        assert_int_equal(t.first_t, 1);
        assert_int_equal(t.last_t, 100);
    }
    assert_true(store_read_totals(s, (struct store_jobs_of){&none, 1, 0}, &t, &err));
    assert_int_equal(t.frames, 0);
    assert_true(store_read_totals(s, (struct store_jobs_of){&none, 0, 0}, &t, &err)); /* of no job */
    assert_int_equal(t.frames, 0);
    store_close(s);
    database_drop();
}

static void ranks_and_their_work_are_told(void **state)
{
    (void)state;
    struct error err = {0};
    struct store *s = NULL;
    struct arena a = {0};
    struct store_rank *ranks;
    size_t n = 0;
    database_place();
    done_job(20);
    assert_true(database_open(true, &s, &err));
    assert_true(store_read_ranks(s, everything, &a, &ranks, &n, &err));
    assert_int_equal(n, 1);
    assert_int_equal(ranks[0].frames, 20);
    assert_int_equal(ranks[0].failed, 1);
    assert_int_equal(ranks[0].no, 1);
    arena_free(&a);
    store_close(s);
    database_drop();
}

/* Pages ask for it all the time: what it costs must not hang on how many jobs there are. */
static void totals_of_all_jobs_are_one_statement(void **state)
{
    (void)state;
    struct error err = {0};
    struct store *s = NULL;
    struct store_totals t;
    database_place();
    done_job(10);
    assert_true(database_open(true, &s, &err));
    assert_true(store_read_totals(s, everything, &t, &err)); /* a server prepares it once */
    uint64_t before = s->sql.n_statements;
    assert_true(store_read_totals(s, everything, &t, &err));
    assert_int_equal(s->sql.n_statements - before, 1);
    store_close(s);
    database_drop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_database_has_nothing),
        cmocka_unit_test(sums_are_those_of_the_frames_for_all_jobs_and_for_one),
        cmocka_unit_test(ranks_and_their_work_are_told),
        cmocka_unit_test(totals_of_all_jobs_are_one_statement),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
