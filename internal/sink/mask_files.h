/* mask_files.h - masks for other programs, and in our own plain form (source/mask.c reads it back). Part of sink's face.
 *
 * mask [n_pixels of the detector], 1 = use, panels one after the other; what is made is appended.
 */
#ifndef XFELX_SINK_MASK_FILES_H
#define XFELX_SINK_MASK_FILES_H

#include "base/base.h"
#include "model/model.h"

/* DIALS: a pickle (protocol 2) of a tuple of flex.bool, one a panel, as dials.generate_mask writes it. */
void sink_mask_dials(const struct detector *d, const uint8_t *mask, struct str *out);

/* CrystFEL: bad regions of a .geom file, in pixels of the panels named; runs of rows that are alike are one region. */
void sink_mask_crystfel(const struct detector *d, const uint8_t *mask, struct str *out);

/* The line XFELXMASK1, a line of each panel's sizes, an empty one, and a byte a pixel. */
void sink_mask_plain(const struct detector *d, const uint8_t *mask, struct str *out);

#endif
