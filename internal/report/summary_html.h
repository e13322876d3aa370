/* summary_html.h - sections of the page of a report that are files of their own. Private to report/. */
#ifndef XFELX_REPORT_SUMMARY_HTML_H
#define XFELX_REPORT_SUMMARY_HTML_H

#include "report/summary.h"

/* Rates of each job's run with their intervals, as plots and as a table. */
void summary_html_runs(struct str *out, const struct summary *s);

#endif
