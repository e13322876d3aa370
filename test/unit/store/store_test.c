/* store_test.c - attempts and results: once by key, resumed, refused where they would mix. */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "database.h"

#include "store/store_private.h"

static struct store *store;
static const struct store_source sources[] = {{"/data/a.h5", 100, 1, 3, "NXmx"},
                                              {"/data/b.h5", -1, 0, 1, NULL}};
static const uint8_t run_hash[16] = "run one", trial_one[32] = "trial one", trial_two[32] = "trial two";

static struct store_begin begin_with(const uint8_t *trial)
{
    return (struct store_begin){.run_name = "a",
                                .run_hash = run_hash,
                                .folder = database_folder,
                                .sources = sources,
                                .n_sources = 2,
                                .n_expected = 4,
                                .recipe_hash = trial,
                                .recipe_text = "x = 1\n",
                                .program = "xfelx test",
                                .host = "here",
                                .n_ranks = 1,
                                .n_threads = 2};
}

static int make(void **state)
{
    (void)state;
    struct error err = {0};
    database_place();
    return !database_open(false, &store, &err);
}

static int drop(void **state)
{
    (void)state;
    store_close(store);
    database_drop();
    return 0;
}

static struct result result_of(uint32_t source, uint32_t frame, enum outcome o, enum reason why)
{
    return (struct result){.id = {.source = source, .frame = frame, .path = sources[source].path},
                           .outcome = o,
                           .reason = why,
                           .beam = {.v = {.wavelength = 1.3, .direction = {0, 0, 1}}},
                           .n_strong = 20,
                           .t_done = 1000 + frame,
                           .stage_ns = {2000000},
                           .n_stages = 1};
}

static bool put(const struct store_job *j, const struct result *r)
{
    struct error err = {0};
    struct store_batch b = {.attempt = j->attempt, .results = &r, .n = 1};
    return store_put_results(store, j, &b, 1, "hash", &err);
}

static struct store_job_row only_job(struct arena *a)
{
    struct store_job_row *rows = NULL;
    size_t n = 0;
    struct error err = {0};
    assert_true(store_write_rolls(store, true, &err));
    assert_true(store_jobs(store, a, &rows, &n, &err));
    assert_int_equal(n, 1);
    return rows[0];
}

static void a_frame_counts_once_however_often_it_is_put(void **state)
{
    (void)state;
    struct error err = {0};
    struct arena a = {0};
    struct store_job j;
    struct store_begin b = begin_with(trial_one);
    assert_true(store_begin(store, &b, &j, &err));
    struct result first = result_of(0, 0, OUTCOME_BLANK, REASON_FEW_SPOTS),
                  other = result_of(0, 0, OUTCOME_INTEGRATED, REASON_NONE);
    assert_true(put(&j, &first));
    assert_true(put(&j, &other)); /* final is final */
    struct store_job_row row = only_job(&a);
    assert_int_equal(row.counts.frames, 1);
    assert_int_equal(row.counts.by_outcome[OUTCOME_BLANK], 1);
    assert_int_equal(row.counts.by_reason[REASON_FEW_SPOTS], 1);
    assert_double_equal(row.stage_ms[0], 2.0, 1e-9);
    assert_int_equal(row.state, JOB_RUNNING);
    arena_free(&a);
}

static void the_same_command_goes_on_with_the_same_job(void **state)
{
    (void)state;
    struct error err = {0};
    struct arena a = {0};
    struct store_job j, again;
    struct store_begin b = begin_with(trial_one);
    assert_true(store_begin(store, &b, &j, &err));
    struct result r = result_of(0, 1, OUTCOME_BLANK, REASON_NO_SPOTS);
    assert_true(put(&j, &r));
    assert_true(store_end(store, &j, END_UNFINISHED, 75, false, &err));
    assert_int_equal(only_job(&a).state, JOB_AGAIN);
    store_close(store);
    assert_true(database_open(false, &store, &err));
    assert_true(store_begin(store, &b, &again, &err));
    assert_int_equal(again.job, j.job);
    assert_int_not_equal(again.attempt, j.attempt);
    assert_int_equal(again.n_done, 1);
    assert_false(again.finished);
    arena_free(&a);
}

static void a_job_with_all_frames_and_its_files_is_finished(void **state)
{
    (void)state;
    struct error err = {0};
    struct store_job j;
    struct store_begin b = begin_with(trial_one);
    assert_true(store_begin(store, &b, &j, &err));
    for (uint32_t i = 0; i < 4; i++) {
        struct result r = result_of(i == 3, i % 3, OUTCOME_BLANK, REASON_NO_SPOTS);
        assert_true(put(&j, &r));
    }
    assert_true(store_end(store, &j, END_OK, 0, true, &err));
    store_close(store);
    assert_true(database_open(false, &store, &err));
    assert_true(store_begin(store, &b, &j, &err));
    assert_true(j.finished);
}

static void other_parameters_in_the_same_folder_are_refused(void **state)
{
    (void)state;
    struct error err = {0};
    struct store_job j;
    struct store_begin b = begin_with(trial_one), other = begin_with(trial_two);
    assert_true(store_begin(store, &b, &j, &err));
    struct result r = result_of(0, 0, OUTCOME_BLANK, REASON_NO_SPOTS);
    assert_true(put(&j, &r));
    store_close(store);
    assert_true(database_open(false, &store, &err));
    assert_false(store_begin(store, &other, &j, &err));
    assert_int_equal(err.code, ERROR_USAGE);
    assert_non_null(strstr(err.fact, "results of trial "));
}

static void a_job_of_which_nothing_could_be_read_leaves_the_folder_free(void **state)
{
    (void)state;
    struct error err = {0};
    struct store_job j;
    struct store_begin b = begin_with(trial_one), other = begin_with(trial_two);
    assert_true(store_begin(store, &b, &j, &err));
    struct result r = result_of(1, 0, OUTCOME_FAILED, REASON_UNREADABLE);
    assert_true(put(&j, &r));
    store_close(store);
    assert_true(database_open(false, &store, &err));
    if (!store_begin(store, &other, &j, &err))
        fail_msg("%s", err.fact);
}

static void an_attempt_whose_process_died_is_replaced(void **state)
{
    (void)state;
    struct error err = {0};
    struct store_job j;
    struct store_begin b = begin_with(trial_one);
    store_close(store);
    pid_t child = fork();
    if (child == 0) { /* begins and dies without a word */
        struct store *s;
        _exit(!(database_open(false, &s, &err) && store_begin(s, &b, &j, &err)));
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_true(database_open(false, &store, &err));
    assert_true(store_begin(store, &b, &j, &err));
    assert_false(j.finished);
}

static void a_final_frame_stays_whatever_a_later_attempt_says(void **state)
{
    (void)state;
    struct error err = {0};
    struct store_job j;
    struct store_begin b = begin_with(trial_one);
    struct result bad = result_of(0, 0, OUTCOME_FAILED, REASON_TRUNCATED),
                  good = result_of(0, 0, OUTCOME_BLANK, REASON_NO_SPOTS);
    assert_true(store_begin(store, &b, &j, &err));
    assert_true(store_is_alive(store, j.job));
    assert_true(put(&j, &bad));
    assert_true(put(&j, &good));
    assert_int_equal(database_number("SELECT outcome FROM frame"), OUTCOME_FAILED);
    store_close(store);
    assert_true(database_open(false, &store, &err));
    assert_false(store_is_alive(store, j.job));
    assert_true(store_begin(store, &b, &j, &err));
    assert_int_equal(j.n_done, 1);
    assert_true(put(&j, &good));
    assert_int_equal(database_number("SELECT count(*) FROM frame"), 1);
    assert_int_equal(database_number("SELECT outcome FROM frame"), OUTCOME_FAILED);
    assert_int_equal(database_number("SELECT sum(frames) FROM roll"), 1);
    assert_int_equal(database_number("SELECT sum(duplicates) FROM roll"), 2);
}

static void rows_of_an_attempt_that_was_superseded_are_refused(void **state)
{
    (void)state;
    struct error err = {0};
    struct store_job j, later;
    struct store_begin b = begin_with(trial_one);
    struct result r = result_of(0, 0, OUTCOME_BLANK, REASON_NO_SPOTS),
                  other = result_of(0, 1, OUTCOME_BLANK, REASON_NO_SPOTS);
    assert_true(store_begin(store, &b, &j, &err));
    assert_true(put(&j, &r));
    /* its lock was lost with the connection, and another process came */
    struct store *asleep = store;
    store_unlock(asleep);
    if (database_is_server())
        assert_true(sql_script(&asleep->sql, "SELECT RELEASE_ALL_LOCKS()", &err));
    assert_true(database_open(false, &store, &err));
    assert_true(store_begin(store, &b, &later, &err));
    assert_true(put(&later, &other));
    struct store *awake = store;
    store = asleep;
    assert_false(put(&j, &other));
    assert_true(store_was_superseded(asleep));
    assert_false(store_end(asleep, &j, END_OK, 0, true, &err));
    store_close(asleep);
    store = awake;
    assert_int_equal(database_number("SELECT count(*) FROM frame"), 2);
    assert_int_equal(database_number("SELECT sum(frames) FROM roll"), 2);
}

static void the_same_files_in_another_order_are_refused_before_the_end(void **state)
{
    (void)state;
    struct error err = {0};
    struct store_job j;
    struct store_begin b = begin_with(trial_one);
    struct store_source two[2] = {{.path = "/data/a.h5", .n_frames = 1, .format = "NXmx"},
                                  {.path = "/data/b.h5", .n_frames = 1, .format = "NXmx"}};
    struct store_source swapped[2] = {two[1], two[0]};
    b.sources = two;
    b.n_sources = 2;
    assert_true(store_begin(store, &b, &j, &err));
    store_close(store);
    assert_true(database_open(false, &store, &err));
    b.sources = swapped;
    assert_false(store_begin(store, &b, &j, &err));
    assert_int_equal(err.code, ERROR_USAGE);
    assert_non_null(strstr(err.fact, "order"));
}

static void a_file_that_was_replaced_is_not_mixed_with_what_was_done(void **state)
{
    (void)state;
    struct error err = {0};
    struct store_job j;
    struct store_begin b = begin_with(trial_one);
    struct store_source now[2] = {sources[0], sources[1]};
    struct result r = result_of(0, 0, OUTCOME_BLANK, REASON_NO_SPOTS);
    assert_true(store_begin(store, &b, &j, &err));
    store_close(store);
    b.sources = now;
    now[0].size = 90; /* nothing is done of it yet: it may be another one */
    assert_true(database_open(false, &store, &err));
    assert_true(store_begin(store, &b, &j, &err));
    assert_int_equal(database_number("SELECT size FROM source WHERE no=0"), 90);
    assert_true(put(&j, &r));
    store_close(store);
    now[0].size = 80; /* replaced by another one of as many frames */
    assert_true(database_open(false, &store, &err));
    assert_false(store_begin(store, &b, &j, &err));
    assert_int_equal(err.code, ERROR_USAGE);
    assert_non_null(strstr(err.fact, "/data/a.h5 is not the file that was processed"));
    assert_int_equal(database_number("SELECT n_expected FROM job"), 4);
    store_close(store);
    now[0].size = 120; /* grown at its end */
    now[0].n_frames = 4;
    now[1].size = 50; /* could not be read before */
    b.n_expected = 5;
    assert_true(database_open(false, &store, &err));
    if (!store_begin(store, &b, &j, &err))
        fail_msg("%s", err.fact);
    assert_int_equal(database_number("SELECT n_frames FROM source WHERE no=0"), 4);
}

static void a_database_that_is_in_use_is_busy(void **state)
{
    (void)state;
    struct error err = {0};
    struct store_job j;
    struct store *second;
    struct store_begin b = begin_with(trial_one);
    assert_true(store_begin(store, &b, &j, &err));
    assert_true(database_open(false, &second, &err));
    assert_false(store_begin(second, &b, &j, &err));
    assert_int_equal(err.code, ERROR_BUSY);
    store_close(second);
}

static void failed_frames_are_named_with_their_reason(void **state)
{
    (void)state;
    struct error err = {0};
    struct arena a = {0};
    struct store_job j;
    struct store_begin b = begin_with(trial_one);
    struct store_failed *rows;
    size_t n;
    assert_true(store_begin(store, &b, &j, &err));
    struct result r = result_of(1, 0, OUTCOME_FAILED, REASON_TRUNCATED);
    strcpy(r.message, "b.h5 ends early");
    assert_true(put(&j, &r));
    assert_true(store_failures(store, j.job, 10, &a, &rows, &n, &err));
    assert_int_equal(n, 1);
    assert_string_equal(rows[0].path, "/data/b.h5");
    assert_int_equal(rows[0].reason, REASON_TRUNCATED);
    assert_string_equal(rows[0].message, "b.h5 ends early");
    struct store_frame *frames;
    assert_true(store_frames(store, j.job, &a, &frames, &n, &err));
    assert_int_equal(n, 1);
    assert_int_equal(frames[0].source, r.id.source);
    assert_int_equal(frames[0].frame, r.id.frame);
    assert_int_equal(frames[0].attempt, j.attempt);
    assert_int_equal(frames[0].writer, 0);
    arena_free(&a);
}

static void a_newer_database_is_refused_in_one_line(void **state)
{
    (void)state;
    struct error err = {0};
    struct store *newer = NULL;
    /* as a later program would leave it */
    database_do("UPDATE meta SET v='99' WHERE k='schema'");
    database_do("UPDATE meta SET v='99' WHERE k='min_reader'");
    assert_false(database_open(true, &newer, &err));
    assert_non_null(strstr(err.fact, "newer xfelx (schema 99"));
}

static void a_database_that_is_not_there_is_said_so(void **state)
{
    (void)state;
    struct error err = {0};
    struct store *none = NULL;
    assert_false(store_open_file("/tmp/xfelx-none-here/xfelx.db", true, &none, &err));
    assert_int_equal(err.code, ERROR_UNREADABLE);
}

static void lattices_are_summed_up(void **state)
{
    (void)state;
    struct error err = {0};
    struct arena a = {0};
    struct store_job j;
    struct store_begin b = begin_with(trial_one);
    assert_true(store_begin(store, &b, &j, &err));
    struct detector *d = detector_make(&a, 1, 0);
    d->panels[0] = (struct panel){.origin = {-50, 50, -100},
                                  .fast = {1, 0, 0},
                                  .slow = {0, -1, 0},
                                  .pixel_fast = 0.1,
                                  .pixel_slow = 0.1,
                                  .n_fast = 1000,
                                  .n_slow = 1000,
                                  .gain = 1,
                                  .trusted_hi = 1e6};
    assert_true(detector_finish(d, "test", &err));
    for (uint32_t i = 0; i < 4; i++) {
        struct lattice l = {.cell = {78 + i, 79, 38, 90, 90, 90},
                            .rmsd_x = 0.3,
                            .rmsd_y = 0.4,
                            .n_integrated = 10,
                            .res_a = 2};
        struct result r = result_of(0, i, OUTCOME_INTEGRATED, REASON_NONE);
        r.lattices = &l;
        r.n_lattices = 1;
        r.detector = d;
        assert_true(put(&j, &r));
    }
    struct store_job_row row = only_job(&a);
    assert_int_equal(row.counts.lattices, 4);
    assert_int_equal(row.counts.reflections, 40);
    assert_double_equal(row.cell_median[0], 79.5, 0);
    assert_double_equal(row.cell_lo[0], 78.48, 1e-9);
    assert_double_equal(row.rmsd_px_median, 0.5, 1e-6);
    assert_double_equal(row.res_a_median, 2, 0);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_frame_counts_once_however_often_it_is_put, make, drop),
        cmocka_unit_test_setup_teardown(the_same_command_goes_on_with_the_same_job, make, drop),
        cmocka_unit_test_setup_teardown(a_job_with_all_frames_and_its_files_is_finished, make, drop),
        cmocka_unit_test_setup_teardown(other_parameters_in_the_same_folder_are_refused, make, drop),
        cmocka_unit_test_setup_teardown(a_job_of_which_nothing_could_be_read_leaves_the_folder_free, make,
                                        drop),
        cmocka_unit_test_setup_teardown(an_attempt_whose_process_died_is_replaced, make, drop),
        cmocka_unit_test_setup_teardown(a_final_frame_stays_whatever_a_later_attempt_says, make, drop),
        cmocka_unit_test_setup_teardown(rows_of_an_attempt_that_was_superseded_are_refused, make, drop),
        cmocka_unit_test_setup_teardown(the_same_files_in_another_order_are_refused_before_the_end, make,
                                        drop),
        cmocka_unit_test_setup_teardown(a_file_that_was_replaced_is_not_mixed_with_what_was_done, make, drop),
        cmocka_unit_test_setup_teardown(a_database_that_is_in_use_is_busy, make, drop),
        cmocka_unit_test_setup_teardown(failed_frames_are_named_with_their_reason, make, drop),
        cmocka_unit_test_setup_teardown(a_newer_database_is_refused_in_one_line, make, drop),
        cmocka_unit_test(a_database_that_is_not_there_is_said_so),
        cmocka_unit_test_setup_teardown(lattices_are_summed_up, make, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
