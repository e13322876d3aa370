/* split.h - the funnel of frames by the values of a label: by sample, by laser, by delay (SCIENCE 23, 24). Counts come from the joins of
 * labels (store/label.h); rates are those of every other page. */
#ifndef XFELX_REPORT_SPLIT_H
#define XFELX_REPORT_SPLIT_H

#include "report/report.h"

/* Frames of one value; the last row, word "", is of frames without one, and missing where there are none of them. */
struct split_row {
    const char *word;
    double value; /* NaN: a text */
    uint64_t by_reason[REASON_END];
    struct figures figures;
};

struct split {
    const char *label, *unit, *kind;
    struct split_row *rows;
    size_t n;
    uint64_t unused; /* values that found no frame, of all runs of the label */
    int64_t joined_t;
};

/* In the arena. ERROR_USAGE: there is no such label. */
bool split_read(struct store *s, const char *label, struct store_jobs_of of, struct arena *a,
                struct split *out, struct error *err);

void split_text(const struct split *s, struct str *out);
void split_csv(const struct split *s, struct str *out);
void split_json(const struct split *s, const char *key, struct json_writer *w); /* as an object */

#endif
