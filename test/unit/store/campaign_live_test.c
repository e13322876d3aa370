/* campaign_live_test.c - which attempts there are to ask a scheduler about, and how the last ones ended. */
#include "campaign_rows.h"

static void live_ones_come_all_and_ended_ones_the_last(void **state)
{
    (void)state;
    struct error err = {0};
    struct arena a = {0};
    struct store_attempt *rows;
    size_t n;
    for (int i = 1; i <= 4; i++)
        campaign_run(i);
    struct store_claimed c[4];
    for (int i = 0; i < 4; i++)
        c[i] = campaign_claimed(i + 1);
    campaign_news((struct store_news){
        .attempt = c[0].attempt, .state = ATTEMPT_ENDED, .end = END_MEMORY, .end_t = 50, .reason = "oom"});
    campaign_news((struct store_news){.attempt = c[1].attempt, .state = ATTEMPT_LOST, .end_t = 40});
    campaign_news((struct store_news){.attempt = c[2].attempt,
                                      .state = ATTEMPT_QUEUED,
                                      .sched_id = "12[3]",
                                      .raw = "PD",
                                      .log_path = "/log"});
    database_do("UPDATE job SET cancelled=1 WHERE run=4");
    assert_true(store_live(store, 1, &a, &rows, &n, &err));
    assert_int_equal(n, 3);
    assert_string_equal(rows[0].sched_id, "12[3]");
    assert_string_equal(rows[0].log_path, "/log");
    assert_string_equal(rows[0].run_name, "r0003");
    assert_string_equal(rows[0].scheduler, "slurm");
    assert_string_equal(rows[0].folder, "/out/r0001/001_rg001");
    assert_true(rows[0].live && !rows[0].alive && rows[0].claim_t > 0 && rows[0].key.run == 3);
    assert_true(rows[1].cancel_asked && !rows[0].cancel_asked);
    assert_true(!rows[2].live && rows[2].end == END_MEMORY && rows[2].attempt == c[0].attempt);
    assert_string_equal(rows[2].reason, "oom");
    assert_true(store_live(store, 9, &a, &rows, &n, &err));
    assert_int_equal(n, 4);
    arena_free(&a);
}

static void a_lease_that_holds_shows(void **state)
{
    (void)state;
    struct error err = {0};
    struct arena a = {0};
    struct store_attempt *rows;
    size_t n;
    campaign_run(1);
    campaign_claimed(1);
    database_do("UPDATE attempt SET lease_expires=9000000000000000000,owner='elsewhere 1 1 host'");
    assert_true(store_live(store, 0, &a, &rows, &n, &err));
    assert_true(n == 1 && rows->alive);
    database_do("UPDATE attempt SET lease_expires=5");
    assert_true(store_live(store, 0, &a, &rows, &n, &err));
    assert_true(n == 1 && !rows->alive && rows->lease_t == 5);
    arena_free(&a);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, campaign_make, campaign_drop)
    const struct CMUnitTest tests[] = {
        TEST(live_ones_come_all_and_ended_ones_the_last),
        TEST(a_lease_that_holds_shows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
