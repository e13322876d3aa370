/* detector.h - panels in space and the tree they hang from.
 *
 * panels[] hold laboratory frames and are what kernels use. The tree keeps the file's own grouping (quadrant, sensor, ASIC)
 * with frames local to the parent (FORMATS 1.4), for .expt files and metrology. Invariants of a detector that passed
 * detector_finish: axes orthonormal within 1e-6, pixel sizes > 0, 1 ≤ n_fast, n_slow ≤ 65536, n_pixels ≤ 2^28, every panel is
 * the leaf of exactly one node, first_pixel ascending without gaps.
 */
#ifndef XFELX_MODEL_DETECTOR_H
#define XFELX_MODEL_DETECTOR_H

#include "base/base.h"
#include "kernels/geometry_panel.h"
#include "kernels/types.h"

struct panel_info {
    const char *name;      /* unique */
    const char *type;      /* "SENSOR_PAD", "SENSOR_CCD", … decides min_spot_size=Auto */
    const char *material;  /* "Si", "" */
    int32_t raw_offset[2]; /* fast, slow offset in the image as stored, px */
};

struct detector_node {
    const char *name;
    int32_t parent; /* index of the parent, always smaller than its own; -1 for the root (node 0) */
    int32_t panel;  /* ≥ 0: a leaf, this panel; its frame is local and equals panels[panel] in the lab */
    double origin[3], fast[3], slow[3]; /* local to the parent */
};

struct detector {
    size_t n_panels, n_nodes, n_pixels;
    struct panel *panels;
    struct panel_info *info;
    struct detector_node *nodes; /* n_nodes 0 = flat: every panel hangs from the laboratory */
};

/* Room for n panels in the arena, with defaults: gain 1, pedestal 0, trusted ±(2^31-1), type "SENSOR_PAD", empty names. */
struct detector *detector_make(struct arena *a, size_t n_panels, size_t n_nodes);

/* Lab frames of the panels from the local frames of the tree (when n_nodes > 0), first_pixel, n_pixels, invariants.
 * Axes within the tolerance are made unit exactly. name is the file for messages. ERROR_METADATA names panel or node. */
bool detector_finish(struct detector *d, const char *name, struct error *err);

/* After panels[] were moved: make the leaves of the tree say the same, each along its unmoved parent. */
void detector_settle(struct detector *d);

/* Deep copy into another arena. */
struct detector *detector_copy(struct arena *a, const struct detector *d);

/* Where the beam meets the detector: index of the panel it hits, else of the panel whose edge it passes nearest; px is the
 * pixel position on that panel's plane. -1: it meets no plane. Rays, millimetres and pixels of one panel:
 * kernels/geometry_panel.h. */
int detector_beam_centre(const struct detector *d, const struct beam_vector *b, double px[2]);

/* Distance of a panel: length of the perpendicular from the sample to its plane, mm. */
double panel_distance(const struct panel *p);

/* Resolution d (Å) of a pixel position, and the smallest and largest of a detector's corners (INFINITY at the beam). */
double panel_resolution(const struct panel *p, const struct beam_vector *b, const double px[2]);
void detector_resolution(const struct detector *d, const struct beam_vector *b, double *d_min, double *d_max);

/* 64-bit fingerprint of everything that changes a position or the trusted range; equal geometry, equal number. */
uint64_t detector_fingerprint(const struct detector *d);

#endif
