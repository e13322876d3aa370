/* recipe_files.h - between recipe.c and recipe_files.c. Private to pipeline/. */
#ifndef XFELX_PIPELINE_RECIPE_FILES_H
#define XFELX_PIPELINE_RECIPE_FILES_H

#include "pipeline/recipe.h"

/* Read a file and add it to the recipe's. */
bool recipe_file_read(struct recipe *r, const char *kind, const char *path, struct arena *a,
                      struct error *err);

/* The candidate cells of a list (xfelx.cell.file), which must be all the cells that are given; a space group of the parameters is that of
 * those that name none. recipe_cell_file.c. ERROR_USAGE names the line. */
bool recipe_take_cell_file(struct recipe *r, const struct params *p, const char *text, size_t n,
                           const char *path, struct arena *a, struct error *err);

/* recipe_make for a recipe that may hold files already. */
bool recipe_fill(struct recipe *r, const struct params *p, struct arena *a, struct error *err);

#endif
