/* paired.h - trials side by side over the same runs (UI 3.7). Each trial's numbers are its own: nothing is added over trials, and runs that
 * not all of them have worked on are left out.
 *
 * Of a run that a trial has worked on more than once (several rungroups) its newest job counts. Frames are paired where both jobs of a run
 * have them, and neither failed to read them: McNemar's question, which asks the frames that went differently only (SCIENCE 25).
 */
#ifndef XFELX_REPORT_PAIRED_H
#define XFELX_REPORT_PAIRED_H

#include "report/report.h"

enum { PAIRED_MOST = 8 }; /* trials */

/* Frames of one trial against those of the first: indexed by both, by the first only, by this one only, by none. */
struct paired_frames {
    uint64_t both, first, this, none;
};

/* change: in the share of frames that are indexed, with its 95 % interval. p: how likely so unequal numbers are by chance, two-sided
 * (exact up to 1000 that differ). NaN: no frames, or none that differs. */
struct paired_verdict {
    double change, lo, hi, p;
};
struct paired_verdict paired_verdict_of(const struct paired_frames *f);

struct paired_run {
    int64_t run, ord;                         /* row, number */
    struct store_tally of[PAIRED_MOST];       /* by trial */
    struct paired_frames frames[PAIRED_MOST]; /* of [0]: not used */
    bool counted;                             /* frames are */
};

struct paired {
    size_t n; /* trials */
    uint32_t trials[PAIRED_MOST];
    struct store_tally sums[PAIRED_MOST]; /* over the runs; res_a: of all their lattices */
    struct paired_frames frames[PAIRED_MOST];
    struct paired_run *runs; /* by number */
    size_t n_runs, n_counted;
};

/* n trials (2 … PAIRED_MOST, all different), over the runs `only` (n_only 0: all). Frames are paired for the newest runs until frames_most
 * of them were read, since each is looked up. ERROR_USAGE: a trial that is not there. In the arena. */
bool paired_read(struct store *s, const uint32_t *trials, size_t n, const int64_t *only, size_t n_only,
                 uint64_t frames_most, struct arena *a, struct paired *out, struct error *err);

void paired_text(const struct paired *p, struct str *out);
void paired_csv(const struct paired *p, struct str *out);
/* Members of an open object: trials, runs, frames. The same on the page and in `report --json`. */
void paired_json(const struct paired *p, struct json_writer *w);

#endif
