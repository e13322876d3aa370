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

/* Where a rank's journal lies below the folder of a job's journals (STORE 2). In the arena. */
char *journals_path(struct arena *a, const char *folder, uint64_t attempt, uint32_t rank);

/* Paths of all journals below that folder, by attempt and rank. rank: only of this one; -1: of all. No folder, no journals. One whose
 * head is not whole holds nothing and is left out. */
bool journals_list(const char *folder, int64_t rank, struct arena *a, char ***paths, size_t *n,
                   struct error *err);

/* The largest number of an attempt of which a journal lies below that folder; 0: there is none. */
bool journals_last_attempt(const char *folder, uint64_t *attempt, struct error *err);

/* A frame and its record. */
struct journals_frame {
    uint32_t source, frame;
    uint32_t rank, journal; /* journal: number in the paths */
    uint64_t attempt, offset;
    bool final;
    uint8_t tries; /* how often it was tried: of the last record of it */
    uint8_t outcome, n_lattices;
};

/* Read all records. A journal whose recipe differs from the others', or that is of another version, is refused: results are
 * never mixed. Torn ends and gaps are no error (journals_reader). */
bool journals_open(const char *const *paths, size_t n, struct journals **out, struct error *err);
void journals_close(struct journals *j);

/* In the order (source, frame). */
const struct journals_frame *journals_frames(const struct journals *j, size_t *n);

/* Of frame number i of these another record counts, where this rank has a final one that no VOID names: its row is in the store. */
void journals_prefer(struct journals *j, size_t i, uint64_t attempt, uint32_t rank);

/* Final records that do not count and that no VOID names: frames that two ranks did. A second record of the rank that counts is none
 * of them, since a VOID would name both; of those the earlier counts. */
const struct journal_void *journals_doubles(struct journals *j, size_t *n);

/* A frame's result; tables from the arena, path and detector live as long as the journals. */
bool journals_result(struct journals *j, const struct journals_frame *f, struct arena *a, struct result *out,
                     struct error *err);

/* How many there are; of each its gaps, its torn end, what its threads were busy with. */
size_t journals_count(const struct journals *j);
const struct journal_reader *journals_reader(const struct journals *j, size_t i);

#endif
