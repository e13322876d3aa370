/* workspace.h - what one thread works with: its reader, the frame in hand, and blocks of memory that only ever grow (sized from
 * the detector, so that from the second frame on nothing is allocated). Private to pipeline/. */
#ifndef XFELX_PIPELINE_WORKSPACE_H
#define XFELX_PIPELINE_WORKSPACE_H

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

/* Begin with frame i of the list: nothing is known of it. */
void workspace_begin(struct workspace *w, uint64_t i);

#endif
