/* hooks_call.h - the process that calls hooks. Private to cycle/. */
#ifndef XFELX_CYCLE_HOOKS_CALL_H
#define XFELX_CYCLE_HOOKS_CALL_H

#include "cycle/hooks.h"

#include <sys/types.h>

/* One of them is given. */
struct hook_call {
    const char *command, *url;
};

/* Fork it. It takes messages "u16 number of the hook, JSON of the event" from fd, makes one call after the other, answers with a line
 * for each that failed, and ends when the other side has shut its end down. */
bool hooks_fork(const struct params *p, const struct hook_call *calls, size_t n, pid_t *pid, int *fd,
                struct error *err);

/* What is posted to an address, from the event's JSON: the JSON itself; the counters that LCLS' run processor shows; a form for LCLS'
 * log book. *type: of the content. Pure. */
bool hook_body(const char *url, const char *event, struct str *out, const char **type, struct error *err);

#endif
