/* predict.h - which reflections a still shows, and where (ALGORITHMS 4.2, 4.5, 5.1, 5.2).
 *
 * Each node of the lattice is turned by the smallest angle Δψ that brings it onto the Ewald sphere; the
 * reflection is seen when |Δψ| lies within the envelope that mosaicity and domain size of the crystal allow.
 * Numbers are those of DIALS' StillsRayPredictor and NaveStillsReflectionPredictor.
 *
 *     struct predict_params params = {.d_min = 0};    // 0: to the farthest corner of the detector
 *     size_t n = predict_lattice(&params, &view, &lattice, number, sg.ops, sg.n_ops, out, capacity);
 *     if (n > capacity)
 *         …                                           // more than fit: n is what it would take
 */
#ifndef XFELX_KERNELS_PREDICT_H
#define XFELX_KERNELS_PREDICT_H

#include "kernels/types.h"

/* Envelope of a lattice without mosaicity and domain size, radians (DIALS' constant). */
#define PREDICT_DEFAULT_ENVELOPE 0.0015

/* Largest |h|, |k|, |l| that is looked at. Cells that would need more are predicted to this index only. */
#define PREDICT_MAX_INDEX 1000

/* Nodes near the sphere that are tried at most. A lattice that has more (a domain size of a few ångström, say) is no lattice:
 * nothing is predicted. */
#define PREDICT_MAX_NODES 4000000

/* Detector and beam of the frame. */
struct view {
    const struct panel *panels;
    size_t n_panels;
    const struct beam_vector *beam;
};

struct predict_params {
    double d_min; /* Å; 0: predict_d_min */
    double d_max; /* Å, reflections of larger spacing are left out; 0: no limit */
    /* 0: the envelope of DIALS, in which half of the half mosaicity counts (predict_envelope). Else the whole envelope that the
     * spots' own Δψ were found to fill, times this: wide, for a later cut by the intensities themselves. */
    double widen;
};

/* The predicted diffracted beam of node hkl and its Δψ.
 *
 * A        columns a*, b*, c*
 * s1       out: 1/Å, |s1| = 1/λ
 * delpsi   out: radians; > 0: the node lies inside the Ewald sphere
 * returns  false for hkl = 0, nodes beyond the limiting sphere (d ≤ λ/2) and nodes on the beam itself
 */
bool predict_ray(const double A[9], const struct beam_vector *beam, const int32_t hkl[3], double s1[3],
                 double *delpsi);

/* Largest |Δψ| at spacing d (Å), radians: d/D + (half mosaicity)/2 (ALGORITHMS 4.5: DIALS' own
 * halving). */
double predict_envelope(const struct lattice *lattice, double d);

/* Largest |Δψ| that is predicted at spacing d, radians. */
double predict_reach(const struct predict_params *params, const struct lattice *lattice, double d);

/* Standard deviation of Δψ at spacing d, radians, for weights and partialities: hypot(η/2, d/2D)/√3
 * (ALGORITHMS 4.3). */
double predict_sigma_psi(const struct lattice *lattice, double d);

/* Is hkl extinct by a centring, screw axis or glide plane among the operators? An operator {R|t} with h·R = h
 * and h·t not an integer extinguishes h. n_ops 0: nothing is absent. */
bool predict_absent(const struct symop *ops, size_t n_ops, const int32_t hkl[3]);

/* Resolution (Å) of the detector's farthest corner; 0 without panels. */
double predict_d_min(const struct view *view);

/* The panel that the ray meets first, and where: false when it hits none. mm decides (as in dxtbx), so that
 * with parallax px may lie a little outside the panel's edge. */
bool predict_impact(const struct view *view, const double s1[3], uint32_t *panel, double mm[2], double px[2]);

/* Every reflection of a lattice that the detector sees: d ≥ d_min, not absent, |Δψ| within the envelope, ray
 * inside a panel. Sorted by panel, h, k, l.
 *
 * number    of the lattice in the frame, copied to each row
 * out       [capacity]: hkl, panel, flags (predicted), lattice, spot (-1), s1, cal_px, cal_mm, delpsi, d,
 *           partiality (Gaussian) are set, the rest zero
 * returns   how many there are. When that exceeds capacity, the rows in out are not all (but sorted). 0 for
 *           impossible lattices
 *
 * For each (h, k) the l near the sphere are found from a quadratic, so that the cost goes with the
 * reflections seen plus the number of (h, k), not with the number of nodes. The same set as trying every node
 * (a test does).
 */
size_t predict_lattice(const struct predict_params *params, const struct view *view,
                       const struct lattice *lattice, uint32_t number, const struct symop *ops, size_t n_ops,
                       struct reflection *out, size_t capacity);

#endif
