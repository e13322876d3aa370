/* pool_test.c - workers with a store. */
#include "web/pool.h"

#include "support.h"

#include <stdatomic.h>

static _Atomic int done, without;

static void job(void *arg, struct store *s, const struct error *why)
{
    (void)arg;
    done++;
    without += s == NULL && why->code != ERROR_NONE;
}

static void wait_for(void *arg, struct store *s, const struct error *why)
{
    (void)s, (void)why;
    while (!*(_Atomic bool *)arg)
        usleep(1000);
}

static void a_full_queue_takes_nothing_and_a_stop_finishes_what_waits(void **state)
{
    (void)state;
    struct error err = {0};
    const struct store_options nowhere = {.file = "/nonexistent/xfelx.db"};
    _Atomic bool go = false;
    done = without = 0;
    struct pool *p = pool_make(&nowhere, 1, 2, &err);
    assert_non_null(p);
    struct pool_job slow = {wait_for, &go, false}, quick = {job, NULL, false};
    assert_true(pool_put(p, &slow));
    int taken = 0;
    for (int i = 0; i < 10; i++)
        taken += pool_put(p, &quick);
    assert_true(taken >= 1 && taken <= 3); /* the slow one may have left the queue meanwhile */
    go = true;
    pool_stop(p);
    assert_int_equal(done, taken);
    assert_int_equal(without, taken); /* no store there: each was told why */
    assert_false(pool_put(p, &quick));
    pool_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_queue_takes_nothing_and_a_stop_finishes_what_waits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
