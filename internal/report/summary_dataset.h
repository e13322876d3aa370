/* summary_dataset.h - what a report of a dataset says besides its jobs: is it enough (coverage.h), and what merging its versions came to,
 * shell by shell. All but summary_dataset_read are pure.
 */
#ifndef XFELX_REPORT_SUMMARY_DATASET_H
#define XFELX_REPORT_SUMMARY_DATASET_H

#include "report/coverage.h"

struct summary_dataset {
    struct coverage coverage;
    uint64_t lattices; /* so far */
    uint32_t trial;    /* whose they are */
    struct store_merge_shell *shells;
    size_t n_shells;
};

/* In the arena. */
bool summary_dataset_read(struct store *s, const struct store_dataset_row *row, struct arena *a,
                          struct summary_dataset *out, struct error *err);

/* Added to out; csv: lines of the report's five columns; json: the member "dataset"; html: a section with the curve as SVG. */
void summary_dataset_text(const struct summary_dataset *d, struct str *out);
void summary_dataset_csv(const struct summary_dataset *d, struct str *out);
void summary_dataset_json(const struct summary_dataset *d, struct json_writer *w);
void summary_dataset_html(const struct summary_dataset *d, struct str *out);

#endif
