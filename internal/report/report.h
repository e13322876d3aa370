/* report.h - figures that people see, each computed in one place (ARCHITECTURE 2.7). */
#ifndef XFELX_REPORT_REPORT_H
#define XFELX_REPORT_REPORT_H

#include "store/store.h"

/* A share of counts with its 95 % Wilson interval (SCIENCE 24). of 0: share, lo, hi are NaN. */
struct rate {
    uint64_t n, of;
    double share, lo, hi;
};
struct rate rate_of(uint64_t n, uint64_t of);

/* The interval of n of of (not 0) at z standard deviations: 1.96 for 95 %, 2.576 for 99 %. */
void rate_interval(uint64_t n, uint64_t of, double z, double *lo, double *hi);

/* Fewer than these get no percentage: it would say more than is known. */
enum { RATE_FEW = 20 };

/* "61 of 100 (61 %, 51 to 70)", with a decimal where the interval is below 2 %; below 20 only "3 of 12". out holds 96 bytes. Returns out. */
char *rate_text(const struct rate *r, char out[96]);

/* What the counts of a job say, in the words of SCIENCE 3. */
struct figures {
    uint64_t frames, blank, hits, indexed, integrated, indexed_below, failed, lattices, reflections;
    struct rate hit_rate;      /* hits of frames that could be read */
    struct rate indexing_rate; /* indexed hits of hits */
};
void figures_of(const struct store_counts *c, struct figures *out);

#include "report/logbook.h"
#include "report/merges.h"
#include "report/cells.h"
#include "report/forms.h"
#include "report/overview.h"
#include "report/coverage.h"
#include "report/summary_dataset.h"
#include "report/paired.h"
#include "report/powder.h"
#include "report/levels.h"
#include "report/panels.h"
#include "report/strip.h"
#include "report/split.h"
#include "report/summary.h"
#include "report/timeline.h"
#include "report/weather.h"

#endif
