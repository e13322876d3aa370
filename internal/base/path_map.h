/* path_map.h - data that lie under another root here than where their names were given. A map is the text "FROM=TO"; lists of maps end
 * with NULL, and NULL is the empty list. */
#ifndef XFELX_BASE_PATH_MAP_H
#define XFELX_BASE_PATH_MAP_H

#include "base/arena.h"
#include "base/error.h"

/* What a map does to a path: its first n_from bytes become to[n_to]. Neither ends with a slash; the root is the empty text. */
struct path_move {
    size_t n_from, n_to;
    const char *to;
};

/* The map with the longest FROM that the path begins with, whole parts of the path only. False: none, the path stays. */
bool path_map_find(const char *const *maps, const char *path, struct path_move *out);

/* A path with the longest FROM of the maps replaced by its TO; a copy of the path where none fits. */
char *path_map(struct arena *a, const char *const *maps, const char *path);

/* Has every map a FROM and an equal sign? ERROR_USAGE; name: the parameter they come from. */
bool path_map_check(const char *const *maps, const char *name, struct error *err);

#endif
