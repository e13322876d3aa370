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
    struct residual_panel *residuals; /* [panels]; under lock */
    struct residual_shell shells[RESIDUAL_SHELLS];
};

int32_t powder_bin(size_t n_pixels);
/* Is the frame of the detector that was first seen? The first one says what the picture is like, the earliest one in the list where the
 * detector is. The lock is held. */
bool powder_knows(struct powder *p, const struct frame *f, uint64_t place);

/* The residuals as bytes. false: they are damaged. */
void powder_pack_residuals(const struct residual_panel *panels, size_t n, const struct residual_shell *shells,
                           struct str *out);
bool powder_unpack_residuals(struct unwire *g, struct residual_panel *panels, size_t n,
                             struct residual_shell *shells);

/* A number with its sign in the lowest bit, in pieces of seven bits. */
void powder_put_number(struct str *out, int64_t v);
int64_t powder_get_number(struct unwire *g);

size_t powder_count(const struct detector *d, int32_t bin);

#endif
