/* paired_test.c - trials side by side: what is paired, what it means, and that nothing is added over trials. */
#include "store/done_job.h"

#include "report/report.h"
#include "store/store_private.h"

#include <math.h>
#include <string.h>

static void a_verdict_is_the_sign_test_of_frames_that_differ(void **state)
{
    (void)state;
    struct paired_verdict v = paired_verdict_of(&(struct paired_frames){0});
    assert_true(isnan(v.change) && isnan(v.p));
    v = paired_verdict_of(&(struct paired_frames){.both = 50, .none = 50});
    assert_true(v.change == 0 && isnan(v.p));
    v = paired_verdict_of(&(struct paired_frames){.both = 80, .first = 1, .this = 9, .none = 10});
    assert_double_equal(v.p, 2 * 11.0 / 1024, 1e-12);
    assert_double_equal(v.change, 0.08, 1e-12);
    assert_double_equal(v.hi - v.lo, 2 * 1.96 * sqrt(10 - 0.64) / 100, 1e-12);
    v = paired_verdict_of(&(struct paired_frames){.first = 5, .this = 5});
    assert_double_equal(v.p, 1, 1e-12);
    /* the exact form and the other agree where they meet */
    double exact = paired_verdict_of(&(struct paired_frames){.first = 455, .this = 545}).p,
           normal = paired_verdict_of(&(struct paired_frames){.first = 455, .this = 546}).p;
    assert_true(fabs(exact - normal) < 0.001 && exact > 0.004 && exact < 0.006);
    v = paired_verdict_of(&(struct paired_frames){.first = 1000000, .this = 3000000, .none = 1});
    assert_true(v.p == 0 && v.change > 0.49);
}

static struct store *s;
static struct error err;

/* Trial 2 works on the same run: of 20 frames the job of trial 1 has (one failed, the rest blank) it indexes every third. */
static void with_another_trial(void)
{
    database_place();
    done_job(20);
    assert_true(database_open(false, &s, &err));
    assert_true(sql_do(&s->sql, NULL, &err,
                       "INSERT INTO trial(id,num,recipe_hash,phil,body,active,used,created,who) "
                       "VALUES(2,2,?,'','',1,1,1,'')",
                       "b", "another hash of thirty-two bytes", (size_t)32));
    const char *const copies[] = {
        "CREATE TEMP TABLE c AS SELECT * FROM job",
        "UPDATE c SET id=2,trial=2,folder='/other'",
        "INSERT INTO job SELECT * FROM c",
        "DROP TABLE c",
        "CREATE TEMP TABLE c AS SELECT * FROM attempt",
        "UPDATE c SET id=2,job=2,name='2'",
        "INSERT INTO attempt SELECT * FROM c",
        "DROP TABLE c",
        "CREATE TEMP TABLE c AS SELECT * FROM roll WHERE label=0",
        "UPDATE c SET attempt=2,blank=12,integrated=7,failed=1,lattices=8",
        "INSERT INTO roll SELECT * FROM c",
        "DROP TABLE c",
        "CREATE TEMP TABLE c AS SELECT * FROM frame",
        "UPDATE c SET job=2,attempt=2,outcome=CASE WHEN outcome=1 AND frame%3=0 THEN 5 ELSE outcome END",
        "INSERT INTO frame SELECT * FROM c",
        "DROP TABLE c"};
    for (size_t i = 0; i < sizeof copies / sizeof *copies; i++)
        if (!sql_do(&s->sql, NULL, &err, copies[i], ""))
            fail_msg("%s: %s %s", copies[i], err.fact, err.detail);
}

static void frames_of_both_trials_are_paired_and_their_numbers_stay_apart(void **state)
{
    (void)state;
    struct arena a = {0};
    struct paired p;
    struct str out = {0};
    with_another_trial();
    assert_true(paired_read(s, (uint32_t[]){1, 2}, 2, NULL, 0, UINT64_MAX, &a, &p, &err));
    assert_int_equal(p.n_runs, 1);
    assert_int_equal(p.sums[0].frames, 20);
    assert_int_equal(p.sums[0].indexed, 0);
    assert_int_equal(p.sums[1].frames, 20);
    assert_int_equal(p.sums[1].indexed, 7);
    assert_int_equal(p.frames[1].this, 6); /* 3, 6, … 18: frame 0 failed */
    assert_int_equal(p.frames[1].first, 0);
    assert_int_equal(p.frames[1].none, 13);
    assert_int_equal(p.runs[0].frames[1].this, 6);
    paired_text(&p, &out);
    assert_non_null(strstr(out.text, "1 run that all 2 trials have worked on\n"));
    assert_non_null(
        strstr(out.text,
               "trial 2 against 1, 19 frames that both have: 0 indexed by both, 0 only by 1, 6 only by 2\n"));
    assert_non_null(strstr(out.text, "p = 0.031"));
    str_clear(&out);
    paired_csv(&p, &out);
    assert_non_null(strstr(out.text, "\n0,2,20,1,7,7,8,,0,0,6,13\n"));
    assert_true(paired_read(s, (uint32_t[]){2, 1}, 2, NULL, 0, 19, &a, &p, &err)); /* no room for 20 frames */
    assert_int_equal(p.n_counted, 0);
    assert_false(p.runs[0].counted);
    assert_true(paired_read(s, (uint32_t[]){1, 2}, 2, (int64_t[]){77}, 1, 9, &a, &p, &err));
    assert_int_equal(p.n_runs, 0); /* only of a run that nobody has */
    str_free(&out);
    arena_free(&a);
    store_close(s);
}

static void trials_that_are_not_there_or_alone_are_refused(void **state)
{
    (void)state;
    struct arena a = {0};
    struct paired p;
    with_another_trial();
    const struct {
        uint32_t trials[3];
        size_t n;
    } bad[] = {{{1}, 1}, {{1, 3}, 2}, {{2, 2}, 2}, {{0}, 0}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(paired_read(s, bad[i].trials, bad[i].n, NULL, 0, 9, &a, &p, &err));
        assert_int_equal(err.code, ERROR_USAGE);
    }
    arena_free(&a);
    store_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_verdict_is_the_sign_test_of_frames_that_differ),
        cmocka_unit_test(frames_of_both_trials_are_paired_and_their_numbers_stay_apart),
        cmocka_unit_test(trials_that_are_not_there_or_alone_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
