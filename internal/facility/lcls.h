/* lcls.h - LCLS' run API in two halves: asking, and a pure function on the answers. */
#ifndef XFELX_FACILITY_LCLS_H
#define XFELX_FACILITY_LCLS_H

#include "facility/facility.h"

/* How a file is on this machine: false when it is not there. Replaced in tests. */
typedef bool lcls_look(void *owner, const char *path, uint64_t *size, int64_t *modified_ns);

/* From the answer of the form for the whole experiment (parsed JSON) and the last observations to the new ones. */
bool lcls_observe(const struct facility_settings *s, const struct json *answer,
                  const struct observations *before, lcls_look *look, void *owner, int64_t now_ns,
                  struct observations *now, struct error *err);

/* Does the form for one run, asked past the server's cache, say that this run's required files are all there and no others? */
bool lcls_confirms(const struct facility_settings *s, const struct json *answer, const struct observation *o);

bool lcls_list(const struct facility_settings *s, const struct observations *before, struct observations *now,
               struct error *err);

#endif
