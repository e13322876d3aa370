/* server_work.c - by a worker; answers of the store are the same for everybody who may ask. See exchange.h. */
#include "web/exchange.h"

#include <string.h>

void exchange_wake(void *connection)
{
    MHD_resume_connection(connection);
}

static bool is_shared(const struct exchange *x)
{
    return x->route->kind == ROUTE_STORE;
}

/* The answer is there. */
static void give(struct exchange *x)
{
    answer_if_new(&x->a, &x->q);
    x->made = true;
    exchange_wake(x->connection);
}

/* To all that asked the same meanwhile, too. */
static void give_all(struct exchange *x, const char *key)
{
    struct web_answer made;
    struct cache *cache = x->web->cache;
    answer_share(&made, &x->a);
    for (struct cache_waiter *w = cache_answered(cache, key, x->seq), *next; w; w = next) {
        struct exchange *other = (struct exchange *)((char *)w - offsetof(struct exchange, waiter));
        next = w->next;
        answer_share(&other->a, &made);
        give(other);
    }
    answer_free(&made);
    give(x); /* the last: it may be gone afterwards */
}

static void find_answer(struct exchange *x, struct store *s, const struct error *why)
{
    if (s) {
        x->route->answer(x->web, s, &x->q, &x->a);
        if (x->a.status >= 500)
            pool_store_failed();
    } else {
        answer_failed(&x->a, why);
        x->a.status = 503;
    }
    answer_finish(&x->a, &x->q);
}

static void work(void *arg, struct store *s, const struct error *why)
{
    struct exchange *x = arg;
    if (!is_shared(x)) {
        find_answer(x, s, why);
        give(x);
        return;
    }
    char key[TARGET_KEY];
    target_key(&x->target, x->q.gzip, key);
    int64_t seq = watch_seq(x->web->watch);
    find_answer(x, s, why);
    if (!answer_seal(&x->a))
        answer_error(&x->a, 503, "busy", "out of memory", NULL);
    if (strcmp(x->a.cache, "no-store") != 0)
        cache_put(x->web->cache, key, seq, clock_monotonic(), &x->a);
    give_all(x, key);
}

static void refuse_busy(struct exchange *x)
{
    answer_error(&x->a, 503, "busy", "more is asked than can be answered; again in a second", NULL);
    x->made = true;
    exchange_wake(x->connection);
}

enum MHD_Result exchange_ask_worker(struct exchange *x)
{
    const struct pool_job job = {work, x, x->route->kind == ROUTE_CHANGE};
    struct web *w = x->web;
    char key[TARGET_KEY];
    target_key(&x->target, x->q.gzip, key);
    x->seq = watch_seq(w->watch);
    if (is_shared(x) && cache_get(w->cache, key, x->seq, clock_monotonic(), &x->a)) {
        answer_if_new(&x->a, &x->q);
        return exchange_send(x);
    }
    MHD_suspend_connection(x->connection);
    if (is_shared(x) && cache_join(w->cache, key, x->seq, &x->waiter))
        return MHD_YES;
    if (!pool_put(x->route->kind == ROUTE_SLOW ? w->slow : w->pool, &job)) {
        if (is_shared(x))
            cache_answered(w->cache, key, x->seq); /* nobody waits yet: this thread alone lets them */
        refuse_busy(x);
    }
    return MHD_YES;
}
