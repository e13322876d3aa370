/* glow.h - what a frame shows beside its crystals: solvent, ice, salt, how long its spots are (ALGORITHMS 2.13). Private to pipeline/.
 *
 * Where bands of resolution lie on a detector is laid down once for a detector, a mask and a step of the wavelength (0.4 %, so that
 * shots of one pulse train share it and a frame gets the same numbers whatever was looked at before it).
 */
#ifndef XFELX_PIPELINE_GLOW_H
#define XFELX_PIPELINE_GLOW_H

#include "kernels/ice.h"
#include "kernels/rings.h"

struct recipe;
struct result;
struct workspace;

/* radial_average.two_theta_*, degrees; 0 0: the water ring (3.1 to 3.4 Å) against 5.7 to 6.3 Å. */
struct glow_params {
    double two_theta_low, two_theta_high;
    double cutoff; /* ratio from which on a frame shows solvent */
};

enum glow_table { GLOW_SOLVENT, GLOW_ICE, GLOW_SALT, GLOW_TABLES };

/* A plan of one detector. Grown memory; zeros: none. */
struct glow_plan {
    bool known;
    uint64_t key;
    uint32_t area[GLOW_TABLES][RINGS_BANDS]; /* pixels of the sample */
    struct ring_run *runs;
    size_t room;
    size_t *first; /* [GLOW_TABLES][n_panels + 1]: runs of each panel */
    size_t first_room;
};
enum { GLOW_PLANS = 8 };
struct glow_plans {
    struct glow_plan plans[GLOW_PLANS];
};
void glow_free(struct glow_plans *g);

/* The frame in hand, with masks and spots: out->glow and its flags. Nothing is known of a frame whose detector has no place. */
void glow_measure(const struct recipe *r, struct workspace *w, struct result *out);

#endif
