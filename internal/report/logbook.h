/* logbook.h - the log book as one time line: what people wrote, who changed what, alarms, runs that began and ended (UI 3.12). Pure but for
 * logbook_read.
 */
#ifndef XFELX_REPORT_LOGBOOK_H
#define XFELX_REPORT_LOGBOOK_H

#include "store/store.h"

enum logbook_kind { LOGBOOK_NOTE, LOGBOOK_CHANGE, LOGBOOK_ALARM, LOGBOOK_RUN, LOGBOOK_END };
const char *logbook_word(enum logbook_kind kind); /* "note", … */

/* t: when; until: when an alarm or a run ended (0: it has not, or it is neither). who: a name, "" where nobody did it; by: "command", "web",
 * "watch", "import", "" of what is no change. about: "run 12", "job 3", "dataset light"; "": the shift, or what it says itself. */
struct logbook_line {
    enum logbook_kind kind;
    int64_t t, until, id; /* id: of an alarm */
    bool seen;            /* an alarm that somebody said he saw */
    const char *who, *by, *about, *text;
    int64_t run, run_ord; /* row and number of the run that it is about; 0: of none */
};

/* What the lines are made of; each newest first. runs: by row. */
struct logbook_sources {
    const struct store_note *notes; /* of all kinds */
    const struct store_audit *audits;
    const struct store_alarm *alarms;
    const struct store_run_row *runs;
    const struct store_dataset_row *datasets;
    size_t n_notes, n_audits, n_alarms, n_runs, n_datasets;
};

/* The newest `most` of the kinds chosen (a bit for each, 1 << kind), the oldest first. In the arena. */
size_t logbook_lines(const struct logbook_sources *in, unsigned kinds, size_t most, struct arena *a,
                     struct logbook_line **out);

bool logbook_read(struct store *s, unsigned kinds, size_t most, struct arena *a, struct logbook_line **out,
                  size_t *n, struct error *err);

enum { LOGBOOK_ALL = (1 << LOGBOOK_END) - 1 };

/* One object. */
void logbook_json(const struct logbook_line *l, struct json_writer *w);

/* A table for each day (UTC), for a wiki or an electronic log book. */
void logbook_markdown(const struct logbook_line *lines, size_t n, struct str *out);

#endif
