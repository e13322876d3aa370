/* book_jobs_test.c - jobs cancelled, tried again, deleted; rungroups. */
#include "book_rows.h"
#include "done_job.h"

#include <string.h>

static struct store_book_job *one_job(struct store *s, struct arena *a, int64_t id)
{
    struct error err = {0};
    struct store_range r = {id, id};
    struct store_book_job *rows;
    size_t n;
    MUST(store_book_jobs(
        s, &(struct store_job_filter){.trial = -1, .jobs = &r, .n_jobs = 1, .all_attempts = true}, a, &rows,
        &n, &err));
    assert_int_equal(n, 1);
    return rows;
}

static struct store *open_it(void)
{
    struct store *s = NULL;
    struct error err = {0};
    MUST(database_open(false, &s, &err));
    return s;
}

/* A job of the campaign, claimed once. */
static int64_t claimed_job(struct store *s, int64_t run)
{
    struct error err = {0};
    struct store_claimed got;
    uint8_t hash[32] = {9};
    struct store_claim c = {.key = {.trial = 1, .rungroup = 1, .run = run},
                            .folder = "/out/r0001/001_rg001",
                            .scheduler = "slurm",
                            .program = "xfelx test",
                            .recipe_hash = hash,
                            .binary_hash = hash,
                            .n_ranks = 1,
                            .n_threads = 1};
    MUST(store_claim(s, &c, &got, &err));
    assert_false(got.taken);
    return got.job;
}

static struct store *campaign(void)
{
    struct error err = {0};
    struct store *s = book_rows(3);
    uint32_t one = book_trial(s, 1);
    MUST(store_group_add(s, &somebody,
                         &(struct store_group_edit){.first = 1, .last = -1, .trials = &one, .n_trials = 1},
                         NULL, &err));
    return s;
}

static void a_live_job_is_marked_and_not_deleted(void **state)
{
    (void)state;
    struct error err = {0};
    struct arena a = {0};
    size_t changed;
    struct store *s = campaign();
    int64_t job = claimed_job(s, 1);
    assert_false(store_job_delete(s, &somebody, job, &err));
    assert_non_null(strstr(err.hint, "job cancel"));
    MUST(store_job_cancel(s, &somebody, &job, 1, &changed, &err));
    assert_int_equal(changed, 1);
    MUST(store_job_cancel(s, &somebody, &job, 1, &changed, &err));
    assert_int_equal(changed, 0);
    struct store_book_job *j = one_job(s, &a, job);
    assert_true(j->cancelled && j->state == JOB_QUEUED && j->attempts->live);
    assert_string_equal(j->cancelled_by, "ada");
    struct snapshot shot;
    MUST(store_read_snapshot(s, &a, &shot, &err));
    assert_true(shot.n_jobs == 1 && shot.jobs->cancelled); /* what the watcher sees */
    struct store_news ended = {.attempt = j->attempts->id,
                               .state = ATTEMPT_ENDED,
                               .end = END_CANCELLED,
                               .exit_code = -1,
                               .exit_signal = -1};
    MUST(store_put_news(s, &ended, 1, &err));
    MUST(store_job_retry(s, &somebody, &job, 1, &changed, &err));
    assert_int_equal(changed, 1);
    j = one_job(s, &a, job);
    assert_true(!j->cancelled && j->forgiven_t > 0 && j->state == JOB_READY);
    MUST(store_job_delete(s, &somebody, job, &err));
    j = one_job(s, &a, job);
    assert_true(j->cancelled && j->state == JOB_CANCELLED && j->n_attempts == 1);
    arena_free(&a);
    book_end(s);
}

static void a_deleted_job_has_no_results_and_can_be_done_anew(void **state)
{
    (void)state;
    struct error err = {0};
    struct arena a = {0};
    size_t changed;
    database_place();
    done_job(6000); /* more than one step */
    struct store *s = open_it();
    int64_t job = 1;
    assert_false(store_job_cancel(s, &somebody, &job, 1, &changed, &err));
    assert_false(store_job_retry(s, &somebody, &job, 1, &changed, &err));
    assert_int_equal(one_job(s, &a, 1)->n_final, 6000);
    MUST(store_job_delete(s, &somebody, 1, &err));
    struct store_book_job *j = one_job(s, &a, 1);
    assert_true(j->n_final == 0 && !j->published && j->state == JOB_CANCELLED);
    static const char *const empty[] = {"frame",       "lattice",   "failure",     "refused",    "roll",
                                        "roll_minute", "roll_hist", "roll_sample", "roll_change"};
    for (size_t i = 0; i < sizeof empty / sizeof *empty; i++) {
        char text[64];
        snprintf(text, sizeof text, "SELECT count(*) FROM %s", empty[i]);
        assert_int_equal(database_number(text), 0);
    }
    MUST(store_job_retry(s, &somebody, &job, 1, &changed, &err));
    assert_int_equal(changed, 1);
    store_close(s);
    done_job(6000);
    s = open_it();
    assert_int_equal(one_job(s, &a, 1)->n_final, 6000);
    assert_int_equal(one_job(s, &a, 1)->n_attempts, 2);
    assert_int_equal(database_number("SELECT count(*) FROM frame"), 6000);
    arena_free(&a);
    book_end(s);
}

static void a_used_rungroup_with_other_parameters_is_another_one(void **state)
{
    (void)state;
    struct error err = {0};
    struct arena a = {0};
    struct store_group_row *g;
    size_t n;
    int64_t now = 0, three = 3;
    struct store *s = campaign();
    uint32_t two = book_trial(s, 2);
    MUST(store_group_use(s, &somebody, (int64_t[]){1}, 1, two, true, &n, &err));
    struct store_group_edit mask = {
        .first = BOOK_KEEP, .last = BOOK_KEEP, .phil = "mask = a\n", .bad_input = "no a"};
    MUST(store_group_edit(s, &somebody, 1, &mask, &now, &err));
    assert_int_equal(now, 1); /* not used yet: in place */
    claimed_job(s, 1);
    struct store_group_edit same = mask, out = {.first = BOOK_KEEP,
                                                .last = 3,
                                                .exclude = &three,
                                                .n_exclude = 1,
                                                .comment = "day 1"};
    MUST(store_group_edit(s, &somebody, 1, &same, &now, &err));
    assert_int_equal(now, 1);
    MUST(store_group_edit(s, &somebody, 1, &out, &now, &err));
    assert_int_equal(now, 1); /* which runs: in place */
    mask.phil = "mask = b\n";
    mask.bad_input = NULL;
    mask.trials = &two;
    mask.n_trials = 1;
    MUST(store_group_edit(s, &somebody, 1, &mask, &now, &err));
    assert_int_equal(now, 2);
    MUST(store_groups(s, &a, &g, &n, &err));
    assert_int_equal(n, 2);
    assert_string_equal(g[0].phil, "mask = a\n");
    assert_string_equal(g[0].bad_input, "no a");
    assert_string_equal(g[1].phil, "mask = b\n");
    assert_string_equal(g[1].bad_input, "");
    assert_string_equal(g[1].comment, "day 1");
    assert_true(g[1].last == 3 && g[1].n_exceptions == 1 && g[1].n_runs == 2 && g[0].n_runs == 2);
    /* trial 1 keeps the old one, trial 2 has the new one */
    assert_true(g[0].n_uses == 2 && g[0].uses[0].active && !g[0].uses[1].active);
    assert_true(g[1].n_uses == 1 && g[1].uses[0].trial == 2 && g[1].uses[0].active);
    struct store_group_edit bad = {.first = 5, .last = BOOK_KEEP};
    assert_false(store_group_edit(s, &somebody, 1, &bad, &now, &err));
    assert_false(store_group_edit(s, &somebody, 9, &out, &now, &err));
    assert_false(store_group_use(s, &somebody, (int64_t[]){9}, 1, two, true, &n, &err));
    arena_free(&a);
    book_end(s);
}

static void members_are_those_that_the_plan_has(void **state)
{
    (void)state;
    struct error err = {0};
    struct arena a = {0};
    struct store_group_row *g;
    size_t n;
    int64_t first = 1, third = 3;
    struct store *s = book_rows(5);
    MUST(store_group_add(
        s, &somebody,
        &(struct store_group_edit){
            .first = 3, .last = 4, .include = &first, .n_include = 1, .exclude = &third, .n_exclude = 1},
        NULL, &err));
    MUST(store_groups(s, &a, &g, &n, &err));
    assert_int_equal(g->n_runs, 2); /* 1 and 4 */
    struct store_group_edit plain = {.first = BOOK_KEEP, .last = -1, .plain = &third, .n_plain = 1};
    MUST(store_group_edit(s, &somebody, 1, &plain, NULL, &err));
    MUST(store_groups(s, &a, &g, &n, &err));
    assert_int_equal(g->n_runs, 4); /* 1, 3, 4, 5 */
    assert_int_equal(g->last, -1);
    arena_free(&a);
    book_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_live_job_is_marked_and_not_deleted),
        cmocka_unit_test(a_deleted_job_has_no_results_and_can_be_done_anew),
        cmocka_unit_test(a_used_rungroup_with_other_parameters_is_another_one),
        cmocka_unit_test(members_are_those_that_the_plan_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
