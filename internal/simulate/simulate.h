/* simulate.h - made-up experiments with known truth: NXmx files for the demo, for tests, and for trying parameters out.
 *
 * A scene is the experiment: detector, mask, crystal, structure factors, background; it holds nothing that changes from shot
 * to shot. Frame n of a scene is a pure function of (scene, n): its own random numbers start from the seed and n, so that
 * frames can be made in any order and a longer run begins with the frames of a shorter one.
 *
 * Model (SCIENCE 6.1, a part of it): a reciprocal lattice point is a Gaussian, radial width from the domain size, tangential
 * from that and the mosaic spread; every pixel near a reflection is integrated over 2 x 2 samples and five wavelengths of the
 * shot's spectrum. Full intensities are Wilson-distributed, equal over the Laue group, zero where the space group says so,
 * with a temperature factor and horizontal polarization. Background: air scatter, two water rings, solid angle,
 * polarization. Shots differ in wavelength, crystal size, cell, orientation, background; some hit nothing. Photons are
 * Poisson counts; the detector counts them (no point spread, no noise), saturates, has a gap, dead and hot pixels.
 */
#ifndef XFELX_SIMULATE_SIMULATE_H
#define XFELX_SIMULATE_SIMULATE_H

#include "base/base.h"
#include "model/model.h"

enum { SIMULATE_LATTICES_MAX = 3 };

struct simulate_params {
    uint64_t seed;                 /* 1 */
    double cell[6];                /* 79 79 38 90 90 90: lysozyme */
    const char *space_group;       /* "P 43 21 2" */
    int32_t n_fast, n_slow;        /* 1024 1024 px, 64 … 8192 */
    double pixel;                  /* 0.1 mm */
    double distance;               /* 90 mm */
    double wavelength;             /* 1.3 Å */
    double shift_fast, shift_slow; /* 0 0 px: beam centre of the header minus the true one */
    double shift_distance;         /* 0 mm: distance of the header minus the true one */
    double hit_fraction;           /* 0.7 */
    int32_t lattices;     /* 1: crystals in a hit, at most SIMULATE_LATTICES_MAX; the others weaker */
    double bandwidth;     /* 0.001, Δλ/λ, standard deviation within a shot */
    double jitter;        /* 0.001, Δλ/λ, standard deviation from shot to shot */
    double domain_size;   /* 1500 Å, full width at half maximum in real space */
    double mosaicity_deg; /* 0.03, standard deviation */
    double cell_spread;   /* 0.001, relative standard deviation of each free axis */
    double brightness;    /* 400 photons: mean full intensity at low angle of a crystal of mean size */
    double b_factor;      /* 15 Å² */
    double background;    /* 0.5 photons per pixel on the stronger water ring */
    double d_min;         /* 0: to the corners of the detector; Å */
};

struct simulate_params simulate_defaults(void);

/* Truth of a frame. */
struct simulate_truth {
    double wavelength;  /* Å, mean of the shot's spectrum */
    double background;  /* factor on the scene's background */
    int32_t n_lattices; /* 0: blank */
    struct {
        double A[9]; /* columns a* b* c*, 1/Å, lab frame (ALGORITHMS 1.1) */
        double cell[6];
        double scale;          /* relative to the mean crystal */
        int32_t n_reflections; /* with at least one expected photon on the detector */
    } lattices[SIMULATE_LATTICES_MAX];
};

struct scene;

/* Resolve parameters: space group against cell, detector, mask, background. ERROR_USAGE names what is wrong. The scene
 * lives in the arena. */
struct scene *scene_make(const struct simulate_params *p, struct arena *a, struct error *err);

const struct simulate_params *scene_params(const struct scene *s);
const struct detector *scene_detector(const struct scene *s); /* as the header says */
const struct panel *scene_true_panel(const struct scene *s);
const uint8_t *scene_mask(const struct scene *s); /* 1 = good */
const struct space_group *scene_group(const struct scene *s);

enum { SIMULATE_SATURATION = 60000, SIMULATE_BAD_PIXEL = 65535 };

/* Work memory of a thread that makes frames. */
size_t scene_work_size(const struct scene *s);

/* Make a frame. pixels [n_slow][n_fast] out: counts, at most SIMULATE_SATURATION, masked pixels SIMULATE_BAD_PIXEL. */
void scene_frame(const struct scene *s, uint32_t n, uint16_t *pixels, struct simulate_truth *truth,
                 void *work);

/* ---- the file: NXmx, a gzip chunk a frame (FORMATS 3) ---- */

struct simulate_writer;

/* Create the file under a temporary name; it appears when it is complete. */
bool simulate_writer_open(const struct scene *s, const char *path, uint32_t n_frames,
                          struct simulate_writer **out, struct error *err);
/* Frames in order. */
bool simulate_writer_put(struct simulate_writer *w, const uint16_t *pixels,
                         const struct simulate_truth *truth, struct error *err);
/* Write what is known only now, the truth beside it (path with .h5 replaced by _truth.json), and rename. With a false error
 * before: simulate_writer_abandon. Both free the writer. */
bool simulate_writer_close(struct simulate_writer *w, struct error *err);
void simulate_writer_abandon(struct simulate_writer *w);

#endif
