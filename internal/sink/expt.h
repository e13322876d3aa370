/* expt.h - a table as the text of an .expt file: DIALS' experiment list (FORMATS 1). Private to sink/. */
#ifndef XFELX_SINK_EXPT_H
#define XFELX_SINK_EXPT_H

#include "sink/kept.h"

struct expt_style {
    const char *hall;    /* space group of the crystals */
    const char *history; /* "2026-01-31T12:00:00Z|xfelx|0.1.0|integrated" */
    bool crystals;       /* false: imported, frames without lattices */
    bool profiles;       /* gaussian_rs with the lattice's sigma_b */
    bool covariance;     /* of B, and below "xfelx" the free cells it belongs to (FORMATS 1.5) */
};

/* Append the file's text. Equal detectors are one entry; a frame's lattices share its beam and imageset. */
void expt_text(const struct table *t, const struct expt_style *style, struct str *out);

#endif
