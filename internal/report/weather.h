/* weather.h - the computational weather: what each rank of each try did when, from the times of the stages of its frames (F-036).
 *
 * Time is cut into WEATHER_BINS equal parts of each try, so that memory is that of the ranks (10 KB each), not of the frames: of a short
 * job a part is less than a frame, and the row is the frames one after the other; of a long one a part holds many, and says what most of
 * its time went into.
 */
#ifndef XFELX_REPORT_WEATHER_H
#define XFELX_REPORT_WEATHER_H

#include "store/store.h"

enum { WEATHER_BINS = 200, WEATHER_RANKS = 4096, WEATHER_ROWS = 128 };

/* Stages by what they wait for: the disk and unpacking; pixels; lattices; reflections. */
enum weather_kind { WEATHER_READ, WEATHER_SPOTS, WEATHER_INDEX, WEATHER_INTEGRATE, WEATHER_KINDS };
enum weather_outcome { WEATHER_BLANK, WEATHER_HIT, WEATHER_INDEXED, WEATHER_FAILED, WEATHER_OUTCOMES };
extern const char *const weather_kinds[WEATHER_KINDS], *const weather_outcomes[WEATHER_OUTCOMES];
extern const char weather_letters[WEATHER_KINDS + 1];

struct weather_rank {
    const struct store_rank *rank;
    uint32_t threads;                              /* of the try; 0: not known */
    float busy_ms[WEATHER_BINS][WEATHER_KINDS];    /* of all threads */
    uint32_t done[WEATHER_BINS][WEATHER_OUTCOMES]; /* frames that ended there */
    uint32_t outcomes[WEATHER_OUTCOMES];
    uint64_t frames;
    double duty, frame_ms; /* share of its threads' time; mean of a frame. NaN: not known */
    int idle_from, idle_n; /* its longest pause between frames, bins; n 0: none worth a word */
    bool late;             /* the others waited for it at the end */
    bool slow;             /* a frame takes it half as long again as the median rank */
};

/* A try: its ranks are rows [first, first + n). Times ns. */
struct weather_try {
    int64_t job, attempt, begin, end;
    uint32_t no;
    size_t first, n;
    double duty; /* mean of its ranks', by threads, over the whole of the try */
};

struct weather {
    struct weather_try *tries;
    struct weather_rank *ranks; /* by attempt and rank */
    size_t n_tries, n_ranks;
    size_t left_out; /* ranks beyond WEATHER_RANKS */
};

/* Ranks as store_read_ranks gives them; jobs for their threads. Then every frame; then the figures. In the arena. */
void weather_begin(const struct store_rank *ranks, size_t n, const struct store_book_job *jobs, size_t n_jobs,
                   struct arena *a, struct weather *out);
void weather_add(void *weather, const struct store_spent *x);
void weather_end(struct weather *w);

/* All of these with the frames of the newest jobs (by number, as the store lists them), at most `most` frames; jobs_left: those whose frames were not read. */
bool weather_read(struct store *s, const struct store_rank *ranks, size_t n,
                  const struct store_book_job *jobs, size_t n_jobs, uint64_t most, struct arena *a,
                  struct weather *out, size_t *jobs_left, struct error *err);

/* What a part of a row is drawn as. kind: what most of the time went into; level: 0 idle … 9 all threads busy; outcome: of most of the
 * frames that ended there, failed where any did, -1: of none. */
struct weather_cell {
    enum weather_kind kind;
    int level, outcome;
};
struct weather_cell weather_cell(const struct weather *w, const struct weather_try *t, size_t row, int bin);

/* A line a rank in `columns` letters: r s i p for what it did (capital where half of its threads or more did), . where nothing; names
 * stragglers. */
void weather_text(const struct weather *w, int columns, struct str *out);
/* Pictures, one a try, at most WEATHER_ROWS rows each (several ranks a row where there are more). Well-formed as XML. */
void weather_svg(const struct weather *w, struct str *out);
/* {kinds, outcomes, tries: [{try, begin, end, duty, ranks: [{rank, host, frames, …, kind: "rsi·…", level: "09…", outcome: "bhif…"}]}]} */
void weather_json(const struct weather *w, const char *key, struct json_writer *j);

#endif
