/* views.h - cctbx.xfel's tables as views of ours: its programs and people's own queries go on working. Private to store/.
 *
 * One template a view for both dialects; what they say differently is a marker of a second table. Numbers of the reference's rows
 * are made from our keys: event = job·2^40 + source·2^24 + frame; crystal, cell and experiment = event·2^4 + lattice; bin = that·2^4
 * + shell (1 to 10). So jobs from 2^15 on, and runs of more than 2^16 files or 2^24 frames, are refused: their frames are not shown.
 * What is covered, and what is not: STORE 9.6.
 */
#ifndef XFELX_STORE_VIEWS_H
#define XFELX_STORE_VIEWS_H

#include "store/schema.h"

struct view {
    const char *name;   /* behind PREFIX_ */
    const char *select; /* SQL with markers */
    bool
        small; /* made whole when asked: it cannot be written through. The others are joins of expressions, likewise */
};
extern const struct view views[];
extern const size_t views_n;

/* Numbers that the views join by, found through indexes on a server too: columns that are computed when read. */
struct view_key {
    const char *table, *column, *expression;
};
extern const struct view_key view_keys[];
extern const size_t view_keys_n;

/* A template in the words of a dialect. */
void view_text(enum dialect d, const char *template, const char *prefix, struct str *sql);

/* May it stand before the views' names: [A-Za-z0-9_]{1,30}, and no view gets the name of a table. */
bool views_prefix_is_good(const char *prefix, struct error *err);

#endif
