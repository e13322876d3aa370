/* workspace.h - what one thread works with: its reader, the frame in hand, and blocks of memory that only ever grow (sized from
 * the detector, so that from the second frame on nothing is allocated). Private to pipeline/. */
#ifndef XFELX_PIPELINE_WORKSPACE_H
#define XFELX_PIPELINE_WORKSPACE_H

#include "kernels/calibrate.h"
#include "pipeline/glow.h"
#include "pipeline/recipe.h"

/* Growing memory, 64-byte aligned; contents are not kept when it grows. */
struct block {
    void *data;
    size_t room;
};

struct workspace {
    const struct recipe *recipe;
    struct source_reader reader;
    uint32_t number;                            /* of the thread */
    void (*entered)(void *arg, uint32_t stage); /* NULL: nobody asks */
    void *entered_arg;
    uint64_t frame_number; /* in the list */
    struct frame frame;
    bool below; /* it has fewer spots than the hit cut */

    /* the detector in hand at its corrected place, when a survey found one */
    struct arena place_arena;
    struct detector *placed;
    uint64_t placed_key; /* fingerprint of the file's detector */

    /* the same with maps of gain and pedestal applied (values.c) */
    struct arena values_arena;
    struct detector *valued;
    struct calibration *calibrations; /* [n_panels] */
    uint64_t valued_key;
    struct block values; /* float [n_pixels] */

    /* masks of the detector in hand, made anew when detector, wavelength or the file's mask change */
    uint64_t mask_key;
    bool mask_known;
    struct block mask_spots, mask_integration; /* uint8_t [n_pixels] */
    struct block rings;                        /* double [n][2] */
    struct block bins;                         /* uint16_t [n_pixels], radial_profile only */

    /* spots */
    struct block images;       /* struct spotfind_image [n_panels] */
    struct block strong;       /* struct strong_pixel, as many as a frame may have and one */
    struct block panel_counts; /* size_t [n_panels]: strong pixels of each panel */
    struct block spots, label_work, threshold_work;
    struct block marks; /* uint8_t, of the largest panel: strong pixels, while a survey looks */
    size_t n_strong;
    struct spot_list list;

    /* solvent and ice */
    struct glow_plans glow;
    bool icy; /* most of its spots are ice or salt */

    /* crystals */
    struct block rays, owner, hkl, index_work;
    struct block used, refine_work; /* uint8_t [lattices][n_rays] */
    struct block indexed;           /* struct reflection */
    struct block residuals;         /* struct residual */
    struct block integrated, integrate_work, resolve_work;
    struct lattice lattices[INDEX_MAX_LATTICES];
    size_t n_rays, n_lattices, n_indexed, n_predicted, n_residuals;
    struct integrate_result integration;
};

/* Make a block hold n elements of size bytes. Ends the program when there is no memory: a worker cannot go on without. */
void *block_reserve(struct block *b, size_t n, size_t size);

/* Masks for the frame in hand. false: shapes differ, out->message says how. */
bool workspace_masks(struct workspace *w, struct result *out);

/* Make values of the raw pixels in hand by the recipe's maps: w->frame becomes these, and *written the detector that is written down with
 * the results: raw pixels of the file are read by others, so it keeps what the file says of them, but for gains and pedestals of panels.
 * Nothing without maps. false: shapes differ, or a gain or pedestal is given by file and map; out says how (values.c). */
bool workspace_values(struct workspace *w, struct result *out, const struct detector **written);

/* Begin with frame i of the list: nothing is known of it. */
void workspace_begin(struct workspace *w, uint64_t i);

#endif
