/* spent_test.c - where the time of a job went. */
#include "done_job.h"

struct seen {
    size_t n;
    struct store_spent last;
};
static void see(void *arg, const struct store_spent *x)
{
    struct seen *s = arg;
    s->last = *x;
    s->n++;
}

static void every_frame_is_handed_out_with_its_stages(void **state)
{
    (void)state;
    struct error err = {0};
    struct store *s = NULL;
    struct store_job job;
    struct seen seen = {0};
    const struct store_source source = {"/data/a.h5", 100, 1, 2, "NXmx"};
    struct store_begin b = database_job(&source);
    b.n_threads = 4;
    static struct result r[2];
    const struct result *p[] = {r, r + 1};
    for (uint32_t i = 0; i < 2; i++)
        r[i] = (struct result){.id = {.frame = i, .path = source.path},
                               .outcome = OUTCOME_BLANK,
                               .reason = REASON_FEW_SPOTS,
                               .beam = {.v = {.wavelength = 1.3}},
                               .t_done = 1000 + (int64_t)i,
                               .stage_ns = {1500000, 20 * 1000000},
                               .n_stages = 2,
                               .thread = 3};
    database_place();
    assert_true(database_open(false, &s, &err));
    assert_true(store_begin(s, &b, &job, &err));
    const struct store_batch batch = {.attempt = job.attempt, .writer = 5, .results = p, .n = 2};
    assert_true(store_put_results(s, &job, &batch, 1, "hash", &err));
    assert_true(store_each_spent(s, job.job, see, &seen, &err));
    assert_int_equal(seen.n, 2);
    assert_int_equal(seen.last.attempt, job.attempt);
    assert_int_equal(seen.last.writer, 5);
    assert_int_equal(seen.last.thread, 3);
    assert_int_equal(seen.last.done_t, 1001);
    assert_int_equal(seen.last.outcome, OUTCOME_BLANK);
    assert_double_equal(seen.last.stage_ms[0], 1.5, 1e-9);
    assert_double_equal(seen.last.stage_ms[1], 20, 1e-9);
    assert_double_equal(seen.last.stage_ms[2], 0, 0);
    seen.n = 0;
    assert_true(store_each_spent(s, 77, see, &seen, &err)); /* no such job: no frames */
    assert_int_equal(seen.n, 0);
    store_close(s);
    database_drop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_frame_is_handed_out_with_its_stages)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
