/* pipeline.h - what is done to a frame: the recipe of a trial, the table of stages, one thread's workspace.
 *
 *     struct recipe *recipe;
 *     if (!recipe_make(params, &arena, &recipe, &err)) …                 // parameters → immutable plan, once
 *     if (!recipe_attach(recipe, detector, &arena, &err)) …              // masks that need the detector, once
 *     struct workspace *w = workspace_make(recipe, &list, thread);       // once a thread
 *     frame_process(recipe, w, i, &result);                              // cannot fail: failures are outcomes
 *
 * Results live in the workspace until its next frame.
 */
#ifndef XFELX_PIPELINE_PIPELINE_H
#define XFELX_PIPELINE_PIPELINE_H

#include "base/base.h"
#include "model/model.h"
#include "param/param.h"
#include "pipeline/powder.h"
#include "pipeline/recipe.h"
#include "pipeline/survey.h"
#include "source/source.h"

struct workspace;

/* Memory and reader of one thread. list must outlive it; it may be NULL when only frame_find_spots is called. number: of the
 * thread, for the record. NULL: no memory. */
struct workspace *workspace_make(const struct recipe *r, const struct source_list *list, uint32_t number);
void workspace_free(struct workspace *w);

/* Have entered(arg, stage) called at the beginning of each stage: a note of what the thread is busy with. */
void workspace_watch(struct workspace *w, void (*entered)(void *arg, uint32_t stage), void *arg);

/* Process frame i of the list: runs down the table of stages until one ends the frame. Times of the stages are recorded here,
 * not by the stages. */
void frame_process(const struct recipe *r, struct workspace *w, uint64_t i, struct result *out);

/* Add the frame that was just processed to a powder picture, unless it failed. */
void frame_add(struct powder *p, const struct workspace *w, const struct result *r);

/* The table of stages, for --help, the manual and status; i = 0 … until NULL. At most STAGE_MAX rows. */
struct stage_info {
    const char *name, *counts, *text;
};
const struct stage_info *stage_info(size_t i);

/* Name of the form of the kernels that this processor gets when nothing else is asked for ("ref", "avx2", …). */
const char *pipeline_isa(void);

/* Clear from a mask [n_pixels of the detector] what the recipe's filters exclude (drawn areas, border, resolution) and what its
 * mask for spots does. */
void recipe_draw_mask(const struct recipe *r, const struct detector *d, const struct beam_vector *b,
                      uint8_t *mask);

/* Find the spots of a frame that was read elsewhere, for pictures. They live in the workspace until its next frame. */
bool frame_find_spots(const struct recipe *r, struct workspace *w, const struct frame *frame,
                      const struct spot **spots, size_t *n, struct error *err);

#endif
