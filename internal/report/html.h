/* html.h - pieces of a page that stands alone: text from outside made harmless, rows of tables, small plots as SVG. XHTML syntax; no
 * script, no style attribute, nothing that a browser would fetch. Private to report/.
 */
#ifndef XFELX_REPORT_HTML_H
#define XFELX_REPORT_HTML_H

#include "base/base.h"

/* Colours of pages and plots alike (doc/WEB.md 4): dark enough for text and for print. */
#define HTML_HIT "#b04a00"
#define HTML_INDEXED "#0a66ad"
#define HTML_INTEGRATED "#00735c"
#define HTML_REST "#7b838c"

/* Text from outside. What XML cannot hold becomes U+FFFD. */
void html_escape(struct str *out, const char *text);

/* A row of a table: what it is, and its value. */
void html_row(struct str *out, const char *name, const char *value);

/* A bar of a share, 0 … 1; not finite: an empty one. */
void html_share(struct str *out, double share, const char *colour);

/* Bars between the first and the last filled bin, joined so that there are at most 60. value(x): what stands under the ends for a place x on
 * the axis; NULL: x itself. note: beside the title; "": nothing. Empty bins draw nothing at all. */
struct html_bins {
    const char *title, *note;
    const uint64_t *counts;
    size_t n;
    double lo, step;
    double (*value)(double x);
};
void html_histogram(struct str *out, const struct html_bins *b);

/* Shares with their intervals, one place each along an axis that is named at its ends and, where there is room, between. NaN: no share. */
struct html_dot {
    const char *name;
    double share, lo, hi;
};
void html_dots(struct str *out, const char *title, const char *colour, const struct html_dot *dots, size_t n);

#endif
