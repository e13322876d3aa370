/* put_one_test.c - a frame that comes alone: by one statement where the server is a MariaDB, with the same rows as by many. */
#include "database.h"

#include "store/put_one.h"
#include "store/store_private.h"

#include <string.h>

static struct store *store;
static struct store_job job;
static struct lattice lattice = {.cell = {70, 80, 90, 90, 90, 90}, .rmsd_x = 0.3, .res_a = 2};
static uint8_t shells[1][RESULT_SHELLS];

static int begin(void **state)
{
    (void)state;
    struct error err = {0};
    struct store_source source = {"/data/a.h5", 100, 1, 1000, "NXmx"};
    struct store_begin b = {.run_name = "a",
                            .run_hash = (const uint8_t *)"0123456789abcdef",
                            .folder = "/results",
                            .sources = &source,
                            .n_sources = 1,
                            .n_expected = 1000,
                            .recipe_hash = (const uint8_t *)"0123456789abcdef0123456789abcdef",
                            .recipe_text = "x = 1\n",
                            .program = "xfelx test",
                            .host = "here",
                            .n_ranks = 1,
                            .n_threads = 1};
    database_place();
    return !(database_open(false, &store, &err) && store_begin(store, &b, &job, &err));
}

static int end(void **state)
{
    (void)state;
    store_close(store);
    database_drop();
    return 0;
}

static void put(uint32_t frame, bool with_lattice)
{
    struct error err = {0};
    struct result r = {.id = {.frame = frame, .path = "/data/a.h5"},
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

static void goes_the_long_way_where_no_procedure_can_be_made(void **state)
{
    (void)state;
    if (!database_is_server())
        return;
    char text[96];
    snprintf(text, sizeof text, "DROP PROCEDURE put_frame_lattice_%d", SCHEMA_VERSION);
    database_do(text);
    put(7, true); /* it is believed to be there */
    assert_int_equal(database_number("SELECT count(*) FROM lattice WHERE frame=7"), 1);
    store->sql.no_procedures = true;
    put(8, true);
    assert_int_equal(database_number("SELECT count(*) FROM lattice WHERE frame=8"), 1);
}

static void of_a_stale_attempt_is_refused(void **state)
{
    (void)state;
    struct error err = {0};
    struct result r = {
        .id = {.frame = 9, .path = "/data/a.h5"}, .outcome = OUTCOME_BLANK, .reason = REASON_FEW_SPOTS};
    const struct result *one = &r;
    struct store_batch b = {.attempt = job.attempt, .writer = 3, .results = &one, .n = 1};
    store->sql.no_procedures = false;
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
        cmocka_unit_test(goes_the_long_way_where_no_procedure_can_be_made),
        cmocka_unit_test(of_a_stale_attempt_is_refused),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
