/* cache.c - answers for a second; see cache.h. */
#include "web/cache.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define SECOND INT64_C(1000000000)

struct place {
    char *key; /* NULL: free */
    int64_t seq, made_ns;
    struct web_answer answer;
};

/* A question that is being answered. */
struct question {
    struct question *next;
    char *key;
    int64_t seq;
    struct cache_waiter *waiting;
};

struct cache {
    pthread_mutex_t lock;
    struct place places[CACHE_PLACES];
    struct question *asked;
};

struct cache *cache_make(void)
{
    struct cache *c = calloc(1, sizeof *c);
    if (c)
        pthread_mutex_init(&c->lock, NULL);
    return c;
}

static void empty(struct place *p)
{
    free(p->key);
    answer_free(&p->answer);
    *p = (struct place){0};
}

void cache_free(struct cache *c)
{
    if (!c)
        return;
    for (int i = 0; i < CACHE_PLACES; i++)
        empty(c->places + i);
    for (struct question *q; (q = c->asked) != NULL;) {
        c->asked = q->next;
        free(q->key);
        free(q);
    }
    pthread_mutex_destroy(&c->lock);
    free(c);
}

/* ---- what was answered ---- */

static struct place *find(struct cache *c, const char *key)
{
    for (int i = 0; i < CACHE_PLACES; i++)
        if (c->places[i].key && strcmp(c->places[i].key, key) == 0)
            return c->places + i;
    return NULL;
}

bool cache_get(struct cache *c, const char *key, int64_t seq, int64_t now, struct web_answer *out)
{
    pthread_mutex_lock(&c->lock);
    const struct place *p = find(c, key);
    bool good = p && p->seq == seq && now - p->made_ns < SECOND;
    if (good)
        answer_share(out, &p->answer);
    pthread_mutex_unlock(&c->lock);
    return good;
}

static struct place *oldest(struct cache *c)
{
    struct place *found = NULL;
    for (int i = 0; i < CACHE_PLACES; i++)
        if (c->places[i].key && (!found || c->places[i].made_ns < found->made_ns))
            found = c->places + i;
    return found;
}

static struct place *free_place(struct cache *c)
{
    for (int i = 0; i < CACHE_PLACES; i++)
        if (!c->places[i].key)
            return c->places + i;
    struct place *p = oldest(c);
    empty(p);
    return p;
}

/* Room for so many bytes more. */
static void make_room(struct cache *c, size_t bytes)
{
    size_t kept = bytes;
    for (int i = 0; i < CACHE_PLACES; i++)
        kept += c->places[i].key ? c->places[i].answer.sealed->size : 0;
    for (struct place *p; kept > CACHE_BYTES_MOST && (p = oldest(c)) != NULL;) {
        kept -= p->answer.sealed->size;
        empty(p);
    }
}

static bool is_same(const struct web_answer *a, const struct web_answer *b)
{
    return a->etag[0] && strcmp(a->etag, b->etag) == 0 && a->gzipped == b->gzipped &&
           a->sealed->size == b->sealed->size &&
           memcmp(a->sealed->text, b->sealed->text, a->sealed->size) == 0;
}

static void keep(struct cache *c, const char *key, int64_t seq, int64_t now, struct web_answer *a)
{
    struct place *p = find(c, key);
    if (p && is_same(&p->answer, a)) {
        answer_free(a);
        answer_share(a, &p->answer);
        p->seq = seq;
        p->made_ns = now;
        return;
    }
    if (p)
        empty(p);
    make_room(c, a->sealed->size);
    p = free_place(c);
    p->key = strdup(key);
    if (!p->key)
        return;
    p->seq = seq;
    p->made_ns = now;
    answer_share(&p->answer, a);
}

void cache_put(struct cache *c, const char *key, int64_t seq, int64_t now, struct web_answer *a)
{
    if (a->status != 200 || !a->sealed || a->sealed->size > CACHE_BODY_MOST)
        return;
    pthread_mutex_lock(&c->lock);
    keep(c, key, seq, now, a);
    pthread_mutex_unlock(&c->lock);
}

void cache_tidy(struct cache *c, int64_t now)
{
    pthread_mutex_lock(&c->lock);
    for (int i = 0; i < CACHE_PLACES; i++)
        if (c->places[i].key && now - c->places[i].made_ns >= CACHE_KEPT_S * SECOND)
            empty(c->places + i);
    pthread_mutex_unlock(&c->lock);
}

/* ---- what is being answered ---- */

static struct question **asked(struct cache *c, const char *key, int64_t seq)
{
    struct question **q = &c->asked;
    while (*q && ((*q)->seq != seq || strcmp((*q)->key, key) != 0))
        q = &(*q)->next;
    return q;
}

static void note_question(struct cache *c, const char *key, int64_t seq)
{
    struct question *q = calloc(1, sizeof *q);
    if (!q)
        return;
    q->key = strdup(key);
    if (!q->key) {
        free(q);
        return;
    }
    q->seq = seq;
    q->next = c->asked;
    c->asked = q;
}

bool cache_join(struct cache *c, const char *key, int64_t seq, struct cache_waiter *w)
{
    pthread_mutex_lock(&c->lock);
    struct question *q = *asked(c, key, seq);
    if (q) {
        w->next = q->waiting;
        q->waiting = w;
    } else {
        note_question(c, key, seq);
    }
    pthread_mutex_unlock(&c->lock);
    return q != NULL;
}

struct cache_waiter *cache_answered(struct cache *c, const char *key, int64_t seq)
{
    struct cache_waiter *waiting = NULL;
    pthread_mutex_lock(&c->lock);
    struct question **at = asked(c, key, seq), *q = *at;
    if (q) {
        *at = q->next;
        waiting = q->waiting;
        free(q->key);
        free(q);
    }
    pthread_mutex_unlock(&c->lock);
    return waiting;
}
