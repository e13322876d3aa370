/* integrate.h - intensities of predicted reflections by summation over shoeboxes (ALGORITHMS 5.3 - 5.8, 6).
 *
 * Two sets of rules:
 *   parity on    foreground, clipped plane, sums (in float, raster order), variances and dropping rules of
 *                DIALS 3.12's stills_process: I and σ equal to 1e-4 and better for the same crystal, geometry
 *                and mask. Neighbours do not exist (integrate_rows).
 *   parity off   sums over ellipses of the size that the lattice's spots were measured to have; Poisson
 *                maximum-likelihood background outside all spots of all lattices; spots that share pixels are
 *                fitted together and flagged; a profile fit of every spot beside its sum; variance from
 *                background and signal model; reflections too far from the Ewald sphere to have photons are
 *                taken out (integrate_spots). Left out and flagged: overloaded reflections, those cut by an
 *                edge or touched by a bad pixel, and spots in one place that cannot be told apart.
 *
 * Worked example, one frame (memory from the caller, nothing is kept between calls):
 *
 *     struct integrate_params params;                                       // once a recipe
 *     integrate_params_default(&params, parity);
 *     double gain = params.gain > 0 ? params.gain : 1;
 *     background_limits_init(&limits, params.read_noise / gain, params.alpha);   // not needed under parity
 *     params.limits = &limits;
 *     void *work = arena_alloc(thread_arena, integrate_work_size(capacity));     // once a thread
 *
 *     struct integrate_frame frame = {
 *         .view = {panels, n_panels, &beam},
 *         .pixels = pixels, .type = type, .mask = mask,
 *         .spots = spots, .n_spots = n_spots, .strong = strong, .n_strong = n_strong,
 *         .indexed = indexed, .n_indexed = n_indexed,
 *         .ops = group->ops, .n_ops = group->n_ops,
 *     };
 *     struct integrate_result result;
 *     size_t n = integrate_frame(&params, &frame, lattices, n_lattices, rows, capacity, &result, work);
 *
 * rows[0 … n) are the integrated ones by lattice, panel, h, k, l. Of each lattice n_integrated, sigma_b and
 * res_a are set, and reason (enum integrate_reason) where it came out empty.
 */
#ifndef XFELX_KERNELS_INTEGRATE_H
#define XFELX_KERNELS_INTEGRATE_H

#include "kernels/background.h"
#include "kernels/predict.h"
#include "kernels/profile.h"
#include "kernels/types.h"

enum integrate_background { INTEGRATE_BACKGROUND_ML, INTEGRATE_BACKGROUND_DIALS };

/* Parity off. SUM and PROFILE measure alike, by sum and by fit; PROFILE leaves out what could not be fitted, and judges
 * resolution and significance by the fits. RINGS is CrystFEL's way: sums over a fixed circle, a constant background from a fixed
 * ring, neither restored to whole spots nor fitted; spots that share pixels are flagged and have each other's photons. */
enum integrate_method { INTEGRATE_SUM, INTEGRATE_RINGS, INTEGRATE_PROFILE };

/* Numbers of struct lattice.reason that integration gives, as in the model's table of reasons (WORDS 2). */
enum integrate_reason {
    INTEGRATE_SIGMA_B = 20,
    INTEGRATE_NO_PREDICTION = 21,
    INTEGRATE_FEW_INTEGRATED = 22,
    INTEGRATE_SIGNIFICANCE = 23,
};

struct integrate_params {
    bool parity; /* DIALS 3.12's rules; background must then be INTEGRATE_BACKGROUND_DIALS */
    enum integrate_background background; /* xfelx.integration.background */
    enum integrate_method method;         /* xfelx.integration.method; SUM under parity */
    double rings[3]; /* RINGS: radii of the circle, of the ring's inside and outside, px: 4 5 7 */
    bool partials;   /* note the share of each reflection that was recorded; false: all 1 */
    struct predict_params predict; /* prediction.d_min, d_max */
    double n_sigma;                /* 3: foreground radius in σ_b (profile.gaussian_rs.parameters.n_sigma) */
    double sigma_b;                /* radians; > 0 replaces the measured one (…parameters.sigma_b) */
    double sigma_b_cutoff;         /* radians; a lattice at or above it is not integrated; 0: no cut-off */
    double sigma_b_multiplier;     /* 2: half side of the box over the foreground's radius */
    double valid_foreground_threshold; /* 0.75: smaller shares of valid foreground are flagged */
    double outlier_n_sigma;            /* 4: of the DIALS background */
    int32_t min_background;            /* pixels: 10 under parity, 20 else */
    int32_t plane_min;                 /* pixels: fewer give a constant in the ML background; 60 */
    double detector_gain;              /* 1: factor on variances (integration.summation.detector_gain) */
    double gain;                       /* ADU per photon; 0: judged from the frame. Not used under parity */
    double read_noise;                 /* ADU per pixel and frame. Not used under parity */
    double alpha;                      /* 1e-3: for background_limits_init */
    const struct background_limits *limits; /* of the ML background; used where the frame agrees with them */
    bool significance;                      /* significance_filter.enable */
    double significance_d_min;              /* Å; 0: of the reflections */
    int32_t significance_bins;              /* 20 */
    double significance_cutoff;             /* 1: I/σ */
};

/* Defaults of SCIENCE 1.2, for parity on or off. limits stays NULL. */
void integrate_params_default(struct integrate_params *p, bool parity);

struct integrate_frame {
    struct view view;
    const void *pixels; /* all panels one after the other (panel.first_pixel) */
    enum pixel_type type;
    const uint8_t *mask; /* one byte a pixel, 1 = use; NULL: use all. Trusted ranges are tested besides */
    const struct spot *spots; /* strong spots of the frame */
    size_t n_spots;
    const struct strong_pixel *strong; /* their pixels */
    size_t n_strong;
    const struct reflection *indexed; /* rows of the indexed table, with s1 and spot, for σ_b and for flags */
    size_t n_indexed;
    const struct symop *ops; /* of the space group, for absences */
    size_t n_ops;
};

struct integrate_result {
    size_t n_predicted; /* over all lattices that were integrated */
    size_t n_integrated;
    /* why predictions are not among the integrated; one reflection may count in several */
    size_t n_bad_foreground, n_no_box, n_overloaded, n_overlapped, n_no_background, n_insignificant;
    bool truncated; /* capacity was too small for the predictions */
};

/* Bytes of work memory, 16-byte aligned, for at most `capacity` predictions of a frame. */
size_t integrate_work_size(size_t capacity);

/* A whole frame: σ_b, prediction, matching with the indexed rows, integration, dropping rules, resolution.
 *
 * lattices   in: A, half_mosaicity_deg, domain_size_ang; out: sigma_b, n_integrated, res_a, reason when empty
 * out        [capacity] predictions, then the integrated rows
 * returns    number of integrated rows
 */
size_t integrate_frame(const struct integrate_params *p, const struct integrate_frame *f,
                       struct lattice *lattices, size_t n_lattices, struct reflection *out, size_t capacity,
                       struct integrate_result *result, void *work);

/* ---- its steps ---- */

/* First half of integrate_frame: σ_b of each lattice and its predictions. Returns how many rows are in out; when
 * result->truncated is set, capacity was too small and result->n_predicted is what it would take. */
size_t integrate_predict(const struct integrate_params *p, const struct integrate_frame *f,
                         struct lattice *lattices, size_t n_lattices, struct reflection *out, size_t capacity,
                         struct integrate_result *result);

/* Second half: match, integrate, drop. out [n] as integrate_predict left it. Returns the number of integrated rows. */
size_t integrate_predicted(const struct integrate_params *p, const struct integrate_frame *f,
                           struct lattice *lattices, size_t n_lattices, struct reflection *out, size_t n,
                           struct integrate_result *result, void *work);

/* Set flags indexed, used_in_refinement, strong and reference_spot (within 2 px), and `spot`, of predictions
 * from the indexed rows of the same hkl, panel and lattice. rows must be sorted by lattice, panel, h, k, l,
 * as predict_lattice gives them one lattice after the other; indexed in any order. */
void integrate_match(struct reflection *rows, size_t n, const struct reflection *indexed, size_t n_indexed);

/* Integrate rows that carry panel, lattice, s1, cal_px by DIALS' rules: fills boxes, intensities, variances,
 * background.*, num_pixels.*, xyzobs and flags. A row's lattice must be < n_lattices; its sigma_b is used.
 * Rows are not dropped or reordered. work: integrate_work_size(n). */
void integrate_rows(const struct integrate_params *p, const struct integrate_frame *f,
                    const struct lattice *lattices, size_t n_lattices, struct reflection *rows, size_t n,
                    void *work);

/* The same by our own rules (parity off): sums over ellipses of the spots' measured size, overlapping spots fitted together, rows
 * that are too far from the Ewald sphere to have photons taken out. Returns how many rows stay, in their order. */
size_t integrate_spots(const struct integrate_params *p, const struct integrate_frame *f,
                       const struct lattice *lattices, size_t n_lattices, struct reflection *rows, size_t n,
                       void *work);
/* Would the row be written to an integrated table, by the rules in p? */
bool integrate_keeps(const struct integrate_params *p, const struct reflection *row);

/* Shells of equal volume in reciprocal space between the largest and smallest d of the rows. */
struct integrate_shells {
    int32_t n;          /* 1 … 100 */
    double d_min;       /* Å; 0: of the rows */
    double cutoff;      /* of the mean I/σ */
    bool positive_only; /* DIALS' significance filter leaves negative intensities out of the mean */
    bool fitted;        /* of the profile fits, not of the sums */
};

/* Å: the high-resolution edge of the last shell before the mean I/σ first falls below the cut-off; 0: already
 * the first shell does (or there are no rows). */
double integrate_resolution(const struct reflection *rows, size_t n, const struct integrate_shells *shells);

#endif
