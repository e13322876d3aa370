/* powder_private.h - what powder.c and powder_file.c share. Private to pipeline/. */
#ifndef XFELX_PIPELINE_POWDER_PRIVATE_H
#define XFELX_PIPELINE_POWDER_PRIVATE_H

#include "pipeline/powder.h"

#include <pthread.h>

enum { POWDER_STRIPES = 32 };

/* lock: of all but the cells; each stripe of these has its own. */
struct powder {
    uint64_t limit; /* frames whose bits are below are taken */
    pthread_mutex_t lock, stripes[POWDER_STRIPES];
    struct arena place_arena;
    struct detector *detector; /* of the earliest frame; NULL: none was added yet */
    struct beam_vector beam;
    uint64_t place, frames[POWDER_CLASSES];
    double scale;
    int32_t bin;
    size_t n_cells;
    struct powder_cell *cells[POWDER_CLASSES];
};

int32_t powder_bin(size_t n_pixels);
size_t powder_count(const struct detector *d, int32_t bin);

#endif
