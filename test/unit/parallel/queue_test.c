/* queue_test.c - the writer gets everything once, in order, in batches that are not too large; a full queue makes workers wait. */
#include "parallel/queue.h"

#include "support.h"

static void put(struct queue *q, uint32_t from)
{
    struct queue_item *item = calloc(1, sizeof *item);
    assert_non_null(item);
    item->from = from;
    queue_put(q, item, true);
}

/* Take a batch; the numbers must follow. */
static bool take(struct queue *q, uint32_t *next, size_t *n)
{
    struct queue_item *batch, *after;
    bool more = queue_take(q, &batch);
    for (*n = 0; batch; batch = after, (*n)++) {
        after = batch->next;
        assert_int_equal(batch->from, (*next)++);
        free(batch);
    }
    return more;
}

static void batches_are_full_and_in_order_and_the_end_is_said(void **state)
{
    (void)state;
    struct queue q;
    uint32_t next = 0;
    size_t n;
    queue_make(&q);
    for (uint32_t i = 0; i < BATCH_MAX + 10; i++)
        put(&q, i);
    assert_true(take(&q, &next, &n));
    assert_int_equal(n, BATCH_MAX);
    queue_hurry(&q); /* no half second for the rest */
    assert_true(take(&q, &next, &n));
    assert_int_equal(n, 10);
    put(&q, next);
    queue_close(&q);
    assert_true(take(&q, &next, &n)); /* what was there at the end still comes */
    assert_int_equal(n, 1);
    assert_false(take(&q, &next, &n));
    assert_int_equal(n, 0);
    queue_free(&q);
}

static void *many(void *arg)
{
    struct queue *q = arg;
    for (uint32_t i = 0; i < 3 * QUEUE_MAX; i++)
        put(q, i);
    queue_close(q);
    return NULL;
}

static void a_full_queue_holds_its_filler_back(void **state)
{
    (void)state;
    struct queue q;
    pthread_t filler;
    uint32_t next = 0;
    size_t n = 0;
    queue_make(&q);
    assert_int_equal(pthread_create(&filler, NULL, many, &q), 0);
    do {
        pthread_mutex_lock(&q.lock);
        assert_true(q.n <= QUEUE_MAX);
        pthread_mutex_unlock(&q.lock);
    } while (take(&q, &next, &n));
    pthread_join(filler, NULL);
    assert_int_equal(next, 3 * QUEUE_MAX);
    queue_free(&q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(batches_are_full_and_in_order_and_the_end_is_said),
        cmocka_unit_test(a_full_queue_holds_its_filler_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
