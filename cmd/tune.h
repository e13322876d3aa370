/* tune.h - the same frames twice, as they were processed and with changed parameters: read (tune_read.c), done (tune_run.c), said
 * (tune_say.c). Private to the command (tune.c).
 */
#ifndef XFELX_CMD_TUNE_H
#define XFELX_CMD_TUNE_H

#include "cmd/parameters.h"

#include "pipeline/pipeline.h"
#include "report/report.h"
#include "sink/sink.h"
#include "view/view.h"

/* Of one way of doing it. */
struct tune_way {
    struct params *params;
    struct recipe *recipe;
    const char *note; /* what of the run's survey could not be taken; NULL: nothing */
    struct source_list list;
};

/* What one frame came to, one way. */
struct tune_outcome {
    enum outcome outcome;
    enum reason reason;
    const char *message;
    uint32_t strong, lattices, indexed, integrated;
    double expected_false; /* Σ min(1, 10^-evidence) of its lattices (SCIENCE 11) */
    double res_a, rmsd_px; /* best of its lattices; NaN: none */
    double seconds;
    const struct result *result; /* kept of the named frame alone; detector and tables in the arena */
};

struct tune_frame {
    uint32_t source, frame;
    struct tune_outcome way[2]; /* before, after */
};

/* Counts of all frames, one way. */
struct tune_total {
    uint64_t hits, indexed, integrated, lattices;
    double expected_false, score; /* lattices less those expected to be false */
    double i_sigma;               /* median of I/σ of integrated reflections; NaN: none */
    double seconds;               /* a frame, mean */
};

struct tune {
    struct cli *cli;
    struct arena *a;
    const char *journal;      /* that has the frame */
    const char *const *paths; /* recorded, by source */
    size_t n_paths;
    const char *const *maps;
    struct tune_frame *frames; /* the named one first */
    size_t n_frames;
    struct tune_way way[2];
    bool changed; /* is there a second way at all? */
    struct param_difference *differences;
    size_t n_differences;
    struct tune_total total[2];
    struct paired_frames indexed; /* which frames were indexed: `first` before, `this` after */
    struct paired_verdict verdict;
    /* of the named frame, as its file has it */
    struct view_layout layout;
    const struct detector *drawn;
    struct beam beam;
};

/* --memory and --seconds, for those who start this for others: what would take too much ends by itself, and takes nobody with it. */
bool tune_limits(const struct cli *cli, struct error *err);

/* Frame and journal of the operand, parameters of both ways, and more frames to try. */
bool tune_read(struct tune *t, struct error *err);

/* All frames, both ways; totals. */
bool tune_run(struct tune *t, struct error *err);

void tune_text(const struct tune *t, struct str *out);
void tune_json(const struct tune *t, struct str *out);

#endif
