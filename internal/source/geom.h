/* geom.h - CrystFEL geometry files (.geom): text in, panels out (FORMATS 5).
 *
 * Parsing touches nothing but the text. Numbers that the file takes from image files ("clen = /path mm") are given by the
 * caller when the detector is made. Lengths in a struct geom are metres and pixels as in the file; a struct detector
 * made of it has mm in the laboratory frame.
 */
#ifndef XFELX_SOURCE_GEOM_H
#define XFELX_SOURCE_GEOM_H

#include "base/base.h"
#include "model/model.h"

enum { GEOM_MASKS = 8, GEOM_DIMENSIONS = 8, GEOM_FLAGS = 16 };

enum { GEOM_DIM_NONE = 0, GEOM_DIM_FRAME, GEOM_DIM_SLOW, GEOM_DIM_FAST, GEOM_DIM_NUMBER };

/* A number, or where in the image file it is. */
struct geom_value {
    double value;     /* in the base unit (m, eV), when path is NULL */
    const char *path; /* in the file; "%" = the shot's group */
    double factor;    /* base units of one of the file's */
};

struct geom_mask {
    const char *data, *file; /* dataset; file, NULL: the image's own */
    uint32_t good, bad;
    bool has_good, has_bad;
};

struct geom_panel {
    const char *name;
    double min_fs, max_fs, min_ss, max_ss; /* inclusive; NaN: not given (as for all below) */
    double corner_x, corner_y;             /* px */
    double fs[3], ss[3];
    bool has_fs, has_ss;
    double res;     /* px per m */
    double coffset; /* m */
    bool has_clen;
    struct geom_value clen; /* m */
    double adu_per_ev, adu_per_photon, max_adu;
    const char *data;
    struct {
        int kind; /* GEOM_DIM_… */
        uint32_t number;
    } dim[GEOM_DIMENSIONS];
    struct geom_mask mask[GEOM_MASKS];
    int32_t edge; /* mask_edge_pixels */
    struct {
        int kind; /* 0 equal, -1 less than, 1 more than */
        double value;
    } flag[GEOM_FLAGS];
    size_t n_flags;
    bool no_index;
};

struct geom_bad {
    const char *name, *panel;          /* NULL: the only panel */
    double min_x, max_x, min_y, max_y; /* NaN: a region of slab pixels */
    double min_fs, max_fs, min_ss, max_ss;
    bool in_lab, in_slab;
};

struct geom_group {
    const char *name;
    size_t n_members;
    const char **members;
};

struct geom {
    const char *name; /* file, for messages */
    size_t n_panels, n_bad, n_groups, n_notes;
    struct geom_panel *panels;
    struct geom_bad *bad;
    struct geom_group *groups;
    bool has_wave;
    struct geom_value energy; /* eV */
    double wavelength;        /* Å; 0: energy counts */
    bool has_clen;
    struct geom_value clen;             /* m, for panels without their own */
    struct geom_value shift_x, shift_y; /* m */
    const char *notes[16];
};

/* Parse n bytes. ERROR_METADATA (or ERROR_UNREADABLE: no text of this kind) with the line. */
bool geom_parse(const char *text, size_t n, const char *name, struct arena *a, struct geom *out,
                struct error *err);

/* Read and parse a file (at most 16 MiB). */
bool geom_read(const char *path, struct arena *a, struct geom *out, struct error *err);

/* Panels and tree (groups as nodes). clen: metres for each panel, without coffset; shift: metres; energy: eV, for
 * adu_per_eV, 0: not known. Panels with no_index stay: their pixels are masked by geom_mask_regions. */
bool geom_detector(const struct geom *g, const double *clen, const double shift[2], double energy,
                   struct arena *a, struct detector **out, struct error *err);

/* Set pixels of bad regions, of masked edges and of panels that are not used to 0 in mask [n_pixels]. */
bool geom_mask_regions(const struct geom *g, const struct detector *d, uint8_t *mask, struct error *err);

#endif
