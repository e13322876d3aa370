/* import_cctbx_test.c - an experiment of cctbx.xfel is taken over. Its tables are MySQL's: on a server (services/store_test); on a
 * file only that a server is asked for. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "database.h"

static struct store *store;

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

/* The reference's tables with hostile rows: quotes, a name of 300 letters, what is not ASCII, NULL wherever it may stand, jobs twice. */
static void make_reference(void)
{
    static const char *const statements[] = {
        "CREATE TABLE ref_run(id INT PRIMARY KEY AUTO_INCREMENT, run VARCHAR(1000) NOT NULL, path TEXT) "
        "CHARSET utf8mb4",
        "CREATE TABLE ref_rungroup(id INT PRIMARY KEY, active TINYINT, open TINYINT, config_str TEXT, "
        "extra_phil_str TEXT, format TEXT,"
        " detector_address TEXT, detz_parameter DOUBLE, beamx DOUBLE, beamy DOUBLE, binning INT, energy "
        "DOUBLE, untrusted_pixel_mask_path"
        " TEXT, dark_avg_path TEXT, dark_stddev_path TEXT, gain_map_path TEXT, gain_mask_level DOUBLE, "
        "calib_dir TEXT, two_theta_low"
        " DOUBLE, two_theta_high DOUBLE, comment TEXT) CHARSET utf8mb4",
        "CREATE TABLE ref_rungroup_run(rungroup_id INT, run_id INT)",
        "CREATE TABLE ref_trial(id INT PRIMARY KEY, trial INT, active TINYINT, target_phil_str TEXT, "
        "process_percent INT, comment TEXT,"
        " d_min FLOAT) CHARSET utf8mb4",
        "CREATE TABLE ref_trial_rungroup(trial_id INT, rungroup_id INT)",
        "CREATE TABLE ref_tag(id INT PRIMARY KEY, name VARCHAR(45), comment VARCHAR(140)) CHARSET utf8mb4",
        "CREATE TABLE ref_run_tag(run_id INT, tag_id INT)",
        "CREATE TABLE ref_task(id INT PRIMARY KEY, type VARCHAR(45), trial_id INT, parameters TEXT)",
        "CREATE TABLE ref_dataset(id INT PRIMARY KEY, name VARCHAR(45), active TINYINT, comment TEXT, "
        "tag_operator VARCHAR(45))",
        "CREATE TABLE ref_dataset_task(dataset_id INT, task_id INT)",
        "CREATE TABLE ref_dataset_tag(dataset_id INT, tag_id INT)",
        "CREATE TABLE ref_dataset_version(id INT PRIMARY KEY, dataset_id INT, version INT)",
        "CREATE TABLE ref_dataset_version_job(dataset_version_id INT, job_id INT)",
        "CREATE TABLE ref_job(id INT PRIMARY KEY, status VARCHAR(45), submission_id TEXT, run_id INT, "
        "rungroup_id INT, trial_id INT, task_id"
        " INT, dataset_id INT)",
        "CREATE TABLE ref_event(id INT)",
        "CREATE TABLE ref_crystal(id INT)",
        "CREATE TABLE ref_isoform(id INT)",
        "INSERT INTO ref_run(id,run,path) VALUES(3,'12',NULL),(4,'13','/data/it''s \\\\ "
        "\"it\"'),(5,REPEAT('é',300),REPEAT('p',2000)),(6,'15','/d')",
        "INSERT INTO ref_tag VALUES(1,'Robert''); DROP TABLE run; --','😀'),(2,'',NULL)",
        "INSERT INTO ref_run_tag VALUES(3,1),(4,1),(4,2)",
        "INSERT INTO ref_trial VALUES(1,0,1,'indexing { x = \"a\" "
        "}\n',50,NULL,1.5),(2,7,0,NULL,NULL,'second',NULL)",
        "INSERT INTO ref_rungroup(id,active,open,extra_phil_str,detz_parameter,calib_dir,two_theta_high) "
        "VALUES"
        "(1,1,0,'a = 1',580.5,'/cal\nib',33),(2,0,1,NULL,NULL,NULL,NULL),(3,1,0,NULL,NULL,NULL,NULL)",
        "INSERT INTO ref_rungroup_run VALUES(1,3),(1,5),(2,4),(2,5),(2,6)", /* run 4 lies in group 1 and is none of it */
        "INSERT INTO ref_trial_rungroup VALUES(1,1),(1,2),(2,1)",
        "INSERT INTO ref_task VALUES(1,'indexing',1,NULL),(2,'scaling',1,'s = 1'),(3,'merging',NULL,'m = 1')",
        "INSERT INTO ref_dataset VALUES(1,'lys',1,'c','union'),(2,'both',0,NULL,'intersection')",
        "INSERT INTO ref_dataset_task VALUES(1,2),(1,1),(1,3)",
        "INSERT INTO ref_dataset_tag VALUES(1,1),(2,1),(2,2)",
        "INSERT INTO ref_dataset_version VALUES(1,1,0),(2,1,1)",
        /* 1 and 4: the same thing twice; 6, 7: merges of versions 1 and 2 */
        "INSERT INTO ref_job "
        "VALUES(1,'EXIT','11',3,1,1,NULL,NULL),(2,'RUN',NULL,4,2,1,NULL,NULL),(3,'DONE','13',3,1,1,2,NULL),"
        "(4,'DONE','14',3,1,1,NULL,NULL),(5,NULL,NULL,3,1,2,NULL,NULL),(6,'DONE','16',NULL,NULL,NULL,3,1),(7,"
        "'TIMEOUT','17',NULL,NULL,NULL,3,1)",
        "INSERT INTO ref_dataset_version_job VALUES(1,3),(1,6),(2,3),(2,4),(2,7)",
        "INSERT INTO ref_event VALUES(1),(2),(3)",
        "INSERT INTO ref_crystal VALUES(1)",
    };
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++)
        database_do(statements[i]);
}

static bool import(struct store_imported_cctbx *out, struct error *err)
{
    struct store_options from = database_options();
    return store_import_cctbx(store, &from, "ref", out, err);
}

static void a_server_is_asked_for(void **state)
{
    (void)state;
    struct store_options file = {.file = "/nowhere"};
    struct store_imported_cctbx out;
    struct error err = {0};
    assert_false(store_import_cctbx(store, &file, "ref", &out, &err));
    assert_int_equal(err.code, ERROR_USAGE);
    assert_int_equal(database_number("SELECT count(*) FROM run"), 0);
}

static void everything_of_the_campaign_is_taken_over(void **state)
{
    (void)state;
    struct store_imported_cctbx o;
    struct error err = {0};
    if (!database_is_server())
        return;
    make_reference();
    if (!import(&o, &err))
        fail_msg("%s: %s", err.fact, err.detail);
    const int64_t got[] = {o.runs,          o.tags,          o.trials,   o.rungroups, o.tasks,
                           o.datasets,      o.versions,      o.jobs,     o.attempts,  o.events_left,
                           o.crystals_left, o.isoforms_left, o.texts_cut},
                  expected[] = {4, 2, 2, 3, 3, 2, 2, 6, 7, 3, 1, 0, 1};
    for (size_t i = 0; i < sizeof got / sizeof *got; i++)
        if (got[i] != expected[i])
            fail_msg("count %d is %d, not %d", (int)i, (int)got[i], (int)expected[i]);
    static const struct {
        const char *text;
        int64_t is;
    } rows[] = {
        {"SELECT count(*) FROM run r JOIN ref_run f ON f.id=r.id AND LEFT(f.run,255)=r.name", 4},
        {"SELECT num FROM run WHERE id=3", 12},
        {"SELECT count(*) FROM run WHERE num IS NULL AND CHAR_LENGTH(name)=255 AND LENGTH(path)=1024", 1},
        {"SELECT count(*) FROM run WHERE path=CAST('/data/it''s \\\\ \"it\"' AS BINARY)", 1},
        {"SELECT count(*) FROM tag t JOIN ref_tag f ON f.id=t.id AND f.name=t.name AND f.comment<=>t.body",
         2},
        {"SELECT count(*) FROM run_tag t JOIN ref_run_tag f ON f.run_id=t.run AND f.tag_id=t.tag", 3},
        {"SELECT count(*) FROM trial t JOIN ref_trial f ON f.id=t.id AND f.trial=t.num AND "
         "COALESCE(f.target_phil_str,'')=t.phil AND"
         " f.active=t.active AND f.process_percent<=>t.percent AND f.d_min<=>t.d_min",
         2},
        {"SELECT count(*) FROM rungroup WHERE id=1 AND first_ord=3 AND last_ord=5 AND tt_high=33 AND phil='a "
         "= 1\n# cctbx.xfel: detz_parameter"
         " = 580.5\n# cctbx.xfel: calib_dir = /cal ib'",
         1},
        {"SELECT count(*) FROM rungroup WHERE id=2 AND first_ord=4 AND last_ord IS NULL AND active=0", 1},
        {"SELECT count(*) FROM rungroup WHERE id=3 AND last_ord<first_ord", 1},
        {"SELECT sum(include) FROM rungroup_run", 5},
        {"SELECT include FROM rungroup_run WHERE rungroup=1 AND run=4", 0},
        {"SELECT count(*) FROM dataset_task d JOIN task_rev r ON r.id=d.task_rev JOIN task t ON t.id=r.task "
         "WHERE d.dataset=1",
         3},
        {"SELECT count(*) FROM job WHERE id=1 AND state=1 AND n_tries=2", 1},
        {"SELECT count(*) FROM attempt WHERE job=1 AND (no=1 AND end_kind=2 AND sched_id='11' OR no=2 AND "
         "end_kind=1 AND sched_id='14')",
         2},
        {"SELECT count(*) FROM attempt WHERE live IS NOT NULL", 0},
        {"SELECT state FROM attempt WHERE job=2", 11},
        {"SELECT count(*) FROM job WHERE (id=6 AND version=1 AND state=1 OR id=7 AND version=2 AND state=5) "
         "AND task_rev=3 AND trial=0",
         2},
        {"SELECT count(*) FROM version_input WHERE version=2 AND job IN (1,3) OR version=1 AND job=3",
         3}, /* 4 is job 1 */
        {"SELECT count(*) FROM version_input", 3},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t is = database_number(rows[i].text);
        if (is != rows[i].is)
            fail_msg("%s: %d, not %d", rows[i].text, (int)is, (int)rows[i].is);
    }
}

static void a_second_import_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    struct store_imported_cctbx o;
    struct error err = {0};
    if (!database_is_server())
        return;
    make_reference();
    assert_true(import(&o, &err));
    assert_false(import(&o, &err));
    assert_int_equal(err.code, ERROR_USAGE);
    assert_int_equal(database_number("SELECT count(*) FROM run"), 4);
}

static void what_cannot_be_taken_leaves_the_database_empty(void **state)
{
    (void)state;
    struct store_imported_cctbx o;
    struct error err = {0};
    if (!database_is_server())
        return;
    make_reference();
    database_do("UPDATE ref_trial SET trial=-1 WHERE id=2");
    assert_false(import(&o, &err));
    assert_int_equal(database_number("SELECT count(*) FROM run"), 0);
    database_do("DROP TABLE ref_task");
    assert_false(import(&o, &err));
    assert_int_equal(database_number("SELECT count(*) FROM tag"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_server_is_asked_for, make, drop),
        cmocka_unit_test_setup_teardown(everything_of_the_campaign_is_taken_over, make, drop),
        cmocka_unit_test_setup_teardown(a_second_import_is_refused_and_changes_nothing, make, drop),
        cmocka_unit_test_setup_teardown(what_cannot_be_taken_leaves_the_database_empty, make, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
