/* book_recipe.h - parameters that people give for a trial or a rungroup: read, checked with the table and by making a recipe of them, and
 * as the text that is kept.
 */
#ifndef XFELX_CMD_BOOK_RECIPE_H
#define XFELX_CMD_BOOK_RECIPE_H

#include "cmd/book.h"

struct book_recipe {
    struct params *params;
    const char *text; /* PHIL that is kept: a trial's is whole, a rungroup's what it changes */
    uint8_t hash[32];
    const char *bad_input; /* a file that could not be used, with its error; NULL: all are right */
};

/* Parameters of `base` (a trial's text; "": none) with the operands from `first` on: PHIL files and NAME=VALUE. Paths become absolute;
 * settings (db.*, mp.* …) are refused: they are no part of a trial. Files that are named (reference, geometry, intensities,
 * masks) are opened: what cannot be used is an error, or, with anyway, said in bad_input. */
bool book_recipe_trial(struct book *b, const char *base, size_t first, bool anyway, struct book_recipe *out,
                       struct error *err);

/* The same for a rungroup: upon each of the trials (texts; none: upon the defaults) the recipe must be one. */
bool book_recipe_group(struct book *b, const char *base, size_t first, const char *const *trials,
                       size_t n_trials, bool anyway, struct book_recipe *out, struct error *err);

/* A trial's row; ERROR_USAGE: there is none. */
bool book_trial_row(struct book *b, uint32_t num, const struct store_trial_row **out, struct error *err);

#endif
