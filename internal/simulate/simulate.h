/* simulate.h - made-up experiments with known truth: NXmx files for the demo, for tests, and for trying parameters out.
 *
 * A scene is the experiment: detector, mask, crystal, structure factors, background; it holds nothing that changes from shot
 * to shot. Frame n of a scene is a pure function of (scene, n): its own random numbers start from the seed and n, so that
 * frames can be made in any order and a longer run begins with the frames of a shorter one. What is switched off draws no numbers,
 * so that the frames of older versions stay what they were.
 *
 * Model (SCIENCE 6.1): a reciprocal lattice point is a Gaussian, radial width from the domain size, tangential from that and the
 * mosaic spread; every pixel near a reflection is integrated over 2 x 2 samples and every ray of the shot's beam (five wavelengths,
 * or the spikes of a SASE pulse; with divergence five directions each). Full intensities are Wilson-distributed or given, equal
 * over the Laue group, zero where the space group says so, with a temperature factor and horizontal polarization. Background: air
 * scatter, two water rings, rings of ice, salt crystals; solid angle, polarization. Shots differ in wavelength, direction and energy
 * of the pulse, crystal size, cell, orientation, background; some hit nothing. Photons are Poisson counts. The detector counts them,
 * or (gain, noise, point spread, drift) integrates their charge; it saturates, has gaps, dead and hot pixels, sensors of any
 * thickness. Faults (SCIENCE 6.2) make a run go wrong in a known way.
 */
#ifndef XFELX_SIMULATE_SIMULATE_H
#define XFELX_SIMULATE_SIMULATE_H

#include "base/base.h"
#include "model/model.h"

enum { SIMULATE_LATTICES_MAX = 3, SIMULATE_SPIKES_MAX = 40 };

/* Frames from first to last, last not included; nothing when they are equal. */
struct frame_range {
    uint32_t first, last;
};

struct simulate_params {
    uint64_t seed; /* 1 */

    /* crystal */
    double cell[6];          /* 79 79 38 90 90 90: lysozyme */
    const char *space_group; /* "P 43 21 2" */
    const struct intensities
        *structure;       /* NULL: Wilson. Scaled to the same mean at low angle; missing ones are zero */
    double domain_size;   /* 700 Å, full width at half maximum in real space */
    double mosaicity_deg; /* 0.03, standard deviation */
    double cell_spread;   /* 0.001, relative standard deviation of each free axis */
    double cell_breath;   /* 0: of all axes together */
    double brightness;    /* 400 photons: mean full intensity at low angle of a crystal of mean size */
    double size_spread;   /* 0.5, standard deviation of the logarithm of a crystal's scale */
    double b_factor;      /* 15 Å² */
    double d_min;         /* 0: to the corners of the detector; Å */
    double second_form;   /* 0: share of crystals whose c axis is 3 % longer */

    /* shots */
    double hit_fraction; /* 0.7 */
    int32_t lattices;    /* 1: crystals in a hit, at most SIMULATE_LATTICES_MAX; the others weaker */
    double background;   /* 0.5 photons per pixel on the stronger water ring */
    double dark;         /* 0: share of the blanks without a jet, air scatter only */
    double ice;          /* 0: photons per pixel on the strongest ring of ice */
    double ice_share;    /* 1: share of the shots that have it */
    double salt;         /* 0: share of the shots that hit a salt crystal as well */

    /* beam */
    double wavelength; /* 1.3 Å */
    double bandwidth;  /* 0.001, Δλ/λ, standard deviation within a shot */
    int32_t spikes;    /* 0: smooth spectrum; else random spikes of a SASE pulse under the same envelope */
    double jitter;     /* 0.001, Δλ/λ, standard deviation from shot to shot */
    double divergence; /* 0 mrad, standard deviation */
    double
        pointing; /* 0 mrad, standard deviation of the beam's direction from shot to shot; the header does not know */
    double pulse_spread; /* 0, relative standard deviation of the pulse energy (gamma distribution) */

    /* detector */
    const struct detector *detector; /* NULL: a flat panel of the sizes below. Panels as they are */
    const uint8_t *detector_mask;    /* [n_pixels] 1 = good; NULL: all */
    int32_t n_fast, n_slow;          /* 1024 1024 px, 64 … 8192 */
    double pixel;                    /* 0.1 mm */
    double distance;                 /* 90 mm */
    double thickness, mu;            /* 0 0: sensor, mm and 1/mm; both > 0: parallax */
    double gain, gain_spread;        /* 1 0: ADU a photon; relative standard deviation from pixel to pixel */
    double noise;                    /* 0 ADU a pixel and frame */
    double point_spread;             /* 0 px, standard deviation */
    double drift;                    /* 0 ADU, standard deviation of the pedestal from shot to shot */
    double saturation;               /* 60000 ADU */
    int32_t dead, hot;               /* 20 10: bad pixels, all in the mask */

    /* what the header gets wrong: header minus truth */
    double shift_fast, shift_slow; /* 0 0 px */
    double shift_distance;         /* 0 mm */
    double panel_shift;            /* 0 px, standard deviation of each panel's place along fast and slow */
    double panel_turn_mrad;        /* 0, of its turn in its plane */

    /* faults: see simulate_fault */
    double header_wavelength, header_gain, header_saturation; /* 1 1 1: factors */
    double one_panel_shift, one_panel_turn_deg;               /* 0 0: of panel 0, px and degrees */
    bool hot_row, dead_block;                                 /* not in the mask */
    bool duplicates;                                          /* every second frame is the one before */
    struct frame_range jet_off, ice_time;
    uint32_t moved_from; /* 0: never; the detector moves by moved_px along fast before this frame */
    double moved_px;
    double told_cell[6];          /* what the user is told; [0] 0: the truth */
    const char *told_space_group; /* NULL: the truth */
};

struct simulate_params simulate_defaults(void);

/* ---- faults and detectors by name ---- */

struct simulate_fault {
    const char *name, *value, *text; /* value: what it takes, NULL: nothing */
    double amount;                   /* when none is given */
    bool (*apply)(struct simulate_params *p, double amount, struct frame_range when, struct error *err);
};
extern const struct simulate_fault simulate_faults[]; /* ends with a row without name */

/* Apply "name", "name=AMOUNT" or "name=FIRST-LAST" (frames). ERROR_USAGE with the nearest names. */
bool simulate_fault(struct simulate_params *p, const char *text, struct error *err);

struct simulate_preset {
    const char *name, *text;
    int32_t modules_fast, modules_slow; /* grid */
    int32_t n_fast, n_slow;             /* pixels of a module */
    int32_t gap_fast, gap_slow;         /* pixels between modules */
    int32_t hole;   /* px: quadrants move outwards, each to its left, and leave a square hole; 0: none */
    bool one_image; /* one panel whose gaps are masked; else a panel a module */
    double pixel, distance, saturation; /* mm, mm, ADU */
    double thickness;                   /* mm of silicon; 0: no parallax */
    double gain, noise, point_spread;   /* ADU a photon, ADU, px */
};
extern const struct simulate_preset simulate_presets[]; /* ends with a row without name */

/* Panels and mask of a preset, response of its sensor, into p; distance 0: its own. ERROR_USAGE with the nearest names. */
bool simulate_use_preset(struct simulate_params *p, const char *name, double distance, struct arena *a,
                         struct error *err);

/* ---- scenes and frames ---- */

/* Truth of a frame. */
struct simulate_truth {
    double wavelength;     /* Å, mean of the shot's spectrum */
    double background;     /* factor on the scene's background */
    double pulse;          /* energy of the pulse over its mean */
    double direction[2];   /* mrad: the beam's direction off the axis, along lab x and y */
    bool jet, ice, salt;   /* what was there */
    uint32_t duplicate_of; /* frame + 1; 0: none */
    int32_t n_lattices;    /* 0: blank */
    struct {
        double A[9]; /* columns a* b* c*, 1/Å, lab frame (ALGORITHMS 1.1) */
        double cell[6];
        double scale;          /* relative to the mean crystal */
        int32_t form;          /* 0, or 1: the second crystal form */
        int32_t n_reflections; /* with at least one expected photon on the detector */
    } lattices[SIMULATE_LATTICES_MAX];
};

/* Truth of a reflection, handed on while a frame is made. */
struct simulate_reflection {
    int32_t lattice, hkl[3], panel;
    double px[2];     /* where its point meets the Ewald sphere of the mean wavelength, true detector */
    double expected;  /* photons on good and bad pixels of the detector */
    double full;      /* photons at partiality 1 */
    uint32_t photons; /* drawn */
};
struct simulate_listener {
    void (*reflection)(void *arg, const struct simulate_reflection *r);
    void *arg;
};

struct scene;

/* Resolve parameters: space group against cell, detector, mask, background. ERROR_USAGE names what is wrong. The scene
 * lives in the arena and points to what p points to. */
struct scene *scene_make(const struct simulate_params *p, struct arena *a, struct error *err);

const struct simulate_params *scene_params(const struct scene *s);
const struct detector *scene_detector(const struct scene *s);      /* as the header says */
const struct detector *scene_true_detector(const struct scene *s); /* as it is */
const uint8_t *scene_mask(const struct scene *s); /* [n_pixels] 1 = good: what the file says */
const struct space_group *scene_group(const struct scene *s);

/* Pixels are counts (PIXEL_U16) of a detector that counts photons, else PIXEL_I32. */
enum pixel_type scene_pixel_type(const struct scene *s);
size_t scene_pixel_size(const struct scene *s); /* bytes */

enum {
    SIMULATE_SATURATION = 60000,
    SIMULATE_BAD_PIXEL = 65535
}; /* the latter INT32_MIN when pixels are signed */

/* Work memory of a thread that makes frames. */
size_t scene_work_size(const struct scene *s);

/* Make a frame. pixels [n_pixels] out, panel after panel: at most the saturation; masked pixels SIMULATE_BAD_PIXEL. listener:
 * told of every reflection with an expected photon or more; NULL: nobody. */
void scene_frame(const struct scene *s, uint32_t n, void *pixels, struct simulate_truth *truth,
                 const struct simulate_listener *listener, void *work);

/* ---- the file: NXmx, a gzip chunk a frame (FORMATS 3) ---- */

struct simulate_writer;

/* Create the file under a temporary name; it appears when it is complete. */
bool simulate_writer_open(const struct scene *s, const char *path, uint32_t n_frames,
                          struct simulate_writer **out, struct error *err);
/* Frames in order. */
bool simulate_writer_put(struct simulate_writer *w, const void *pixels, const struct simulate_truth *truth,
                         struct error *err);
/* Write what is known only now, the truth beside it (path with .h5 replaced by _truth.json), the parameters for processing it
 * (….phil), and rename. With a false error before: simulate_writer_abandon. Both free the writer. */
bool simulate_writer_close(struct simulate_writer *w, struct error *err);
void simulate_writer_abandon(struct simulate_writer *w);

/* The truth as JSON: parameters, panels, frames. */
void simulate_truth_json(const struct scene *s, const struct simulate_truth *truth, uint32_t n,
                         struct str *out);

#endif
