/* journals.h - the journals of a job taken together, all attempts: which frames are done, and where their results are (STORE 5.5).
 *
 * Of each frame one record counts: a final one before one that may be tried again, then the earliest (attempt, rank, place), none
 * that a VOID names. What counts does not depend on the order of the paths. Memory: some 40 bytes a frame; results are read one
 * by one.
 */
#ifndef XFELX_SINK_JOURNALS_H
#define XFELX_SINK_JOURNALS_H

#include "sink/journal.h"

struct journals;

/* A frame and its record. */
struct journals_frame {
    uint32_t source, frame;
    uint32_t rank, journal; /* journal: number in the paths */
    uint64_t attempt, offset;
    bool final;
    uint8_t tries; /* how often it was tried: of the last record of it */
};

/* Read all records. A journal whose recipe differs from the others', or that is of another version, is refused: results are
 * never mixed. Torn ends and gaps are no error (journals_reader). */
bool journals_open(const char *const *paths, size_t n, struct journals **out, struct error *err);
void journals_close(struct journals *j);

/* In the order (source, frame). */
const struct journals_frame *journals_frames(const struct journals *j, size_t *n);

/* A frame's result; tables from the arena, path and detector live as long as the journals. */
bool journals_result(struct journals *j, const struct journals_frame *f, struct arena *a, struct result *out,
                     struct error *err);

/* For its gaps, its torn end, what its threads were busy with. */
const struct journal_reader *journals_reader(const struct journals *j, size_t i);

#endif
