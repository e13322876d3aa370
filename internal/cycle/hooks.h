/* hooks.h - telling people's own programs what happened (settings hook[]): a command with the event as JSON on its input, an
 * address that gets it posted, or the counters of LCLS' run processor.
 *
 * Hooks never hold the watcher up: a thread of its own calls them, one at a time, from a short queue; what finds the queue full, or
 * comes sooner after the last call than the hook's limit, is counted and told with the next call ("held_back"). A hook that fails is
 * counted and forgotten: each event is told at most once.
 *
 * The JSON of an event: {"event": "job_failed", "t": "2026-…Z", "experiment": …, "run": "12", "job": 7, "attempt": 9, "text": …,
 * "held_back": 0}.
 */
#ifndef XFELX_CYCLE_HOOKS_H
#define XFELX_CYCLE_HOOKS_H

#include "base/base.h"
#include "param/param.h"
#include "store/store.h"

struct hooks;

/* The hooks of the settings. *out NULL: there are none. Texts of p are kept by reference. */
bool hooks_start(const struct params *p, struct hooks **out, struct error *err);

/* Hand over all events that happened since the last time, on any machine; the first time: none. NULL hooks: nothing is done. */
bool hooks_tell(struct hooks *h, struct store *s, size_t *n_told, struct error *err);

/* Calls that failed so far, and the last error's line. */
size_t hooks_failed(struct hooks *h, char *last, size_t room);

/* Wait up to so many seconds for what is queued, then end. NULL: nothing. */
void hooks_end(struct hooks *h, double seconds);

#endif
