/* watch.h - the thread that looks once a second whether the store has something new, and tells all open pages. Private to web/.
 *
 * One question a second however many look, one in ten seconds when nobody does (for /healthz). A database that is away is said to the pages once, and again when
 * it is back.
 */
#ifndef XFELX_WEB_WATCH_H
#define XFELX_WEB_WATCH_H

#include "base/base.h"

struct web;
struct watch;

struct watch *watch_start(struct web *w, struct error *err);
void watch_stop(struct watch *t);

/* Number that grows with each change of the store that was seen: answers made at the same number are the same. */
int64_t watch_seq(struct watch *t);

/* Somebody has changed something by this server: look at once. */
void watch_hurry(struct watch *t);

#endif
