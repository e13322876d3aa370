/* merges.h - figures of merging in words and as JSON: the same on pages and in a terminal. Part of the report's face. */
#ifndef XFELX_REPORT_MERGES_H
#define XFELX_REPORT_MERGES_H

#include "store/store.h"

/* One shell as an object: {"version": 2, "job": 7, "shell": 0, …, "cc_half": 0.97, …}; fractions of 1, Å; what is not known is null. */
void merge_json(struct json_writer *j, const struct store_merge_shell *r);

/* "1204 lattices, ∞ - 1.80 Å, completeness 99.1 %, multiplicity 31.2, I/σ 8.40, CC½ 0.971, R split 9.8 %": what is not known is left
 * out. Added to out. */
void merge_text(const struct store_merge_shell *r, struct str *out);

#endif
