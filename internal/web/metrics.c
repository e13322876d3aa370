/* metrics.c - counters as text; see metrics.h. */
#include "web/metrics.h"

#include <stdio.h>

static const double edges_s[METRICS_BUCKETS] = {0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1};

void metrics_count(struct metrics *m, int status, int64_t ns)
{
    if (status >= 0 && status < METRICS_CODES)
        m->codes[status]++;
    int i = 0;
    while (i < METRICS_BUCKETS && 1e-9 * (double)ns > edges_s[i])
        i++;
    m->buckets[i]++;
    m->micros += (uint64_t)(ns / 1000);
}

static void head(struct str *out, const char *name, const char *type, const char *help)
{
    str_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void metrics_text(const struct metrics *m, size_t streams, struct str *out)
{
    head(out, "xfelx_http_requests_total", "counter", "Answers by HTTP status.");
    for (int i = 0; i < METRICS_CODES; i++)
        if (m->codes[i])
            str_printf(out, "xfelx_http_requests_total{code=\"%d\"} %llu\n", i,
                       (unsigned long long)m->codes[i]);
    head(out, "xfelx_http_duration_seconds", "histogram",
         "Time from the first line of a request to its answer.");
    uint64_t n = 0;
    for (int i = 0; i <= METRICS_BUCKETS; i++) {
        char edge[32] = "+Inf";
        if (i < METRICS_BUCKETS)
            snprintf(edge, sizeof edge, "%g", edges_s[i]);
        n += m->buckets[i];
        str_printf(out, "xfelx_http_duration_seconds_bucket{le=\"%s\"} %llu\n", edge, (unsigned long long)n);
    }
    str_printf(out, "xfelx_http_duration_seconds_sum %.6f\nxfelx_http_duration_seconds_count %llu\n",
               1e-6 * (double)m->micros, (unsigned long long)n);
    head(out, "xfelx_http_connections", "gauge", "Open connections.");
    str_printf(out, "xfelx_http_connections %lld\n", (long long)m->connections);
    head(out, "xfelx_sse_clients", "gauge", "Open event streams.");
    str_printf(out, "xfelx_sse_clients %zu\n", streams);
    if (m->store_ns >= 0) {
        head(out, "xfelx_db_seconds", "gauge", "Time of the last question for what changed.");
        str_printf(out, "xfelx_db_seconds %.6f\n", 1e-9 * (double)m->store_ns);
    }
    if (m->lag_ns >= 0) {
        head(out, "xfelx_lag_seconds", "gauge", "Age of the newest frame when it was last looked at.");
        str_printf(out, "xfelx_lag_seconds %.3f\n", 1e-9 * (double)m->lag_ns);
    }
}
