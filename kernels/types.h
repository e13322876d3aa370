/* types.h - plain structs that kernels read and write. No functions, no pointers to anything but arrays.
 *
 * Laboratory frame (ALGORITHMS 1.1): right-handed, sample at the origin, beam along -z. Lengths mm, wavelengths Å,
 * reciprocal lengths 1/Å without 2π, angles radians unless the name says _deg. Matrices are row-major double[9].
 * Pixel coordinates: 0 is the outer edge of the first pixel, the centre of pixel (i, j) is (i + 0.5, j + 0.5);
 * images are [slow][fast].
 */
#ifndef XFELX_KERNELS_TYPES_H
#define XFELX_KERNELS_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pixel_type {
    PIXEL_U8,
    PIXEL_I8,
    PIXEL_U16,
    PIXEL_I16,
    PIXEL_U32,
    PIXEL_I32,
    PIXEL_F32,
    PIXEL_F64,
    PIXEL_TYPES
};

/* A flat rectangle of pixels. All panels of a frame lie one after the other in its pixel array, each contiguous. */
struct panel {
    double origin[3];              /* mm; outer corner of pixel (0,0) */
    double fast[3], slow[3];       /* orthonormal axes; fast × slow may point either way */
    double pixel_fast, pixel_slow; /* mm */
    int32_t n_fast, n_slow;
    double mu, thickness; /* 1/mm and mm; parallax is corrected when both are > 0 and parallax is set */
    bool parallax;
    double trusted_lo, trusted_hi; /* inclusive */
    double gain, pedestal;         /* ADU per photon, ADU; 1 and 0 when the file says nothing */
    size_t first_pixel;            /* of this panel in the frame's pixel array */
};

/* The incident beam of one frame: s0 = -direction / wavelength. */
struct beam_vector {
    double wavelength;   /* Å */
    double direction[3]; /* unit, sample → source */
};

/* A symmetry operator in fractional coordinates: x' = R x + t/12 (t in twelfths). */
struct symop {
    int8_t r[9];
    int8_t t[3];
};

/* A strong pixel; lists of them are in raster order per panel. */
struct strong_pixel {
    uint16_t x, y; /* fast, slow */
    float value;   /* as in the file when |value| < 2^24 (exact), else rounded */
};

/* A spot: a 4-connected set of strong pixels of one panel. Values are raw pixels, background not subtracted (ALGORITHMS 2.8). */
struct spot {
    double x, y;         /* px, intensity-weighted centroid */
    double var_x, var_y; /* px², standard error squared (std_err²) */
    double intensity;    /* Σ v; its variance is |Σ v| */
    double peak;         /* largest pixel value */
    uint32_t panel;
    uint32_t n_pixels;
    int32_t x0, x1, y0, y1; /* bounding box, half-open */
    uint32_t first_pixel;   /* of its n_pixels in the list of strong pixels that goes with the spots */
    uint32_t n_saturated;   /* pixels at or above the panel's trusted_hi */
};

/* What is said of a lattice besides its numbers. */
enum lattice_flag {
    LATTICE_SETTING_UNDECIDED = 1 << 0, /* another setting, not equivalent, fits as well (SCIENCE 7.4) */
    LATTICE_CELL_OUTLIER = 1 << 1, /* its free cell is more than 5 sigma from the known one (SCIENCE 13) */
    LATTICE_SPLIT = 1 << 2,        /* a second piece of the crystal, turned by a little, lies beside it */
};

/* An accepted crystal lattice of a frame. */
struct lattice {
    double A[9];         /* columns a*, b*, c*, 1/Å, lab frame, in the setting of the space group */
    double cell[6];      /* a b c Å, α β γ degrees; restrained */
    double free_cell[6]; /* the same without the cell prior (SCIENCE 13) */
    /* Covariance of free_cell (Å, degrees), upper triangle by rows; zero where symmetry fixes a number, and all zero
     * when the spots are too few for a free cell. */
    double free_cov[21];
    double evidence;       /* log10, ALGORITHMS 3.4 */
    double rmsd_x, rmsd_y; /* px, calculated - observed over the spots used in refinement */
    double rmsd_psi;       /* radians */
    double half_mosaicity_deg, domain_size_ang; /* as DIALS names and scales them (ALGORITHMS 4.5) */
    double sigma_b;                             /* radians; 0: not known */
    double shift_px[2];                         /* beam shift found with the lattice, for the geometry pass */
    double res_a;                               /* Å, resolution limit by I/σ in shells; 0: not known */
    uint32_t cell_no;                           /* which candidate cell */
    uint32_t n_indexed, n_integrated;
    uint32_t reason; /* of WORDS 2, why it was not integrated; 0 none */
    uint32_t flags;  /* enum lattice_flag */
};

/* One row of a reflection table, indexed or integrated (FORMATS 2.4). */
struct reflection {
    int32_t hkl[3];
    uint32_t panel;
    uint32_t flags;         /* FORMATS 2.3 */
    uint32_t lattice;       /* number in the frame */
    int32_t spot;           /* index of the strong spot; -1: predicted only */
    int32_t x0, x1, y0, y1; /* px, half-open: spot (indexed) or integration box (integrated) */
    double s1[3];           /* predicted diffracted beam, |s1| = 1/λ */
    double rlp[3];          /* observed s1 - s0; indexed rows */
    double cal_px[2], cal_mm[2];
    double obs_px[2], obs_px_var[2];
    double obs_mm[2], obs_mm_var[2];
    double intensity, variance;
    double prf, prf_variance;   /* by profile fit; 0 0: none */
    double variance_background; /* part of variance not from the spot's own photons (SCIENCE 16) */
    double delpsi;              /* radians */
    double d;                   /* Å */
    double partiality;          /* Gaussian model, for reports; the column written to files is 1 */
    double bg_mean, bg_sum, bg_sum_var, bg_mse, bg_dispersion;
    int32_t n_valid, n_background, n_background_used, n_foreground;
};

enum reflection_flag {
    REFL_PREDICTED = 1 << 0,
    REFL_OBSERVED = 1 << 1,
    REFL_INDEXED = 1 << 2,
    REFL_USED_IN_REFINEMENT = 1 << 3,
    REFL_STRONG = 1 << 5,
    REFL_REFERENCE_SPOT = 1 << 6,
    REFL_DONT_INTEGRATE = 1 << 7,
    REFL_INTEGRATED_SUM = 1 << 8,
    REFL_INTEGRATED_PRF = 1 << 9,
    REFL_OVERLOADED = 1 << 10,
    REFL_OVERLAPPED_BG = 1 << 11,
    REFL_OVERLAPPED_FG = 1 << 12,
    REFL_IN_POWDER_RING = 1 << 13,
    REFL_FOREGROUND_BAD = 1 << 14,
    REFL_BACKGROUND_BAD = 1 << 15,
    REFL_USED_IN_MODELLING = 1 << 16,
    REFL_CENTROID_OUTLIER = 1 << 17,
    REFL_FAILED_BACKGROUND = 1 << 18,
    REFL_FAILED_SUMMATION = 1 << 19,
};

#endif
