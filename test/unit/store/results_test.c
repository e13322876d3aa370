/* results_test.c - frames and lattices into their tables; a row that the database refuses stands alone in the end. */
#include "open_job.h"

#include "store/store_private.h"

#include <math.h>
#include <string.h>

static struct result frame_of(uint32_t n)
{
    return (struct result){.id = {.frame = n, .path = source.path},
                           .outcome = OUTCOME_BLANK,
                           .reason = REASON_FEW_SPOTS,
                           .beam = {.v = {.wavelength = 1.3, .direction = {0, 0, 1}}},
                           .n_strong = n,
                           .t_done = 1000 + n};
}

static void put(struct result *frames, size_t n)
{
    struct error err = {0};
    const struct result *pointers[256];
    assert_true(n <= 256);
    for (size_t i = 0; i < n; i++)
        pointers[i] = frames + i;
    struct store_batch b = {.attempt = job.attempt, .writer = 3, .results = pointers, .n = n};
    if (!store_put_results(store, &job, &b, 1, "hash", &err))
        fail_msg("%s %s", err.fact, err.detail);
}

/* The database refuses frames with 13 or 77 strong spots. */
static void refuse(void)
{
    if (database_is_server()) {
        database_do("ALTER TABLE frame ADD CONSTRAINT unlucky CHECK (n_strong<>13 AND n_strong<>77)");
        return;
    }
    database_do("CREATE TRIGGER unlucky BEFORE INSERT ON frame WHEN NEW.n_strong IN (13,77) BEGIN SELECT "
                "RAISE(ABORT,'unlucky'); END");
}

static void a_refused_row_is_kept_in_minimal_form_and_the_others_go_in(void **state)
{
    (void)state;
    struct result frames[100];
    refuse();
    for (uint32_t i = 0; i < 100; i++)
        frames[i] = frame_of(i);
    put(frames, 100);
    assert_int_equal(database_number("SELECT count(*) FROM frame"), 100);
    assert_int_equal(
        database_number("SELECT count(*) FROM frame WHERE flags=1 AND n_strong=0 AND outcome=1 AND reason=2"),
        2);
    assert_int_equal(database_number("SELECT sum(frame) FROM frame WHERE flags=1"), 13 + 77);
    assert_int_equal(database_number("SELECT count(*) FROM refused"), 2);
    assert_int_equal(database_number("SELECT count(*) FROM refused WHERE body LIKE '%unlucky%'"), 2);
    assert_int_equal(database_number("SELECT sum(frames) FROM roll"), 100);
    assert_int_equal(database_number("SELECT pos FROM roll"), 100);
    put(frames, 100); /* again: nothing new */
    assert_int_equal(database_number("SELECT count(*) FROM frame"), 100);
    assert_int_equal(database_number("SELECT frames FROM roll"), 100);
    assert_int_equal(database_number("SELECT duplicates FROM roll"), 100);
}

static void values_that_are_no_numbers_become_null_and_hostile_texts_go_in(void **state)
{
    (void)state;
    struct result r = frame_of(200);
    struct lattice l = {.rmsd_x = NAN, .rmsd_y = 1, .evidence = INFINITY, .cell = {70, 80, 90, 90, 90, 90}};
    struct detector *none = NULL;
    r.outcome = OUTCOME_INTEGRATED;
    r.reason = REASON_NONE;
    r.distance = -INFINITY;
    r.lattices = &l;
    r.n_lattices = 1;
    uint8_t shells[1][RESULT_SHELLS] = {{0}};
    r.shells = (const uint8_t(*)[RESULT_SHELLS])shells;
    r.detector = none;
    put(&r, 1);
    assert_int_equal(database_number("SELECT count(*) FROM lattice WHERE rmsd_px IS NULL AND evidence=0"), 1);
    assert_int_equal(database_number("SELECT count(*) FROM frame WHERE frame=200 AND dist_mm IS NULL"), 1);
    struct result bad = frame_of(201);
    bad.outcome = OUTCOME_FAILED;
    bad.reason = REASON_UNREADABLE;
    strcpy(bad.message, "'; DROP TABLE frame; -- \xff\xfe\xc3( \"`\\ \xe2\x98\x83 \xf0\x9f\x92\x8e");
    put(&bad, 1);
    assert_int_equal(
        database_number("SELECT count(*) FROM failure WHERE frame=201 AND body LIKE '%DROP TABLE%'"), 1);
    assert_int_equal(database_number("SELECT count(*) FROM frame WHERE frame=201 AND flags=0"), 1);
}

/* In the transaction of the frames they could hold those before them only, and pages saw each frame half a second later. */
static void slow_rows_hold_every_frame_that_is_committed(void **state)
{
    (void)state;
    struct error err = {0};
    for (uint32_t i = 0; i < 3; i++) {
        struct result frames[10];
        for (uint32_t k = 0; k < 10; k++)
            frames[k] = frame_of(300 + 10 * i + k);
        put(frames, 10);
        store->writers[0]->slow_written = 0; /* long ago: due */
        assert_true(store_write_rolls(store, false, &err));
        assert_int_equal(database_number("SELECT pos FROM roll_change"), 10 * (i + 1));
        assert_int_equal(database_number("SELECT sum(frames) FROM roll_minute"), 10 * (i + 1));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_refused_row_is_kept_in_minimal_form_and_the_others_go_in, open_job,
                                        close_job),
        cmocka_unit_test_setup_teardown(values_that_are_no_numbers_become_null_and_hostile_texts_go_in,
                                        open_job, close_job),
        cmocka_unit_test_setup_teardown(slow_rows_hold_every_frame_that_is_committed, open_job, close_job),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
