/* put_one_test.c - a frame that comes alone: by one statement where the server is a MariaDB, with the same rows as by many. */
#include "open_job.h"

#include "store/put_one.h"
#include "store/store_private.h"

#include <string.h>

static struct lattice lattice = {.cell = {70, 80, 90, 90, 90, 90}, .rmsd_x = 0.3, .res_a = 2};
static uint8_t shells[1][RESULT_SHELLS];

static void put(uint32_t frame, bool with_lattice)
{
    struct error err = {0};
    struct result r = {.id = {.frame = frame, .path = source.path},
                       .outcome = with_lattice ? OUTCOME_INTEGRATED : OUTCOME_BLANK,
                       .reason = with_lattice ? REASON_NONE : REASON_FEW_SPOTS,
                       .beam = {.v = {.wavelength = 1.3, .direction = {0, 0, 1}}},
                       .lattices = with_lattice ? &lattice : NULL,
                       .n_lattices = with_lattice,
                       .shells = (const uint8_t(*)[RESULT_SHELLS])shells,
                       .n_strong = frame,
                       .t_done = 1000 + frame};
    const struct result *one = &r;
    struct store_batch b = {.attempt = job.attempt, .writer = 3, .results = &one, .n = 1};
    if (!store_put_results(store, &job, &b, 1, "hash", &err))
        fail_msg("%s %s", err.fact, err.detail);
}

static void is_one_statement_on_a_mariadb_once_it_is_there(void **state)
{
    (void)state;
    put(0, false); /* makes the writer's row and the procedures */
    put(1, true);
    uint64_t before = store->sql.n_statements;
    put(2, false);
    put(3, true);
    if (database_is_server() && !store->sql.mysql)
        assert_int_equal(store->sql.n_statements - before, 2);
    assert_int_equal(database_number("SELECT count(*) FROM frame"), 4);
    assert_int_equal(database_number("SELECT count(*) FROM lattice WHERE a=70 AND res_a=2"), 2);
    assert_int_equal(database_number("SELECT pos FROM roll"), 4);
    assert_int_equal(database_number("SELECT integrated*100+blank*10+lattices FROM roll"), 222);
}

static void that_was_put_before_counts_as_a_duplicate(void **state)
{
    (void)state;
    put(2, false);
    put(3, true);
    assert_int_equal(database_number("SELECT count(*) FROM frame"), 4);
    assert_int_equal(database_number("SELECT frames FROM roll"), 4);
    assert_int_equal(database_number("SELECT duplicates FROM roll"), 2);
}

/* As after a commit whose answer was lost, and the process that repeats it. */
static void whose_position_has_moved_is_not_put_again(void **state)
{
    (void)state;
    put(4, false);
    database_do("UPDATE roll SET pos=pos+1,frames=frames+1,blank=blank+1");
    put(5, false);
    assert_int_equal(database_number("SELECT count(*) FROM frame WHERE frame=5"), 0);
    put(6, false); /* the writer has read its rows again */
    assert_int_equal(database_number("SELECT count(*) FROM frame WHERE frame=6"), 1);
    assert_int_equal(database_number("SELECT count(*)=(SELECT frames FROM roll) FROM frame"), 1);
}

static void goes_the_long_way_when_somebody_dropped_the_procedure(void **state)
{
    (void)state;
    if (!database_is_server())
        return;
    char text[96];
    snprintf(text, sizeof text, "DROP PROCEDURE put_frame_lattice_%d", SCHEMA_VERSION);
    database_do(text);
    put(7, true); /* it is believed to be there */
    assert_int_equal(database_number("SELECT count(*) FROM lattice WHERE frame=7"), 1);
}

/* Somebody who may write rows and nothing else sees no procedure and may make none: said once, never asked for again. */
static void is_given_up_where_the_server_refuses_procedures(void **state)
{
    (void)state;
    struct error err = {0};
    struct sql s;
    struct store_options o = database_options();
    struct roll roll = {.attempt = job.attempt, .writer = 3, .pos = 0, .token = store->token};
    struct frame_rows rows = {.n = 0};
    struct frame_owner owner = {.job = job.job, .attempt = job.attempt, .writer = 3, .recipe_hash = "hash"};
    struct result r = {
        .id = {.frame = 100, .path = source.path}, .outcome = OUTCOME_BLANK, .reason = REASON_FEW_SPOTS};
    char text[160];
    if (!database_is_server())
        return;
    database_do("CREATE OR REPLACE USER plain@localhost");
    snprintf(text, sizeof text, "GRANT SELECT,INSERT,UPDATE,DELETE ON `%s`.* TO plain@localhost", o.name);
    database_do(text);
    o.user = "plain";
    if (!sql_open(&s, &o, false, &err))
        fail_msg("%s %s", err.fact, err.detail);
    frame_rows_add(&rows, &owner, &r);
    assert_true(put_one_fits(&s, &rows));
    assert_false(put_one(&s, &roll, &roll.hot, 1, &rows, &err));
    assert_false(put_one_fits(&s, &rows));
    frame_rows_free(&rows);
    sql_close(&s);
    database_do("DROP USER plain@localhost");
    assert_int_equal(database_number("SELECT count(*) FROM frame WHERE frame=100"), 0);
    store->sql.no_procedures = true; /* as such a server leaves it */
    put(8, true);
    assert_int_equal(database_number("SELECT count(*) FROM lattice WHERE frame=8"), 1);
    store->sql.no_procedures = false;
}

static void of_a_stale_attempt_is_refused(void **state)
{
    (void)state;
    struct error err = {0};
    struct result r = {
        .id = {.frame = 9, .path = source.path}, .outcome = OUTCOME_BLANK, .reason = REASON_FEW_SPOTS};
    const struct result *one = &r;
    struct store_batch b = {.attempt = job.attempt, .writer = 3, .results = &one, .n = 1};
    database_do("UPDATE roll SET token=token+1");
    assert_false(store_put_results(store, &job, &b, 1, "hash", &err));
    assert_true(store->superseded);
    assert_int_equal(database_number("SELECT count(*) FROM frame WHERE frame=9"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_one_statement_on_a_mariadb_once_it_is_there),
        cmocka_unit_test(that_was_put_before_counts_as_a_duplicate),
        cmocka_unit_test(whose_position_has_moved_is_not_put_again),
        cmocka_unit_test(goes_the_long_way_when_somebody_dropped_the_procedure),
        cmocka_unit_test(is_given_up_where_the_server_refuses_procedures),
        cmocka_unit_test(of_a_stale_attempt_is_refused),
    };
    return cmocka_run_group_tests(tests, open_job, close_job);
}
