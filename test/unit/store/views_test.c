/* views_test.c - cctbx.xfel's tables over ours: every number of a view is that of our row. On a server too (services/store_test). */

#include "store/views.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "database.h"
#include "store/pack.h"

static struct store *store;
static const struct store_source sources[] = {{"/data/run 7/a.h5", 100, 1, 3, "NXmx"},
                                              {"/data/run 7/one_00012.cbf", 100, 1, 1, "CBF"}};
static const uint8_t run_hash[16] = "run", trial[32] = "trial";
static uint8_t shells[2][RESULT_SHELLS];
static struct lattice lattices[2];
static struct store_job job;

static bool put(uint32_t source, uint32_t frame, enum outcome o, size_t n_lattices)
{
    struct result r = {.id = {.source = source, .frame = frame, .path = sources[source].path},
                       .outcome = o,
                       .beam = {.v = {.wavelength = 1.25}},
                       .distance = 120.5,
                       .n_strong = 20 + frame,
                       .t_done = 1700000000123456789,
                       .n_lattices = n_lattices,
                       .lattices = lattices,
                       .shells = (const uint8_t(*)[RESULT_SHELLS])shells,
                       .shell_d = 2.0};
    const struct result *p = &r;
    struct error err = {0};
    struct store_batch b = {.attempt = job.attempt, .results = &p, .n = 1};
    return store_put_results(store, &job, &b, 1, "hash", &err);
}

/* Reflections of the first shell: I 100 and 50, σ 10; none in the others. The second lattice: a double of each kind in its matrix. */
static void make_lattices(void)
{
    struct reflection rows[2] = {{.d = 9, .intensity = 100, .variance = 100},
                                 {.d = 8, .intensity = 50, .variance = 100}};
    pack_shells(rows, 2, 2.0, shells[0]);
    pack_shells(rows, 0, 2.0, shells[1]);
    /* U turns by 30 degrees about c, of a cell 50 60 70 90 110 90: A = U·B, B lower triangular as in DIALS */
    double be = 110 * M_PI / 180, c = cos(M_PI / 6), s = sin(M_PI / 6);
    double b[9] = {1 / 50.0, 0, 0, 0, 1 / 60.0, 0, -cos(be) / sin(be) / 50, 0, 1 / (70 * sin(be))},
           u[9] = {c, -s, 0, s, c, 0, 0, 0, 1};
    lattices[0] = (struct lattice){.cell = {50, 60, 70, 90, 110, 90},
                                   .half_mosaicity_deg = 0.05,
                                   .domain_size_ang = 1234,
                                   .evidence = 9};
    for (int i = 0; i < 9; i++)
        for (int k = 0; k < 3; k++)
            lattices[0].A[i] += u[3 * (i / 3) + k] * b[3 * k + i % 3];
    lattices[1] = lattices[0];
    memcpy(lattices[1].A,
           (double[]){-0.0, 1e300, -1e-300, 1.0 / 3, -3, 0x1.fffffffffffffp-1, 1, 5e-324, 1e-5},
           sizeof lattices[1].A);
}

static int make(void **state)
{
    (void)state;
    struct error err = {0};
    struct store_begin b = {.run_name = "run seven",
                            .run_hash = run_hash,
                            .folder = "/data/out",
                            .sources = sources,
                            .n_sources = 2,
                            .n_expected = 4,
                            .recipe_hash = trial,
                            .recipe_text =
                                "indexing {\n  known_symmetry {\n    space_group = 'P 1 2 1'\n  }\n}\n",
                            .program = "test",
                            .host = "here"};
    database_place();
    make_lattices();
    bool ok = database_open(false, &store, &err) && store_begin(store, &b, &job, &err) &&
              put(0, 0, OUTCOME_BLANK, 0) && put(0, 1, OUTCOME_INTEGRATED, 2) &&
              put(0, 2, OUTCOME_FAILED, 0) && put(1, 0, OUTCOME_INTEGRATED, 1) &&
              store_end(store, &job, END_OK, 0, true, &err);
    return !ok;
}

static int drop(void **state)
{
    (void)state;
    store_close(store);
    database_drop();
    return 0;
}

static void make_views(const char *prefix, int64_t refused)
{
    struct error err = {0};
    struct store_views made;
    if (!store_views(store, prefix, &made, &err))
        fail_msg("%s: %s", err.fact, err.detail);
    assert_int_equal(made.made, views_n);
    assert_int_equal(made.refused_jobs, refused);
}

/* One real number; NaN: NULL or no row. */
static double real(const char *text)
{
    struct sql s;
    struct error err = {0};
    struct store_options o = database_options();
    double d = NAN;
    struct sql_stmt *q = sql_open(&s, &o, false, &err) ? sql_query(&s, &err, text, "") : NULL;
    int step = sql_step(&s, q, &err);
    if (step < 0)
        fail_msg("%s: %s", text, err.detail);
    if (step == 1)
        d = sql_real(&s, q, 0);
    sql_close(&s);
    return d;
}

static void text_is(const char *text, const char *expected)
{
    struct sql s;
    struct error err = {0};
    struct store_options o = database_options();
    char got[256] = "";
    struct sql_stmt *q = sql_open(&s, &o, false, &err) ? sql_query(&s, &err, text, "") : NULL;
    if (sql_step(&s, q, &err) != 1)
        fail_msg("%s: %s", text, err.detail);
    sql_text(&s, q, 0, got, sizeof got);
    sql_close(&s);
    assert_string_equal(got, expected);
}

static void a_prefix_is_letters_digits_and_underscores_and_names_no_table(void **state)
{
    (void)state;
    struct error err = {0};
    static const char *const bad[] = {"",    "a-b",   "a b",    "a`b", "ü", "1234567890123456789012345678901",
                                      "run", "trial", "dataset"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (views_prefix_is_good(bad[i], &err))
            fail_msg("%s", bad[i]);
    assert_int_equal(err.code, ERROR_USAGE);
    assert_true(views_prefix_is_good("L1234_cxi", &err));
}

static void every_frame_that_could_be_read_is_an_event(void **state)
{
    (void)state;
    make_views("x", 0);
    make_views("x", 0); /* anew */
    int64_t event = (job.job << 40) + 1;
    assert_int_equal(database_number("SELECT count(*) FROM x_event"), 3);
    assert_int_equal(database_number("SELECT max(id) FROM x_event WHERE n_strong=21"), event);
    assert_int_equal(database_number("SELECT id FROM x_event WHERE `timestamp`='one_00012.cbf'"),
                     (job.job << 40) + (1 << 24));
    text_is("SELECT `timestamp` FROM x_event WHERE n_strong=21", "a.h5_00001");
    text_is("SELECT `current_time` FROM x_event WHERE n_strong=21", "2023-11-14 22:13:20");
    database_do("UPDATE frame SET t_event=1600000000012000000, ring=1.5, low=2 WHERE n_strong=21");
    text_is("SELECT `timestamp` FROM x_event WHERE n_strong=21", "2020-09-13T12:26Z40.012");
    assert_double_equal(real("SELECT two_theta_low FROM x_event WHERE n_strong=21"), 2, 0);
    assert_double_equal(real("SELECT two_theta_high FROM x_event WHERE n_strong=21"), 3, 0);
}

static void every_lattice_is_an_experiment_with_its_cell_and_ten_bins(void **state)
{
    (void)state;
    make_views("x", 0);
    assert_int_equal(
        database_number(
            "SELECT count(*) FROM x_experiment e JOIN x_crystal c ON c.id=e.crystal_id JOIN x_cell k ON"
            " k.id=c.cell_id JOIN x_beam b ON b.id=e.beam_id JOIN x_detector d ON d.id=e.detector_id JOIN"
            " x_imageset i ON i.id=e.imageset_id JOIN x_imageset_event v ON v.imageset_id=i.id JOIN x_event"
            " f ON f.id=v.event_id AND f.run_id=v.event_run_id"),
        3);
    assert_int_equal(
        database_number(
            "SELECT count(*) FROM x_bin b JOIN x_cell_bin c ON c.bin_id=b.id AND c.crystal_id=b.cell_id"),
        30);
    assert_int_equal(database_number("SELECT sum(count) FROM x_cell_bin"), 4);
    assert_int_equal(database_number("SELECT count(*) FROM x_cell_bin WHERE avg_i_sigi IS NULL"), 28);
    assert_double_equal(real("SELECT avg_i_sigi FROM x_cell_bin WHERE count=2"), 7.5, 1e-3);
    assert_double_equal(real("SELECT avg_intensity FROM x_cell_bin WHERE count=2"), 75, 1e-2);
    assert_double_equal(real("SELECT avg_sigma FROM x_cell_bin WHERE count=2"), 10, 1e-3);
    assert_double_equal(real("SELECT d_min FROM x_bin WHERE number=10"), 2, 1e-12);
    assert_double_equal(real("SELECT d_min FROM x_bin WHERE number=1"), 2 * cbrt(10), 1e-12);
    assert_double_equal(real("SELECT d_max FROM x_bin WHERE number=2"), 2 * cbrt(10), 1e-12);
    assert_double_equal(real("SELECT d_max FROM x_bin WHERE number=1"), 70, 0);
    assert_double_equal(real("SELECT wavelength FROM x_beam"), 1.25, 1e-7);
    assert_double_equal(real("SELECT distance FROM x_detector"), 120.5, 0);
    assert_double_equal(real("SELECT cell_beta FROM x_cell"), 110, 0);
    text_is("SELECT lookup_symbol FROM x_cell", "P 1 2 1");
}

static void doubles_come_out_of_their_bytes_as_they_went_in(void **state)
{
    (void)state;
    make_views("x", 0);
    for (int i = 0; i < 9; i++) {
        char text[128];
        double v = lattices[1].A[i];
        snprintf(text, sizeof text, "SELECT m%d FROM x_xfelx_setting ORDER BY id%%16 DESC LIMIT 1", i + 1);
        assert_double_equal(real(text), fabs(v) < 2.3e-308 ? 0 : v, 0); /* denormal numbers are 0 */
    }
    static const double u[9] = {0.86602540378443865, -0.5, 0, 0.5, 0.86602540378443865, 0, 0, 0, 1};
    for (int i = 0; i < 9; i++) {
        char text[128];
        snprintf(text, sizeof text, "SELECT ori_%d FROM x_crystal WHERE id%%16=0", i + 1);
        assert_double_equal(real(text), u[i], 1e-14);
    }
    assert_double_equal(real("SELECT mosaic_block_rotation FROM x_crystal"), 0.05, 1e-8);
}

static void a_job_without_rungroup_is_in_one_with_number_0(void **state)
{
    (void)state;
    make_views("x", 0);
    assert_int_equal(
        database_number("SELECT count(*) FROM x_job j JOIN x_rungroup_run r ON r.rungroup_id=j.rungroup_id "
                        "AND r.run_id=j.run_id"
                        " JOIN x_trial_rungroup t ON t.rungroup_id=r.rungroup_id AND t.trial_id=j.trial_id "
                        "JOIN x_rungroup g"
                        " ON g.id=t.rungroup_id WHERE g.active=1 AND j.status='DONE' AND j.task_id IS NULL"),
        1);
    text_is("SELECT run FROM x_run", "run seven");
    database_do("INSERT INTO rungroup(id,first_ord,last_ord,active,phil,body,created,who) "
                "VALUES(5,1,1,1,'p','b',0,'')");
    database_do("INSERT INTO rungroup_run(rungroup,run,`include`) SELECT 5,id,0 FROM run");
    assert_int_equal(database_number("SELECT count(*) FROM x_rungroup_run WHERE rungroup_id=5"), 0);
    database_do("UPDATE rungroup_run SET `include`=1");
    assert_int_equal(database_number("SELECT count(*) FROM x_rungroup_run WHERE rungroup_id=5"), 1);
}

static void runs_of_one_name_are_told_apart(void **state)
{
    (void)state;
    make_views("x", 0);
    database_do("INSERT INTO "
                "run(id,ord,name,path,path_hash,facility,state,state_t,seen,n_files,n_here,bytes,bytes_here,"
                "readable,ignored)"
                " SELECT "
                "id+1,2,name,path,x'30313233343536373839414243444546',facility,state,state_t,seen,n_files,n_"
                "here,bytes,bytes_here,readable,ignored FROM run");
    text_is("SELECT max(run) FROM x_run", "run seven#2");
    assert_int_equal(database_number("SELECT count(DISTINCT run) FROM x_run"), 2);
    database_do("UPDATE run SET num=40+id");
    text_is("SELECT max(run) FROM x_run", "42");
}

static void views_cannot_be_written_to(void **state)
{
    (void)state;
    make_views("x", 0);
    struct sql s;
    struct error err = {0};
    struct store_options o = database_options();
    assert_true(sql_open(&s, &o, false, &err));
    for (size_t i = 0; i < views_n; i++) {
        char text[128];
        snprintf(text, sizeof text, "DELETE FROM `x_%s`", views[i].name);
        if (sql_do(&s, NULL, &err, text, ""))
            fail_msg("%s", text);
    }
    sql_do(&s, NULL, &err, "UPDATE x_event SET id=1",
           ""); /* a computed column: MariaDB takes it and changes nothing */
    assert_int_equal(database_number("SELECT count(*) FROM x_event WHERE id=1"), 0);
    assert_false(sql_do(&s, NULL, &err, "UPDATE x_event SET n_strong=1", ""));
    assert_false(sql_do(&s, NULL, &err, "UPDATE x_cell SET cell_a=1", ""));
    assert_false(sql_do(&s, NULL, &err, "UPDATE x_cell_bin SET count=1", ""));
    assert_false(sql_do(&s, NULL, &err, "UPDATE x_bin SET number=1", ""));
    assert_false(sql_do(&s, NULL, &err, "UPDATE x_trial SET comment=''", ""));
    sql_close(&s);
    assert_int_equal(database_number("SELECT count(*) FROM frame"), 4);
}

static void a_run_whose_frames_have_no_numbers_is_refused(void **state)
{
    (void)state;
    database_do("UPDATE run SET n_frames=16777217");
    make_views("x", 1);
    assert_int_equal(database_number("SELECT count(*) FROM x_event"), 0);
}

static void rows_of_any_size_go_in_when_there_are_views(void **state)
{
    (void)state;
    make_views("x", 0);
    database_do("UPDATE lattice SET frame=4294967295, source=4294967295 WHERE lattice=1");
    database_do("UPDATE lattice SET job=9223372036854775807");
    assert_int_equal(database_number("SELECT count(*) FROM x_experiment"), 0);
    assert_true(put(0, 0, OUTCOME_BLANK, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_prefix_is_letters_digits_and_underscores_and_names_no_table),
        cmocka_unit_test_setup_teardown(every_frame_that_could_be_read_is_an_event, make, drop),
        cmocka_unit_test_setup_teardown(every_lattice_is_an_experiment_with_its_cell_and_ten_bins, make,
                                        drop),
        cmocka_unit_test_setup_teardown(doubles_come_out_of_their_bytes_as_they_went_in, make, drop),
        cmocka_unit_test_setup_teardown(a_job_without_rungroup_is_in_one_with_number_0, make, drop),
        cmocka_unit_test_setup_teardown(runs_of_one_name_are_told_apart, make, drop),
        cmocka_unit_test_setup_teardown(views_cannot_be_written_to, make, drop),
        cmocka_unit_test_setup_teardown(a_run_whose_frames_have_no_numbers_is_refused, make, drop),
        cmocka_unit_test_setup_teardown(rows_of_any_size_go_in_when_there_are_views, make, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
