/* map.h - maps of numbers between the files that read them and what lays them onto panels (map.c). Private to source/. */
#ifndef XFELX_SOURCE_MAP_H
#define XFELX_SOURCE_MAP_H

#include "source/hdf5.h"
#include "source/source.h"

/* What a file holds before anybody knows the detector.
 *
 * extent   by role, as images of HDF5 files have it: [frames][modules][slow][fast]; fast 0: a list of numbers
 * values   of all; NULL: only asked whether it is there
 * names    [n] of the panels, of a text that has them; else NULL
 */
struct map_content {
    uint64_t extent[H5_ROLES];
    size_t n;
    float *values;
    const char **names;
};

/* The forms. values: read them too. */
bool map_read_hdf5(const char *file, const char *dataset, enum source_map_kind kind, bool values,
                   struct arena *a, struct map_content *out, struct error *err);
bool map_read_npy(const uint8_t *data, size_t n, const char *path, struct arena *a, struct map_content *out,
                  struct error *err);
bool map_read_text(const uint8_t *data, size_t n, const char *path, struct arena *a, struct map_content *out,
                   struct error *err);

/* Roles of an array by its rank: 1 a list, 2 slow fast, 3 layers, 4 frame and layers. False: no rank of ours. */
bool map_extent(const uint64_t *shape, size_t rank, struct map_content *out);

/* A number of a file, where it need not be aligned. */
float map_number(const uint8_t *p, enum pixel_type type);

const char *map_word(enum source_map_kind kind);

#endif
