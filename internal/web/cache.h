/* cache.h - answers that are the same for everybody: two hundred screens that read the same page anew cost one question to the store, and one
 * copy of its answer. Private to web/. Thread-safe.
 *
 * An answer is good for a second, and until something changes. Who asks what is being answered at this moment waits for that answer
 * instead of asking again, so that a crowd with one question takes one place in the queue of the workers. Bodies are shared
 * (answer_body): if an answer comes out the same as before, it is the same body, so that clients that are slow to take it hold one.
 */
#ifndef XFELX_WEB_CACHE_H
#define XFELX_WEB_CACHE_H

#include "web/answer.h"

struct cache;

enum { CACHE_BODY_MOST = 8 << 20, CACHE_BYTES_MOST = 24 << 20, CACHE_PLACES = 32, CACHE_KEPT_S = 10 };

struct cache *cache_make(void);
void cache_free(struct cache *c);

/* What was answered to key (path, query, and whether it is compressed) at the same seq within the last second; false: nothing. */
bool cache_get(struct cache *c, const char *key, int64_t seq, int64_t now_ns, struct web_answer *out);

/* Keep a sealed answer. Only good ones (200) of at most CACHE_BODY_MOST are kept, CACHE_BYTES_MOST of CACHE_PLACES questions together. If the
 * body is the one that was kept before (same ETag), the answer is given that one. */
void cache_put(struct cache *c, const char *key, int64_t seq, int64_t now_ns, struct web_answer *a);

/* Once a second: what nobody asked for in CACHE_KEPT_S goes. */
void cache_tidy(struct cache *c, int64_t now_ns);

/* Whoever waits for the answer to a question; part of the asker's own struct. */
struct cache_waiter {
    struct cache_waiter *next;
};

/* true: the same is being asked since seq; w is handed out with its answer. An answer that was begun at another seq may lack what has changed
 * since: nobody who knows of the change waits for it. false: it is w who asks now (or there is no memory to note it): the caller finds the
 * answer, and calls cache_answered in any case. */
bool cache_join(struct cache *c, const char *key, int64_t seq, struct cache_waiter *w);

/* The answer is there: the others that wait for it (a list by next). */
struct cache_waiter *cache_answered(struct cache *c, const char *key, int64_t seq);

#endif
