/* label_match.h - which value belongs to which frame: arithmetic alone. Private to store/. */
#ifndef XFELX_STORE_LABEL_MATCH_H
#define XFELX_STORE_LABEL_MATCH_H

#include "store/label.h"

/* A value of a frame, as it was given. used: a frame has it. */
struct label_row {
    enum store_label_how how;
    uint32_t seq; /* later ones go over earlier ones */
    int64_t place;
    double value;
    int64_t exposure; /* by time: the nearest one; INT64_MIN: none yet */
    bool used;
};

/* Sort by (how, place) and keep of equal places the last one given. Returns how many are left. */
size_t label_rows_sort(struct label_row *rows, size_t n);

/* A frame as its row has it. event, t: INT64_MIN: not known. */
struct label_frame {
    uint32_t source, frame;
    int64_t event, t;
};

/* Times are matched both ways, so that neither a frame gets the value of its neighbour nor a value goes to two exposures: look at every
 * frame first, then ask. Frames of equal time share a value. The result does not depend on the order of the frames. */
void label_rows_look(struct label_row *rows, size_t n, const struct label_frame *f, int64_t tolerance);

/* The value of a frame, marked as used: by frame, by event, by time, in this order. NULL: none. */
const struct label_row *label_rows_find(struct label_row *rows, size_t n, const struct label_frame *f,
                                        int64_t tolerance);

/* A value of a run or a stretch of time. */
struct label_stretch {
    bool timed;
    int64_t first_t, last_t;
    double value;
};
/* The one that covers the frame: the last with times, else the last without. NULL: none. begin_t, end_t: of the run, where the frame
 * has no time: the whole run lies within. 0: not known. */
const struct label_stretch *label_stretch_find(const struct label_stretch *rows, size_t n,
                                               const struct label_frame *f, int64_t begin_t, int64_t end_t);

#endif
