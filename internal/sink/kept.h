/* kept.h - results as a sink keeps them until it writes, and the tables that become files. Private to sink/.
 *
 * A table is what one pair of files holds: a list of experiments (one lattice on one frame; in imported and strong files one
 * frame) with their rows. Everything is in the order (source, frame, lattice).
 */
#ifndef XFELX_SINK_KEPT_H
#define XFELX_SINK_KEPT_H

#include "model/model.h"
#include "sink/journals.h"

enum table_kind { TABLE_STRONG = 1 << 0, TABLE_INDEXED = 1 << 1, TABLE_INTEGRATED = 1 << 2 };

/* A distinct detector of the frames so far. */
struct kept_detector {
    struct kept_detector *next;
    uint64_t fingerprint;
    const struct detector *detector;
    int32_t number; /* in the file being written; -1: not yet used there */
};

struct kept_frame {
    uint32_t source, frame;
    bool single;
    const char *path;
    struct beam beam;
    struct kept_detector *detector;
    size_t n_spots, n_pixels, n_lattices, n_indexed, n_integrated;
    const struct spot *spots;          /* when strong files, shoeboxes or streams are written, else NULL */
    const struct strong_pixel *pixels; /* when shoeboxes are written, else NULL */
    const struct lattice *lattices;
    const struct reflection *indexed, *integrated;
    enum outcome outcome;
    /* [n_lattices] rows of each, in place of the rows: those are read again when they are written; NULL: they are here */
    const uint32_t *indexed_of, *integrated_of;
    const struct journals_frame *record; /* where they are */
};

struct experiment {
    uint32_t frame;           /* number in the table's frames */
    int32_t lattice;          /* -1: none, the frame itself */
    size_t first_row, n_rows; /* of the frame's spots, indexed or integrated rows */
    char identifier[37];
};

struct table {
    enum table_kind kind;
    struct kept_frame **frames; /* those with an experiment */
    size_t n_frames;
    struct experiment *experiments;
    size_t n_experiments, n_rows;
};

/* The table of a kind from frames in order. Strong: every frame is an experiment. Else: every lattice that has rows. */
struct table *table_make(struct arena *a, enum table_kind kind, struct kept_frame *const *frames, size_t n,
                         const char *recipe_hash);

/* Rows of a frame for a table of reflections. */
const struct reflection *kept_rows(const struct kept_frame *f, enum table_kind kind, size_t *n);

/* How many rows each lattice has. out [n_lattices] zeros. */
void kept_count_rows(const struct kept_frame *f, enum table_kind kind, uint32_t *out);

/* Number the frames' detectors 0, 1, … in the order of first use. Returns how many there are. */
int32_t kept_number_detectors(struct kept_frame *const *frames, size_t n);

/* One of our own checks before anything is written: what a reader would crash on or silently take wrong (SCIENCE 2).
 * ERROR_INTERNAL names the frame, the row and what is wrong. */
bool kept_check(const struct kept_frame *f, struct error *err);

/* No two experiments of these frames have the same identifier. */
bool kept_check_identifiers(struct kept_frame *const *frames, size_t n, const char *recipe_hash,
                            struct error *err);

#endif
