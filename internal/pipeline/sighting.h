/* sighting.h - what a survey sees of a frame. Private to pipeline/. */
#ifndef XFELX_PIPELINE_SIGHTING_H
#define XFELX_PIPELINE_SIGHTING_H

#include "pipeline/finding.h"

#include "kernels/lattice_free.h"

/* A spot of a frame: those of the best lattice, and those of none. */
struct sighted {
    uint32_t panel;
    double px[2], mm[2], cov[3], intensity; /* mm: parallax removed; cov xx, yy, xy, px² */
    int32_t hkl[3];                         /* 0 0 0: none */
};

struct sighting {
    uint64_t frame; /* number in the list */
    uint64_t rank;  /* of the sample's order: first bytes of the hash of (recorded path, frame) */
    bool hit;       /* it has spots enough; what follows is only then there */
    size_t n_spots;
    struct sighted *spots;
    bool placed; /* there is a lattice, the known cell's or its own; what follows is only then there */
    struct frame_id id;
    struct beam beam;
    struct detector *detector;
    bool indexed; /* with a known cell: */
    double A[9], shift_px[2];
    size_t cell_no, n_indexed;
    struct free_lattice own; /* without; accepted 0: none */
};

uint64_t sighting_rank(const char *recorded, uint32_t frame);
void sighting_pack(const struct sighting *s, struct str *out);
bool sighting_unpack(const void *data, size_t n, const struct recipe *r, struct arena *a,
                     struct sighting *out);

/* Rays of a sighting's spots on these panels (of its detector, moved or not): [n_spots], of spots numbered likewise. Returns how many. */
size_t sighting_rays(const struct sighting *s, const struct panel *panels, struct ray *rays, struct arena *a);

/* Solve the geometry from sightings in the order of the sample; says what came out, a line for people in the arena. */
void survey_geometry(const struct recipe *r, struct sighting *const *seen, size_t n, struct found *out,
                     struct arena *a, const char **text);

#endif
