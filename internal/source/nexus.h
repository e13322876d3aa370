/* nexus.h - from NeXus' numbers to panels: units, chains of transformations, modules (FORMATS_INPUT 5).
 *
 * Pure: a description in, a detector out. NeXus' frame (beam along +z, y up) becomes the laboratory's by
 * (x, y, z) → (-x, y, -z).
 */
#ifndef XFELX_SOURCE_NEXUS_H
#define XFELX_SOURCE_NEXUS_H

#include "model/model.h"
#include "source/h5_message.h"

enum unit_kind { UNIT_LENGTH, UNIT_ANGLE, UNIT_ENERGY };

/* How many mm (radians, eV) one of the unit is; false: the word is not known. */
bool unit_factor(enum unit_kind kind, const char *unit, double *factor);

/* Where a panel's pixels are in an image, first pixel. */
struct panel_place {
    uint32_t image; /* index in the description */
    uint32_t module, slow, fast;
};

/* Panels, tree, places and trusted ranges of an NXmx description. image: the frames; image_known: its extent is; type: of
 * its pixels. Remarks are added to notes (room for *n_notes + 4). ERROR_METADATA names the item in the file. */
bool nexus_detector(const struct h5_description *d, const struct h5_image *image, bool image_known,
                    enum pixel_type type, const char *name, struct arena *a, struct detector **out,
                    struct panel_place **places, const char **notes, size_t *n_notes, struct error *err);

/* The same from the single numbers of a Dectris master. no_distance, no_centre: not in it, laid out at 100 mm, corner. */
bool dectris_detector(const struct h5_description *d, const struct h5_image *image, bool image_known,
                      enum pixel_type type, const char *name, struct arena *a, struct detector **out,
                      struct panel_place **places, bool *no_distance, bool *no_centre, struct error *err);

/* Wavelengths (Å) from the values "wavelength" or "energy": n of them, 1 for all frames; NULL and n 0: none there.
 * ERROR_METADATA: unknown unit, or a number of values that is neither 1 nor n_frames. */
bool nexus_wavelengths(const struct h5_description *d, uint64_t n_frames, const char *name, struct arena *a,
                       double **v, uint64_t *n, struct error *err);

/* Largest value that counts: `saturation` unless the type's two largest, which detectors use for masked pixels, are
 * below. */
double trusted_top(enum pixel_type type, double saturation);

#endif
