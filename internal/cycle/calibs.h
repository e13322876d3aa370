/* calibs.h - calibrations that parameters name by label: "calib:beamstop" where a file is wanted. */
#ifndef XFELX_CYCLE_CALIBS_H
#define XFELX_CYCLE_CALIBS_H

#include "param/param.h"
#include "store/store.h"

/* A label that parameters name, with its versions, the newest first. */
struct calibs_named {
    int kind;
    const char *label;
    struct store_calib *versions;
    size_t n;
};
enum { CALIBS_NAMED = 8 }; /* parameters that can name one */

/* All of p; *n = 0: none. */
bool calibs_named(struct store *s, const struct params *p, struct arena *a,
                  struct calibs_named out[CALIBS_NAMED], size_t *n, struct error *err);

/* Which of them has no version for the run of this number, in words in the arena; NULL: all have. */
const char *calibs_lacking(const struct calibs_named *named, size_t n, int64_t run, struct arena *a);

/* PHIL lines that put a file in place of each label of p: of the version that the job has read already (0: a new one), else of the newest
 * for the run (0: of all); none where there are no labels. ERROR_USAGE: no such calibration; ERROR_CHANGED: the file is not what was
 * added. */
bool calibs_resolve(struct store *s, const struct params *p, int64_t run, int64_t job, struct arena *a,
                    struct str *lines, struct error *err);

/* The same without a look at the files. */
bool calibs_find(struct store *s, const struct params *p, int64_t run, int64_t job, struct arena *a,
                 struct str *lines, struct error *err);

#endif
