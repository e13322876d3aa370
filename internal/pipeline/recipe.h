/* recipe.h - parameters resolved once into what kernels take: immutable while frames are processed, named by its hash. */
#ifndef XFELX_PIPELINE_RECIPE_H
#define XFELX_PIPELINE_RECIPE_H

#include "kernels/ambiguity.h"
#include "kernels/cell_run.h"
#include "kernels/geometry_refine.h"
#include "kernels/index.h"
#include "kernels/integrate.h"
#include "kernels/kernels.h"
#include "kernels/refine.h"
#include "model/model.h"
#include "param/param.h"
#include "pipeline/glow.h"
#include "source/source.h"

enum { RECIPE_CELLS = INDEX_MAX_CELLS };

/* xfelx.geometry.refine */
enum geometry_wish { GEOMETRY_OFF, GEOMETRY_AUTO, GEOMETRY_REPORT };

/* A file that a recipe depends on. Contents are kept of those that are read again, of masks only what came out. */
struct recipe_file {
    /* of the line in the recipe hash: "reference", "geometry", "intensities", "mask", "integration_mask", "gain", "pedestal", "cells" */
    const char *kind;
    uint8_t hash[32];
    const uint8_t *data;
    size_t size;
};
enum { RECIPE_FILES = 10 };

struct recipe {
    /* identity */
    uint8_t hash[32];
    char hash_hex[65];
    const char *text; /* PHIL that reads back to it */

    /* which stages run */
    bool find_spots, index, integrate;
    const char *no_index; /* why indexing is off although it was not switched off, for people; NULL */

    /* inputs */
    struct recipe_file files[RECIPE_FILES];
    size_t n_files;
    struct source_options source;
    double process_percent; /* 100: all frames; else by hash of (recorded path, frame) */
    uint64_t max_images;    /* 0: all */

    /* spots */
    const struct kernels *kernels;
    struct spotfind_params spotfind; /* min_spot_size 0: Auto */
    bool elbow;                      /* global_threshold = Auto */
    struct mask_params mask;
    const uint8_t *mask_spots, *mask_integration; /* [mask_pixels] from lookup.mask files; NULL: none */
    size_t mask_pixels;
    const char *mask_spots_path, *mask_integration_path;
    struct {
        bool on;
        double cell[6], width, d_min;
        struct space_group group;
    } ice;

    /* what raw pixels are made values by (calibrate.h), of mask_pixels pixels and n_panels panels */
    struct source_map gain, pedestal;
    const uint8_t *calibrated; /* [mask_pixels] 1: the pixel has gain and pedestal; NULL: all have */
    size_t n_panels;
    const char *gain_path, *pedestal_path;

    struct glow_params glow; /* solvent */

    /* hits */
    size_t hit_min, hit_max, min_spots; /* hit_max 0: no maximum */
    bool below_cut;

    /* crystals */
    struct space_group group;                     /* n_ops 0: not given */
    struct known_cell known[RECIPE_CELLS];        /* candidates: one, or the forms of the crystal */
    const struct index_cell *cells[RECIPE_CELLS]; /* the same, prepared */
    size_t n_cells;
    bool find_cell;          /* no cell is given: the survey finds one (survey_cell.h) */
    struct free_params free; /* and how it looks for it */
    struct cell_run_params cell_run;
    size_t cell_shots;                        /* with a lattice of their own after which no more are needed */
    struct ambiguity ambiguity[RECIPE_CELLS]; /* ways to index that the lattice does not tell apart */
    const char *ambiguity_text;               /* hkl under each, for people: "k,h,-l"; NULL: there is none */
    bool resolve;                             /* choose among them by: */
    struct intensities reference;
    struct index_params indexing;
    struct refine_params refinement;

    /* geometry: asked for, and what a survey found (recipe_adopt) */
    struct {
        enum geometry_wish wish;
        size_t min_hits, max_hits;
        double max_shift_px;
        bool panels;
    } survey;
    struct {
        bool known, corrected; /* the place is known; it is not the file's */
        struct geometry_correction correction;
        size_t n_panels; /* of the detectors it is for */
        struct run_noise noise;
    } geometry;

    /* integration */
    struct integrate_params integration;
    double detector_gain;
    bool ignore_gain_mismatch;
};

/* Make a recipe from parameters. Reads the reference geometry. ERROR_USAGE names a parameter that cannot be. */
bool recipe_make(const struct params *p, struct arena *a, struct recipe **out, struct error *err);

/* Take the candidate cells from parameters: known_symmetry, or the isoforms. None given: a survey is to find
 * one (r->find_cell); until then indexing is off and r->no_index says so. */
bool recipe_take_cells(struct recipe *r, const struct params *p, struct arena *a, struct error *err);

/* Add a candidate cell in the setting of r->group (none: the symmetry of the metric). ERROR_USAGE when the two do not fit, or
 * there are RECIPE_CELLS. */
bool recipe_add_cell(struct recipe *r, const double cell[6], struct arena *a, struct error *err);

/* Read the mask files, gain and pedestal maps against the detector of the job (of the first frame that can be opened). ERROR_MASK when shapes differ. */
bool recipe_attach(struct recipe *r, const struct detector *d, struct arena *a, struct error *err);

/* For the other ranks of a job: append what recipe_make and recipe_attach read from files. They make theirs from the same
 * parameters and these bytes, and open none of the files. ERROR_INTERNAL for bytes that are none. */
void recipe_pack(const struct recipe *r, struct str *out);
bool recipe_unpack(const struct params *p, struct unwire *in, struct arena *a, struct recipe **out,
                   struct error *err);

/* Is this frame part of dispatch.process_percent? By hash of (recorded path, frame): the same frames in every job. */
bool recipe_takes(const struct recipe *r, const char *recorded, uint32_t frame);

#endif
