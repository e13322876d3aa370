/* report_post.h - `xfelx report --post elog`: a report as an entry of LCLS' electronic log book. Private to cmd/report*.c. */
#ifndef XFELX_CMD_REPORT_POST_H
#define XFELX_CMD_REPORT_POST_H

#include "cmd/cli.h"
#include "report/report.h"

struct params;

/* Text, and the page with its plots as an attached file, to facility.lcls.url/EXPERIMENT/ws/new_elog_entry as facility.auth says; with
 * --dry-run it is only said what would be posted. What failed was posted or not, is never known for certain: nothing is tried again. */
bool report_post(struct cli *cli, const struct params *settings, const struct summary *s, struct error *err);

#endif
