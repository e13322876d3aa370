/* merges_test.c - what merging came to. */
#include "done_job.h"

#include <math.h>
#include <stdio.h>

static void shells_are_read_newest_version_first(void **state)
{
    (void)state;
    struct error err = {0};
    struct arena a = {0};
    struct store *s = NULL;
    struct store_merge_shell *rows;
    size_t n;
    database_place();
    done_job(2);
    database_do("INSERT INTO dataset(id,name,op,active) VALUES(7,'d',1,1)");
    database_do("INSERT INTO dataset_version(id,dataset,version,created) VALUES(31,7,1,5)");
    database_do("INSERT INTO dataset_version(id,dataset,version,created) VALUES(32,7,2,6)");
    database_do("INSERT INTO dataset_version(id,dataset,version,created) VALUES(33,8,1,6)");
    assert_true(database_open(true, &s, &err));
    assert_true(store_merges(s, 7, 99, &a, &rows, &n, &err));
    assert_int_equal(n, 0);
    store_close(s);
    for (int version = 31; version <= 33; version++)
        for (int shell = 2; shell >= 0; shell--) {
            char text[256];
            snprintf(text, sizeof text,
                     "INSERT INTO merge_stats(version,job,shell,d_min,possible,uniq,meas,lattices,cc_half) "
                     "VALUES(%d,1,%d,1.75,100,90,900,55,%s)",
                     version, shell, shell == 2 ? "NULL" : "0.5");
            database_do(text);
        }
    assert_true(database_open(true, &s, &err));
    assert_true(store_merges(s, 7, 99, &a, &rows, &n, &err));
    assert_int_equal(n, 6);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(rows[i].version, i < 3 ? 2 : 1);
        assert_int_equal(rows[i].shell, i % 3);
    }
    assert_double_equal(rows[1].cc_half, 0.5, 0);
    assert_double_equal(rows[1].d_min, 1.75, 0);
    assert_true(isnan(rows[2].cc_half) && isnan(rows[0].d_max));
    assert_int_equal(rows[0].cc_pairs, -1);
    assert_int_equal(rows[0].measured, 900);
    assert_true(store_merges(s, 7, 2, &a, &rows, &n, &err));
    assert_int_equal(n, 2);
    store_close(s);
    arena_free(&a);
    database_drop();
}

static const struct store_by kim = {"kim", STORE_VIA_COMMAND};

/* Dataset d with versions 1 and 2; of version 2 there are jobs 40 (a merge), 41 (what follows it), and 42 (the merge again). */
static struct store *two_versions(void)
{
    struct store *s = NULL;
    struct error err = {0};
    database_place();
    done_job(2);
    database_do("INSERT INTO dataset(id,name,op,active) VALUES(7,'d',1,1)");
    database_do("INSERT INTO dataset_version(id,dataset,version,created) VALUES(31,7,1,5),(32,7,2,6)");
    database_do("INSERT INTO task(id,name,kind) VALUES(1,'m','merge'),(2,'p','phenix')");
    database_do(
        "INSERT INTO task_rev(id,task,rev,phil,resources,used,created,who) VALUES(3,1,1,'','',1,0,''),"
        "(4,2,1,'','',1,0,''),(5,1,2,'','',1,0,'')");
    database_do(
        "INSERT INTO job(id,trial,rungroup,run,task_rev,version,state,state_t,n_expected,n_tries,cancelled,"
        "published,preview,folder,created) VALUES(40,1,0,0,3,32,1,1,0,1,0,1,0,'ds/m',0),"
        "(41,1,0,0,4,32,1,1,0,1,0,1,0,'ds/p',0),(42,1,0,0,5,32,1,1,0,1,0,1,0,'ds/n',0)");
    assert_true(database_open(false, &s, &err));
    return s;
}

static struct store_merge_shell a_shell(uint32_t shell, double cc)
{
    return (struct store_merge_shell){.shell = shell,
                                      .possible = 100,
                                      .unique = 90,
                                      .measured = 900,
                                      .cc_pairs = shell ? 80 : -1,
                                      .lattices = 55,
                                      .d_max = NAN,
                                      .d_min = 1.75,
                                      .completeness = 0.9,
                                      .multiplicity = 10,
                                      .mean_i = 1e9 + 1,
                                      .i_over_sigma = 2.5,
                                      .cc_half = cc,
                                      .cc_star = NAN,
                                      .r_split = 0.1,
                                      .wilson_b = NAN};
}

static void figures_come_in_and_take_the_place_of_older_ones(void **state)
{
    (void)state;
    struct error err = {0};
    struct arena a = {0};
    struct store *s = two_versions();
    struct store_merge_shell *rows, in[] = {a_shell(0, 0.5), a_shell(1, NAN), a_shell(3, 0.25)};
    size_t n;
    int64_t job = 0;
    assert_true(store_put_merge(s, &kim, &(struct store_merge){"d", 2, -1}, in, 3, &job, &err));
    assert_int_equal(job, 42); /* the newest merge, not what follows one */
    in[0].cc_half = 0.75;
    assert_true(store_put_merge(s, &kim, &(struct store_merge){"d", 2, 42}, in, 2, &job, &err));
    assert_true(store_put_merge(s, &kim, &(struct store_merge){"d", 1, -1}, in, 1, &job, &err));
    assert_int_equal(job, 0); /* by hand */
    assert_true(store_merges(s, 7, 99, &a, &rows, &n, &err));
    assert_int_equal(n, 3);
    assert_double_equal(rows[0].cc_half, 0.75, 0);
    assert_double_equal(rows[0].mean_i, 1e9 + 1, 0);
    assert_int_equal(rows[0].cc_pairs, -1);
    assert_int_equal(rows[1].cc_pairs, 80);
    assert_true(isnan(rows[1].cc_half) && isnan(rows[0].d_max) && isnan(rows[0].wilson_b));
    assert_int_equal(rows[2].version, 1);
    store_close(s);
    assert_int_equal(database_number("SELECT count(*) FROM event WHERE kind='dataset_merged'"), 3);
    assert_int_equal(database_number("SELECT count(*) FROM audit WHERE verb='dataset.merged' AND who='kim'"),
                     3);
    arena_free(&a);
    database_drop();
}

static void whose_figures_they_are_must_be_there(void **state)
{
    (void)state;
    static const struct store_merge wrong[] = {
        {"e", 1, -1}, {"d", 3, -1}, {"d", 1, 42}, {"d", 2, 1}, {"", 1, 0}};
    struct error err = {0};
    struct store *s = two_versions();
    struct store_merge_shell in = a_shell(0, 0.5);
    int64_t job;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_false(store_put_merge(s, &kim, wrong + i, &in, 1, &job, &err));
        assert_int_equal(err.code, ERROR_USAGE);
    }
    store_close(s);
    assert_int_equal(database_number("SELECT count(*) FROM merge_stats"), 0);
    assert_int_equal(database_number("SELECT count(*) FROM event WHERE kind='dataset_merged'"), 0);
    database_drop();
}

static void merges_that_are_done_are_found_once(void **state)
{
    (void)state;
    struct error err = {0};
    struct arena a = {0};
    struct store *s = two_versions();
    struct store_merge_done *rows;
    struct store_merge_shell in = a_shell(0, 0.5);
    size_t n;
    int64_t seen = 0, job, before = 0;
    assert_true(store_last_event(s, &before, &err));
    for (int i = 40; i <= 42; i++) {
        char text[128];
        snprintf(text, sizeof text,
                 "INSERT INTO event(t,kind,level,run,job,attempt,body) VALUES(1,'job_done',1,0,%d,0,'')", i);
        database_do(text);
    }
    assert_true(store_merges_done(s, 0, 1, &a, &rows, &n, &seen, &err));
    assert_int_equal(n, 1);
    assert_int_equal(rows[0].merge.job, 40);
    assert_int_equal(rows[0].merge.version, 2);
    assert_string_equal(rows[0].merge.dataset, "d");
    assert_string_equal(rows[0].folder, "ds/m");
    assert_int_equal(seen, before + 1);
    assert_true(store_merges_done(s, seen, 9, &a, &rows, &n, &seen, &err));
    assert_int_equal(n, 1);
    assert_int_equal(rows[0].merge.job, 42);
    assert_int_equal(seen, before + 3);
    assert_true(store_merges_done(s, seen, 9, &a, &rows, &n, &seen, &err) && n == 0);
    assert_true(store_merges_done(s, 99999, 9, &a, &rows, &n, &seen, &err) && n == 0);
    assert_int_equal(seen, before + 3); /* an older copy of the database came back */
    assert_true(store_put_merge(s, &kim, &(struct store_merge){"d", 2, 40}, &in, 1, &job, &err));
    assert_true(store_merges_done(s, 0, 9, &a, &rows, &n, &seen, &err));
    assert_int_equal(n, 1); /* of 40 the figures are there */
    store_close(s);
    arena_free(&a);
    database_drop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(shells_are_read_newest_version_first),
                                       cmocka_unit_test(figures_come_in_and_take_the_place_of_older_ones),
                                       cmocka_unit_test(whose_figures_they_are_must_be_there),
                                       cmocka_unit_test(merges_that_are_done_are_found_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
