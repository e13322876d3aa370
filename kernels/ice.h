/* ice.h - is there ice (or salt) on a frame? Two pure decisions on rings of known spacings: light on them, and spots on them
 * (ALGORITHMS 2.13).
 *
 * Each ring has three bands: the ring itself, 1/d within 0.8 % of it, and its sides, 1.1 to 2.8 % below and above. What
 * crystals, solvent and air do is the same on a ring and on its sides, to first order whatever the slope; so neither a background nor a
 * density of spots has to be known, and detector, wavelength and geometry come in only through which pixels there are.
 */
#ifndef XFELX_KERNELS_ICE_H
#define XFELX_KERNELS_ICE_H

#include "kernels/rings.h"

enum substance { SUBSTANCE_ICE, SUBSTANCE_SALT, SUBSTANCES };

/* At most, of one substance; bands 3k, 3k + 1, 3k + 2 are below, on and above ring k. */
enum { ICE_RINGS = 8 };

/* Hexagonal ice (4.498 4.498 7.338 90 90 120, the cell of spotfinder.filter.ice_rings), its six rings from 3.90 to 2.07 Å that
 * stand alone; the stronger four of table salt (5.640, F m -3 m). Spacings in Å, by number of the ring; returns how many. */
size_t ice_spacings(enum substance what, double d[ICE_RINGS]);

/* Their bands for a wavelength. */
void ice_bands(enum substance what, double wavelength, struct ring_bands *bands);

/* Rings of light: powder. */
struct ice_light {
    bool known;       /* two rings or more can be seen */
    double contrast;  /* median over rings and sectors of (on - sides) / sides */
    double sigmas;    /* how sure it is: contrast by its standard error, from the spread of the sectors */
    size_t rings, up; /* rings that can be seen, and that stand out */
    bool stands;      /* contrast ≥ 5 %, ≥ 5 sigmas, ≥ 2 rings stand out */
};
void ice_judge_light(const struct ring_sums *sums, size_t n_rings, struct ice_light *out);

/* Spots on rings: grains. counts[3k …]: spots in each band; area: pixels of each band. */
struct ice_spots {
    uint32_t on, beside;
    double log10_chance; /* of so many or more on the rings, were spots as dense there as beside */
    size_t up;           /* rings with two or more, and more than chance has there */
    bool stands;         /* chance ≤ 1e-4, twice as dense as beside, ≥ 2 rings */
};
void ice_judge_spots(const uint32_t counts[RINGS_BANDS], const uint32_t area[RINGS_BANDS], size_t n_rings,
                     struct ice_spots *out);

/* Solvent: I(2θ high)/I(2θ low) from the sums of bands 0 (low) and 1 (high), over the sectors in which both are seen; false: fewer than
 * `least` pixels in one of them, or no light at the low angle. *low: the median there. */
bool solvent_ratio(const struct ring_sums *sums, uint32_t least, double *ratio, double *low);

#endif
