/* report_trials.h - `xfelx report --trials 3,5`: trials side by side over the same runs. Private to cmd/report*.c. */
#ifndef XFELX_CMD_REPORT_TRIALS_H
#define XFELX_CMD_REPORT_TRIALS_H

#include "cmd/cli.h"

struct store;

/* runs NULL: all. Prints as text, or by --csv and --json. */
bool report_trials(struct cli *cli, struct store *s, const int64_t *runs, size_t n_runs, struct error *err);

#endif
