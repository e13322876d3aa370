/* metrics.h - what the server counts about itself, for /metrics. Atomic; any thread. Private to web/. */
#ifndef XFELX_WEB_METRICS_H
#define XFELX_WEB_METRICS_H

#include "base/base.h"

#include <stdatomic.h>

enum { METRICS_CODES = 600, METRICS_BUCKETS = 10 };

struct metrics {
    _Atomic uint64_t codes[METRICS_CODES]; /* answers by status */
    _Atomic uint64_t buckets[METRICS_BUCKETS + 1];
    _Atomic uint64_t micros; /* all answers together */
    _Atomic int64_t connections, store_ns, lag_ns,
        store_ok_ns; /* the last question to the store; -1: not known */
};

void metrics_count(struct metrics *m, int status, int64_t ns);

/* Prometheus' text form 0.0.4. */
void metrics_text(const struct metrics *m, size_t streams, struct str *out);

#endif
