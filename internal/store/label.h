/* label.h - what is known of frames beside their images: laser on or off, delay, sample … (SCIENCE 23). Part of the store's face: store.h
 * includes it.
 *
 * A label has a name and a kind. Its values are given for frames (by event number, time of the exposure, or number in the run), for
 * whole runs, or for stretches of time; before the frames come or after. What was given is kept; the join makes of it a label of every
 * frame, and counts by label of every job, which is all that pages read. A label never changes a frame's row or its counts elsewhere.
 *
 * Of a frame its own value goes over that of a stretch of time, that over one of its run, and of equals the one given last. A corrected
 * value (a delay with its jitter) goes over the nominal one, and both are kept.
 *
 * The label "sample" is the one that hit rates are always shown by.
 */
#ifndef XFELX_STORE_LABEL_H
#define XFELX_STORE_LABEL_H

#include "base/base.h"
#include "store/book.h"
#include "store/overview.h"

struct store;

enum store_label_kind { LABEL_TEXT = 1, LABEL_NUMBER, LABEL_BOOL };
const char *store_label_kind_word(int kind); /* "text", "number", "bool"; "?" */

enum {
    LABEL_GROUPS = 1000,  /* different values (of numbers: bins) of a label */
    LABEL_ROWS = 1 << 24, /* values of frames of a run */
    LABEL_NAME_MOST = 64, /* characters */
};

/* A label as it is to be. kind 0, unit NULL, bin NaN: as it stands (new: text, none, every number a group of its own). bin: numbers are
 * grouped in steps of this width from 0 on. A kind never changes. */
struct store_label {
    const char *name, *unit;
    int kind;
    double bin;
};

/* A value. text: of a text; number: of a number, or 0 and 1 of a bool. */
struct store_label_value {
    const char *text;
    double number;
};

/* ---- values of frames, from a file ---- */

enum store_label_how { LABEL_BY_EVENT = 1, LABEL_BY_TIME, LABEL_BY_FRAME };

/* run: row. place: event number; UTC ns; number of the frame in its source (source: store_label_source). */
struct store_label_row {
    int64_t run;
    enum store_label_how how;
    int64_t place;
    uint32_t source;
    struct store_label_value value;
};

/* Values of one label of any number of runs, streamed: begin, put each row, end. They take the place of those that were given for frames
 * of these runs before (of the same layer, nominal or corrected) in one step, at the end; until then, or where it never comes, all
 * is as it was.
 *
 * tolerance  ns: a time is that of the nearest exposure, not farther than this
 * source     what the audit calls them: a file's name
 */
struct store_label_import {
    struct store_label label;
    bool corrected;
    int64_t tolerance;
    const char *source;
};
struct store_labels_in;
bool store_labels_begin(struct store *s, const struct store_label_import *what, struct store_labels_in **out,
                        struct error *err);
bool store_labels_put(struct store_labels_in *in, const struct store_label_row *row, struct error *err);
/* keep false: forget them. runs: rows of the runs, in the arena; join them then. Frees `in`, whatever comes of it. */
bool store_labels_end(struct store_labels_in *in, const struct store_by *by, bool keep, struct arena *a,
                      int64_t **runs, size_t *n_runs, struct error *err);

/* The number of a file in its run by its name, or by its whole path. A run of one file needs no name (NULL). ERROR_USAGE. */
bool store_label_source(struct store *s, int64_t run, const char *name, uint32_t *source, struct error *err);

/* ---- values of runs and stretches of time ---- */

/* runs NULL: every run, within the times. first_t, last_t: UTC ns, both included; INT64_MIN, INT64_MAX: open. A value of the same runs
 * and times takes the other's place; value NULL: none any more. Joins them. */
struct store_label_stretch {
    const int64_t *runs;
    size_t n_runs;
    int64_t first_t, last_t;
};
bool store_label_stretch(struct store *s, const struct store_by *by, const struct store_label *label,
                         const struct store_label_value *value, const struct store_label_stretch *where,
                         struct error *err);

/* ---- joining ---- */

/* What a join found: of the runs given, or of all runs that are due. */
struct store_label_joined {
    uint64_t runs, frames, unmatched, rows, unused; /* frames without a label; values without a frame */
};

/* Join again whatever is due: values that are new, runs that have new frames. One transaction a run, at most `most` runs (0: all). Cheap
 * when nothing is: two statements. */
bool store_labels_join(struct store *s, size_t most, struct store_label_joined *out, struct error *err);

/* ---- lists ---- */

/* What the frames of a run's jobs can be found by: how many have an event number and a time of exposure, from which to which, and the
 * largest number of a frame in its file. Reads all of them: for when nothing was found. */
struct store_label_keys {
    int64_t frames, events, first_event, last_event, times, first_t, last_t, last_frame;
};
bool store_label_keys(struct store *s, int64_t run, struct store_label_keys *out, struct error *err);

struct store_label_set {
    int64_t id, joined_t;
    const char *name, *unit, *rule; /* rule: how it was given last, in words */
    int kind;
    double bin; /* NaN: none */
    uint32_t version, n_groups, n_runs, n_stretches, n_due;
    uint64_t frames, unmatched, rows, unused; /* as of the last join of each run */
};
bool store_labels(struct store *s, struct arena *a, struct store_label_set **rows, size_t *n,
                  struct error *err);

struct store_label_given {   /* a value of a run or a stretch of time */
    int64_t run, ord;        /* 0: every run */
    int64_t first_t, last_t; /* INT64_MIN, INT64_MAX: open */
    const char *value;
};
bool store_label_stretches(struct store *s, const char *name, struct arena *a,
                           struct store_label_given **rows, size_t *n, struct error *err);

/* With all that was given and joined. */
bool store_label_remove(struct store *s, const struct store_by *by, const char *name, struct error *err);

/* ---- counts by label ---- */

/* A funnel of the frames with one value. value: the number, or the lower end of the bin; NaN: a text. The last group, no 0 and word "",
 * is of frames without a label, those not yet joined among them: all groups together are store_read_totals. */
struct store_label_group {
    uint32_t no;
    const char *word;
    double value;
    uint64_t frames, by_outcome[8], by_reason[REASON_END], lattices;
};

/* Numbers by value, texts by name. ERROR_USAGE: there is no such label. A statement, or one a job (jobs.jobs not NULL), and totals. */
bool store_label_groups(struct store *s, const char *name, struct store_jobs_of jobs, struct arena *a,
                        struct store_label_group **rows, size_t *n, struct error *err);

#endif
