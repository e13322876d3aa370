/* pickle.h - the safe subset of Python's pickle: masks as DIALS writes them, and nothing else.
 *
 * A pickle is a program for a stack machine that may call any function. This reader knows the few instructions that a tuple of
 * flex.bool arrays is made of (protocols 0 to 5), and three names: flex.bool, flex.grid and _codecs.encode, each understood as
 * data. Any other name or instruction is refused by its name; nothing is ever executed.
 */
#ifndef XFELX_SOURCE_PICKLE_H
#define XFELX_SOURCE_PICKLE_H

#include "base/base.h"

struct pickle_array {
    size_t n_fast, n_slow;
    const uint8_t *values; /* [n_slow * n_fast], '0' or '1', checked; in the pickle's bytes or in the arena */
};

struct pickle_mask {
    size_t n_arrays;
    struct pickle_array *arrays;
};

/* ERROR_DAMAGED: not a pickle, or broken; ERROR_TRUNCATED; ERROR_UNSUPPORTED: a pickle of something else. */
bool pickle_read_mask(const uint8_t *data, size_t n, const char *path, struct arena *a,
                      struct pickle_mask *out, struct error *err);

#endif
