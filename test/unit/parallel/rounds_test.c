/* rounds_test.c - a frame that fails for what may go by itself is tried once more, after all others; the tries of earlier attempts
 * come there too. */
#include "job.h"
#include "parallel/run.h"

static volatile sig_atomic_t stop;

/* A run as team_run makes it, without threads. */
static struct run *made(const struct team *t)
{
    static struct run run;
    run = (struct run){.team = t, .round = ROUND_FIRST};
    run.last_letter = &run.first_letter;
    pthread_mutex_init(&run.lock, NULL);
    ledger_make(&run.ledger, JOB_FRAMES, 1, &job_arena);
    ledger_open(&run.ledger, t->frames, t->n_frames);
    return &run;
}

static void second_tries_are_a_round_of_their_own_and_the_last(void **state)
{
    (void)state;
    struct team t = {.frames = job_numbers, .n_frames = 2, .list = &job_list, .stop = &stop};
    struct run *r = made(&t);
    ledger_again(&r->ledger, 7);
    assert_true(ledger_back(&r->ledger, 0));
    ledger_again(&r->ledger, 0);
    assert_true(ledger_back(&r->ledger, 1));
    assert_int_equal(r->ledger.left, 0);
    assert_true(rounds_next(r));
    assert_int_equal(r->round, ROUND_AGAIN);
    assert_int_equal(r->ledger.left, 2);
    assert_int_equal(r->ledger.frames[0], 7);
    assert_true(ledger_back(&r->ledger, 0)); /* once more */
    assert_true(ledger_back(&r->ledger, 7));
    assert_false(rounds_next(r));
}

static void without_second_tries_the_first_round_is_the_last(void **state)
{
    (void)state;
    struct team t = {.frames = job_numbers, .n_frames = 0, .list = &job_list, .stop = &stop};
    assert_false(rounds_next(made(&t)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        JOB_TEST(second_tries_are_a_round_of_their_own_and_the_last),
        JOB_TEST(without_second_tries_the_first_round_is_the_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
