/* cache.c - answers for a second; see cache.h. */
#include "web/cache.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { PLACES = 32, BODY_MOST = 8 << 20, SECOND = 1000000000 };

struct cache {
    pthread_mutex_t lock;
    struct place {
        char *key; /* NULL: free */
        int64_t seq, made_ns;
        struct web_answer answer;
    } places[PLACES];
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
    for (int i = 0; i < PLACES; i++)
        empty(c->places + i);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

static void copy(struct web_answer *to, const struct web_answer *from)
{
    *to = *from;
    to->body = (struct str){0};
    str_reserve(&to->body, from->body.len + 1);
    str_addn(&to->body, from->body.text, from->body.len);
}

bool cache_get(struct cache *c, const char *key, int64_t seq, int64_t now, struct web_answer *out)
{
    bool found = false;
    pthread_mutex_lock(&c->lock);
    for (int i = 0; i < PLACES && !found; i++) {
        const struct place *p = c->places + i;
        found = p->key && p->seq == seq && now - p->made_ns < SECOND && strcmp(p->key, key) == 0;
        if (found)
            copy(out, &p->answer);
    }
    pthread_mutex_unlock(&c->lock);
    return found;
}

void cache_put(struct cache *c, const char *key, int64_t seq, int64_t now, const struct web_answer *a)
{
    if (a->status != 200 || a->body.len == 0 || a->body.len > BODY_MOST)
        return;
    pthread_mutex_lock(&c->lock);
    struct place *oldest = c->places;
    for (int i = 0; i < PLACES; i++) {
        struct place *p = c->places + i;
        if (p->key && strcmp(p->key, key) == 0) {
            oldest = p;
            break;
        }
        if (!p->key || (oldest->key && p->made_ns < oldest->made_ns))
            oldest = p;
    }
    empty(oldest);
    oldest->key = strdup(key);
    oldest->seq = seq;
    oldest->made_ns = now;
    copy(&oldest->answer, a);
    pthread_mutex_unlock(&c->lock);
}
