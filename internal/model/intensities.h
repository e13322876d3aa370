/* intensities.h - lists of structure-factor intensities: what reflections of a crystal are known to be.
 *
 * Read from merged MTZ files (FORMATS 6.1), CrystFEL .hkl lists (6.2) and plain tables "h k l I [sigma]" with blanks or commas,
 * with or without a line of names. Equivalents of the Laue group become one entry, their mean; Friedel mates are not told apart.
 */
#ifndef XFELX_MODEL_INTENSITIES_H
#define XFELX_MODEL_INTENSITIES_H

#include "model/crystal.h"

struct intensity {
    int32_t hkl[3]; /* the representative of its orbit */
    double value;
};

struct intensities {
    struct intensity *rows; /* sorted by h, k, l */
    size_t n;
    double cell[6]; /* of the file; 0: it names none */
};

/* Parse n bytes. label: the MTZ column, NULL: the first intensity, else the first amplitude (squared), else a calculated one.
 * ERROR_METADATA, ERROR_DAMAGED, ERROR_TRUNCATED name file and place;
 * ERROR_UNSUPPORTED: unmerged. name is for messages. */
bool intensities_parse(const uint8_t *data, size_t n, const char *name, const char *label,
                       const struct space_group *g, struct arena *a, struct intensities *out,
                       struct error *err);

/* The value of a reflection: NULL, it is not in the list. */
const double *intensities_find(const struct intensities *list, const struct space_group *g,
                               const int32_t hkl[3]);

/* The reflection that stands for all equivalents ±h·R of the Laue group: the largest by h, then k, then l. */
void laue_representative(const struct space_group *g, const int32_t hkl[3], int32_t out[3]);

#endif
