/* powder.c - frames added up by all threads of a rank; see powder.h. Bytes, gathering and the file: powder_file.c. */
#include "pipeline/powder_private.h"

#include "kernels/pixel.h"

#include <stdlib.h>
#include <string.h>

struct powder *powder_make(double share)
{
    struct powder *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    p->limit = share >= 1 ? UINT64_MAX : share <= 0 ? 0 : (uint64_t)(share * 18446744073709549568.0);
    pthread_mutex_init(&p->lock, NULL);
    for (int i = 0; i < POWDER_STRIPES; i++)
        pthread_mutex_init(p->stripes + i, NULL);
    return p;
}

void powder_free(struct powder *p)
{
    if (!p)
        return;
    for (int i = 0; i < POWDER_STRIPES; i++)
        pthread_mutex_destroy(p->stripes + i);
    pthread_mutex_destroy(&p->lock);
    for (int c = 0; c < POWDER_CLASSES; c++)
        free(p->cells[c]);
    free(p->residuals);
    arena_free(&p->place_arena);
    free(p);
}

/* 64 even bits of a frame's identity (Steele, Lea, Flood 2014). */
static uint64_t bits_of(const struct frame_id *id)
{
    uint64_t z = ((uint64_t)id->source << 32 | id->frame) + UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

int32_t powder_bin(size_t n_pixels)
{
    return n_pixels > 9000000 ? 4 : n_pixels > 2250000 ? 2 : 1;
}

size_t powder_count(const struct detector *d, int32_t bin)
{
    size_t n = 0;
    for (size_t k = 0; k < d->n_panels; k++)
        n += (size_t)powder_cells(d->panels[k].n_fast, bin) * (size_t)powder_cells(d->panels[k].n_slow, bin);
    return n;
}

static bool same_shape(const struct detector *a, const struct detector *b)
{
    bool same = a->n_panels == b->n_panels;
    for (size_t k = 0; same && k < a->n_panels; k++)
        same = a->panels[k].n_fast == b->panels[k].n_fast && a->panels[k].n_slow == b->panels[k].n_slow;
    return same;
}

bool powder_knows(struct powder *p, const struct frame *f, uint64_t place)
{
    if (!p->n_cells) {
        p->bin = powder_bin(f->detector->n_pixels);
        p->n_cells = powder_count(f->detector, p->bin);
        p->scale = powder_scale(f->type);
        for (int c = 0; c < POWDER_CLASSES; c++) {
            p->cells[c] = malloc((p->n_cells + 1) * sizeof *p->cells[c]);
            if (p->cells[c])
                powder_clear(p->cells[c], p->n_cells);
        }
        p->residuals = calloc(f->detector->n_panels + 1, sizeof *p->residuals);
    }
    if (!p->cells[0] || !p->cells[1] || !p->residuals || powder_scale(f->type) != p->scale ||
        (p->detector && !same_shape(p->detector, f->detector)))
        return false;
    if (!p->detector || place < p->place) {
        arena_free(&p->place_arena);
        p->detector = detector_copy(&p->place_arena, f->detector);
        p->beam = f->beam.v;
        p->place = place;
    }
    return true;
}

/* Rows of cells of stripe s: all panels' rows are dealt out in turn, a run of rows each. */
static void add_stripe(struct powder *p, const struct frame *f, int s, struct powder_cell *cells)
{
    for (size_t k = 0; k < f->detector->n_panels; k++) {
        const struct panel *panel = f->detector->panels + k;
        int32_t down = powder_cells(panel->n_slow, p->bin);
        int32_t row0 = (int32_t)((int64_t)down * s / POWDER_STRIPES),
                row1 = (int32_t)((int64_t)down * (s + 1) / POWDER_STRIPES);
        if (row1 > row0)
            powder_add_rows(panel, f->type,
                            (const uint8_t *)f->pixels + panel->first_pixel * pixel_bytes(f->type),
                            f->mask ? f->mask + panel->first_pixel : NULL, p->bin, row0, row1, cells);
        cells += (size_t)down * (size_t)powder_cells(panel->n_fast, p->bin);
    }
}

void powder_add(struct powder *p, const struct frame *f, uint64_t place, bool hit, uint32_t thread)
{
    if (p->limit < UINT64_MAX && bits_of(&f->id) >= p->limit)
        return;
    pthread_mutex_lock(&p->lock);
    bool taken = powder_knows(p, f, place);
    p->frames[hit ? POWDER_HIT : POWDER_OTHER] += taken;
    pthread_mutex_unlock(&p->lock);
    for (int i = 0; taken && i < POWDER_STRIPES; i++) {
        int s =
            (i + (int)(thread % POWDER_STRIPES) * 5) % POWDER_STRIPES; /* threads begin at different places */
        pthread_mutex_lock(p->stripes + s);
        add_stripe(p, f, s, p->cells[hit ? POWDER_HIT : POWDER_OTHER]);
        pthread_mutex_unlock(p->stripes + s);
    }
}
