/* stream.h - kept frames as the text of a CrystFEL stream 2.3 (FORMATS 4). Private to sink/.
 *
 * CrystFEL's frame: z along the beam, x to the left seen along the beam: (x, y, z) = (-x, y, -z) of ours. Lengths in nm, 1/nm
 * and m. Positions on the detector are those of the image as stored: a panel's own plus its place in the image.
 */
#ifndef XFELX_SINK_STREAM_H
#define XFELX_SINK_STREAM_H

#include "sink/kept.h"

/* Readers cut lines after 1022 bytes (a path stands behind a word), and know panels of at most 63. */
enum { STREAM_PATH_MAX = 1000, STREAM_PANEL_MAX = 63 };

struct stream_style {
    const char *program;     /* "xfelx 0.1.0" */
    const char *recipe_hash; /* in place of a command line: streams depend on the results alone */
    const char *hall;        /* space group of the crystals, a tabulated setting */
    const double *cell;      /* [6] the cell that was looked for, Å and degrees; NULL: none */
    const uint64_t *serials; /* [n frames] from 1, unique in the run */
    bool fitted;             /* intensities of the profile fits, not the sums */
};

/* How a stream speaks of crystals of a space group: "tetragonal", 'P', 'c'. Trigonal crystals on hexagonal axes are hexagonal,
 * with centring H when they are centred; no unique axis is '*'. */
struct stream_symmetry {
    const char *lattice_type;
    char centering, unique_axis;
};
bool stream_symmetry(const char *hall, struct stream_symmetry *out, struct error *err);

/* Names and places of the panels in a stream's geometry. Names that a .geom file cannot hold (it splits at the first "/") are
 * replaced, all of them, by p0, p1, …  stacked: the file says no places in one image, so each panel is a layer of its own. */
struct stream_panels {
    const char **names;    /* [n_panels] */
    int32_t (*offsets)[2]; /* [n_panels] fast, slow */
    bool stacked;
};
void stream_panels(const struct detector *d, struct arena *a, struct stream_panels *out);

/* The .geom text of a detector. single: images of files of their own, else frames of containers.
 * ERROR_UNSUPPORTED: larger than the MiB that readers take. */
bool stream_geometry(const struct detector *d, const struct stream_panels *panels, const struct beam *beam,
                     bool single, struct str *out, struct error *err);

/* Append the whole stream of frames in order that share one detector. At least one frame. */
bool stream_text(struct kept_frame *const *frames, size_t n, const struct stream_style *style,
                 struct str *out, struct error *err);

#endif
