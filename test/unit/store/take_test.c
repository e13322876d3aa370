/* take_test.c - a job is taken without an attempt: rows go in for it, and whoever worked on it is fenced off. */
#include "done_job.h"

#include "store/store_private.h"

#include <string.h>

static struct store *open_it(void)
{
    struct store *s = NULL;
    struct error err = {0};
    struct store_options o = database_options();
    if (!store_open_existing(&o, false, false, &s, &err))
        fail_msg("%s: %s", err.fact, err.detail);
    return s;
}

static void forget(void *arg, const char *line)
{
    (void)arg;
    (void)line;
}

static void rows_that_were_lost_come_back_once(void **state)
{
    (void)state;
    struct error err = {0};
    struct store_job job;
    struct store_check check = {.say = forget};
    database_place();
    done_job(20);
    database_do("DELETE FROM frame WHERE frame>=12");
    database_do("UPDATE attempt SET live=1,state=6");
    database_do("UPDATE job SET state=2");
    int64_t token = database_number("SELECT max(token) FROM attempt");
    struct store *s = open_it();
    if (!store_take(s, 1, NULL, &job, &err))
        fail_msg("%s: %s", err.fact, err.detail);
    assert_int_equal(job.attempt, database_number("SELECT max(id) FROM attempt"));
    struct result r[20];
    const struct result *p[20];
    for (uint32_t i = 0; i < 20; i++) {
        r[i] = (struct result){.id = {.frame = i, .path = "/data/a.h5"},
                               .outcome = OUTCOME_BLANK,
                               .reason = REASON_FEW_SPOTS,
                               .beam = {.v = {.wavelength = 1.3}},
                               .t_done = 1 + (int64_t)i};
        p[i] = r + i;
    }
    const struct store_batch batch = {.attempt = job.attempt, .results = p, .n = 20};
    for (int i = 0; i < 2; i++)
        if (!store_put_results(s, &job, &batch, 1, "hash", &err))
            fail_msg("%s: %s", err.fact, err.detail);
    assert_true(store_write_rolls(s, true, &err));
    store_close(s);
    assert_int_equal(database_number("SELECT count(*) FROM frame"), 20);
    assert_int_equal(database_number("SELECT outcome FROM frame WHERE frame=0"),
                     OUTCOME_FAILED); /* as it was */
    assert_int_equal(database_number("SELECT max(token) FROM attempt"), token + 1);
    assert_int_equal(database_number("SELECT token FROM roll"), token + 1);
    assert_int_equal(database_number("SELECT count(*) FROM attempt WHERE live=1"), 0);
    assert_int_equal(database_number("SELECT state FROM job"), JOB_AGAIN);
    s = open_it();
    assert_true(store_check(s, &check, &err));
    assert_int_equal(check.n_differences, 0);
    store_close(s);
    database_drop();
}

static void a_job_that_is_worked_on_is_not_taken(void **state)
{
    (void)state;
    struct error err = {0};
    struct store_job first, second;
    database_place();
    done_job(5);
    struct store *a = open_it(), *b = open_it();
    assert_true(store_take(a, 1, NULL, &first, &err));
    assert_false(store_take(b, 1, NULL, &second, &err));
    assert_int_equal(err.code, ERROR_BUSY);
    assert_true(second.elsewhere);
    store_close(b);
    store_close(a);
    database_drop();
}

static void pruned_jobs_do_not_come_back(void **state)
{
    (void)state;
    struct error err = {0};
    struct arena arena = {0};
    struct store_replayable *rows;
    size_t n;
    database_place();
    done_job(5);
    struct store *s = open_it();
    assert_true(store_replayable(s, &arena, &rows, &n, &err));
    assert_int_equal(n, 1);
    assert_string_equal(rows[0].folder, "/results");
    assert_string_equal(rows[0].recipe_text, "x = 1\n");
    assert_int_equal(strlen(rows[0].recipe_hash), 64);
    database_do("INSERT INTO event(t,kind,level,run,job,attempt,body) VALUES(1,'pruned',1,1,1,0,'')");
    assert_true(store_replayable(s, &arena, &rows, &n, &err));
    assert_int_equal(n, 0);
    store_close(s);
    arena_free(&arena);
    database_drop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_that_were_lost_come_back_once),
        cmocka_unit_test(a_job_that_is_worked_on_is_not_taken),
        cmocka_unit_test(pruned_jobs_do_not_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
