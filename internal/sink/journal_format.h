/* journal_format.h - bytes of journals, between their writer and their reader. Private to sink/. */
#ifndef XFELX_SINK_JOURNAL_FORMAT_H
#define XFELX_SINK_JOURNAL_FORMAT_H

#include "sink/journal.h"

enum {
    JOURNAL_VERSION = 1,
    JOURNAL_HEADER = 64,
    JOURNAL_SLOT = 64,
    JOURNAL_FIRST = 8192, /* offset of the first record */
    RECORD_HEADER = 32,
    RECORD_MAX = 64 << 20,
    FRAME_FIXED = 128,
    LATTICE_FIXED = 432,
    LATTICES_MAX = 255,
    TABLES_MAX = 512 << 20, /* bytes of a frame's tables in memory: no real frame comes near */
};

extern const uint8_t journal_magic[8];

/* Kinds of tables in the variable part of a FRAME. */
enum journal_table {
    TABLE_ROWS_INDEXED = 1, /* one a lattice */
    TABLE_ROWS_INTEGRATED,  /* one a lattice */
    TABLE_SPOTS,
    TABLE_PIXELS,   /* of the spots, for shoeboxes */
    TABLE_FRAME,    /* one row: struct frame_extra */
    TABLE_LATTICES, /* numbers of the lattices that their fixed part lacks or rounds */
    TABLE_MESSAGE,  /* bytes of a failed frame's line */
    JOURNAL_TABLES
};

/* What the fixed part of a FRAME lacks or rounds. */
struct frame_extra {
    double wavelength, direction[3], normal[3], fraction, energy_recorded, distance;
    int64_t stage_ns[STAGE_MAX];
    int32_t detector; /* number of its DETECTOR record; -1: none */
    int32_t single, energy_source, n_stages, thread;
    /* absent in journals of before 0.2: zeros, which mean not measured */
    int32_t n_ice, ice_known;
    double ring, low, ice, spot_length;
};

/* One table as in the file. */
struct table_head {
    unsigned kind, lattice;
    uint32_t rows, columns;
};

/* Append a table of a kind: rows structs of the kind's type in memory. Columns that are all zero are left out. */
void journal_columns_put(struct str *out, enum journal_table kind, unsigned lattice, const void *rows,
                         size_t n);

/* Bytes of a row in memory; 0: no such kind. */
size_t journal_row_size(unsigned kind);

/* The columns of a table into rows [head->rows] of zeros. ERROR_UNSUPPORTED, ERROR_DAMAGED. */
bool journal_columns_get(struct unwire *g, const struct table_head *head, void *rows, struct error *err);

/* The body of a FRAME record: a result with its detector's number. */
bool journal_frame_put(struct str *out, const struct result *r, int32_t detector, bool final, unsigned tries,
                       struct str *scratch, struct error *err);

/* Sources and detectors that a reader has seen so far. */
struct journal_seen {
    const char **paths;
    size_t n_paths;
    const struct detector **detectors;
    size_t n_detectors;
};
bool journal_frame_get(const uint8_t *body, size_t n, const struct journal_seen *seen, struct arena *a,
                       struct result *out, struct error *err);

#endif
