/* look.h - single frames for those who want to see them: keyed by their job, few at a time. Part of the store's face. */
#ifndef XFELX_STORE_LOOK_H
#define XFELX_STORE_LOOK_H

#include "base/base.h"

struct store;

/* NaN where not known. path: of its file, absolute, as recorded. message: why it failed, or "". journal:
 * of the rank that worked on it, or "". */
struct store_look_row {
    uint32_t source, frame, n_strong, n_lattice;
    int outcome, reason;
    double res_a, energy_ev, distance_mm;
    int64_t done_t;
    int64_t file_size, file_t; /* of the file when the job opened it; file_t 0: not known */
    const char *path, *message, *journal;
};
struct store_look_lattice {
    uint32_t n_indexed, n_integrated;
    double rmsd_px, res_a, eta_deg, cell[6];
};

/* Frames of a job, those with most strong spots first: indexed ones; hits that are not (they should have been); all hits; failed ones, by
 * number. */
enum store_look_kind { LOOK_INDEXED, LOOK_SHOULD_INDEX, LOOK_HITS, LOOK_FAILED, LOOK_END };
bool store_look_list(struct store *s, int64_t job, enum store_look_kind kind, size_t limit, struct arena *a,
                     struct store_look_row **rows, size_t *n, struct error *err);

/* One frame with its accepted lattices; found false: there is none. */
bool store_look(struct store *s, int64_t job, uint32_t source, uint32_t frame, struct arena *a,
                struct store_look_row *row, struct store_look_lattice **lattices, size_t *n, bool *found,
                struct error *err);

#endif
