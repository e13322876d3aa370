/* storer_test.c - rows reach the store behind the writer's back; what was dropped is read from the journals. */
#include "parallel/storer.h"

#include "job.h"

#include <stdlib.h>

static volatile sig_atomic_t stop;

static struct queue_item *item(uint32_t number, enum outcome outcome, enum reason reason)
{
    struct queue_item *i = calloc(1, sizeof *i);
    struct result r = job_result(number, outcome, reason);
    assert_non_null(i);
    i->result = result_copy(&r, NULL);
    assert_non_null(i->result);
    return i;
}

static void rows_are_in_the_store_at_the_end_but_those_to_be_tried_again(void **state)
{
    (void)state;
    struct store_job job;
    struct store *s = job_store(&job);
    struct team t = {.recipe = job_recipe, .list = &job_list, .store = s, .job = &job, .stop = &stop};
    struct run run = {.team = &t};
    struct storer storer;
    pthread_mutex_init(&run.lock, NULL);
    storer_begin(&storer, &run);
    for (uint32_t i = 0; i < 4; i++)
        storer_give(&storer, item(i, OUTCOME_BLANK, REASON_NO_SPOTS));
    struct queue_item *two = item(4, OUTCOME_BLANK, REASON_NO_SPOTS);
    two->next = item(5, OUTCOME_FAILED, REASON_IO); /* tried again: no row yet */
    storer_give(&storer, two);
    storer_give(&storer, NULL);
    assert_true(storer_end(&storer));
    assert_false(run.failed);
    assert_int_equal(job_row(s).counts.frames, 5);
    store_close(s);
}

static void what_was_dropped_is_read_from_the_journals(void **state)
{
    (void)state;
    struct store_job job;
    struct store *s = job_store(&job);
    struct journal *mine = job_journal(1, 0), *other = job_journal(1, 1);
    struct publish publish = {.journals = job_journals()};
    struct team t = {.recipe = job_recipe,
                     .list = &job_list,
                     .store = s,
                     .job = &job,
                     .stop = &stop,
                     .journal = mine,
                     .publish = &publish};
    struct run run = {.team = &t};
    struct storer storer;
    for (uint32_t i = 0; i < 6; i++)
        job_put(i % 2 ? mine : other, i, OUTCOME_BLANK, REASON_NO_SPOTS, true);
    pthread_mutex_init(&run.lock, NULL);
    storer_begin(&storer, &run);
    atomic_store(&storer.dropped, true);
    storer_give(&storer, item(0, OUTCOME_BLANK, REASON_NO_SPOTS));
    assert_true(storer_end(&storer));
    assert_int_equal(job_row(s).counts.frames, 6);
    journal_close(mine);
    journal_close(other);
    store_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        JOB_TEST(rows_are_in_the_store_at_the_end_but_those_to_be_tried_again),
        JOB_TEST(what_was_dropped_is_read_from_the_journals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
