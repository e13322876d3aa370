/* cache.h - answers that are the same for everybody, for a second: two hundred screens that read the same page anew cost one. Private
 * to web/. Thread-safe.
 */
#ifndef XFELX_WEB_CACHE_H
#define XFELX_WEB_CACHE_H

#include "web/answer.h"

struct cache;

struct cache *cache_make(void);
void cache_free(struct cache *c);

/* What was answered to key (path, query, and whether it is compressed) at the same seq within the last second; false: nothing. */
bool cache_get(struct cache *c, const char *key, int64_t seq, int64_t now_ns, struct web_answer *out);

/* Keep a finished answer. Only good ones (200) of at most 8 MiB are kept, 32 of them. */
void cache_put(struct cache *c, const char *key, int64_t seq, int64_t now_ns, const struct web_answer *a);

#endif
