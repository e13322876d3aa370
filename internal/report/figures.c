/* figures.c - rates and their intervals; see report.h. */
#include "report/report.h"

#include <math.h>
#include <stdio.h>

/* Wilson (1927): centre (p + z²/2n)/(1 + z²/n), half width z/(1 + z²/n)·sqrt(p(1-p)/n + z²/4n²). */
void rate_interval(uint64_t n, uint64_t of, double z, double *lo, double *hi)
{
    const double m = (double)of, p = (double)n / m;
    double centre = (p + z * z / (2 * m)) / (1 + z * z / m);
    double half = z / (1 + z * z / m) * sqrt(p * (1 - p) / m + z * z / (4 * m * m));
    *lo = n == 0 ? 0 : centre - half;
    *hi = n == of ? 1 : centre + half;
}

struct rate rate_of(uint64_t n, uint64_t of)
{
    const double z95 = 1.96;
    struct rate r = {.n = n, .of = of, .share = NAN, .lo = NAN, .hi = NAN};
    if (of == 0)
        return r;
    r.share = (double)n / (double)of;
    rate_interval(n, of, z95, &r.lo, &r.hi);
    return r;
}

char *rate_text(const struct rate *r, char out[96])
{
    int n = snprintf(out, 96, "%llu of %llu", (unsigned long long)r->n, (unsigned long long)r->of);
    int digits = r->hi - r->lo < 0.02 ? 1 : 0; /* else the ends of a narrow interval are one number */
    if (r->of >= RATE_FEW && n > 0 && n < 60)
        snprintf(out + n, 96 - (size_t)n, " (%.*f %%, %.*f to %.*f)", digits, 100 * r->share, digits,
                 100 * r->lo, digits, 100 * r->hi);
    return out;
}

void figures_of(const struct store_counts *c, struct figures *out)
{
    *out = (struct figures){.frames = c->frames,
                            .blank = c->by_outcome[OUTCOME_BLANK],
                            .integrated = c->by_outcome[OUTCOME_INTEGRATED],
                            .indexed_below = c->by_outcome[OUTCOME_INDEXED_BELOW],
                            .failed = c->by_outcome[OUTCOME_FAILED],
                            .lattices = c->lattices,
                            .reflections = c->reflections};
    for (enum outcome o = OUTCOME_BLANK; o < OUTCOME_END; o++) {
        out->hits += outcome_is_hit(o) ? c->by_outcome[o] : 0;
        out->indexed += outcome_is_indexed(o) ? c->by_outcome[o] : 0;
    }
    out->hit_rate = rate_of(out->hits, out->frames - out->failed);
    out->indexing_rate = rate_of(out->indexed, out->hits);
}
