/* cbf.h - what the two kinds of CBF share: where each panel's pixels lie in the file's arrays. */
#ifndef XFELX_SOURCE_CBF_H
#define XFELX_SOURCE_CBF_H

#include "source/cif.h"

/* A panel's rectangle in a stored array. Dimensions are storage order: 0 fastest. */
struct cbf_place {
    const char *array;  /* its name in _array_data; NULL: the only one */
    int section;        /* -1: the file has no pixels for it */
    size_t start[3];    /* first element along each dimension, 0-based */
    uint8_t fast, slow; /* dimensions that the panel's axes run along */
};

/* source.own of both formats. */
struct cbf {
    struct cif cif;
    struct cbf_place *places; /* [n_panels] */
    bool *used;               /* [n_sections] a panel lies in it */
};

/* Fill detector, beam and places from axes and arrays (imgCIF), or from "# key value" lines (miniCBF). */
bool cbf_full_open(struct source *s, struct cbf *c, struct error *err);
bool cbf_mini_open(struct source *s, struct cbf *c, struct error *err);

/* Panels, tree and places from the axis tables of a full header (cbf_axes.c); detector not yet finished. */
bool cbf_axes_detector(struct source *s, struct cbf *c, struct error *err);

/* The "# key value" lines of a Dectris-like header, NULL: the file has none; sensor and type into all panels.
 */
const char *cbf_header_lines(const struct cif *c);
void cbf_header_sensor(const char *lines, struct detector *d, struct arena *a);

#endif
