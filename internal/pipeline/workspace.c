/* workspace.c - memory and masks of one thread; see workspace.h. */
#include "pipeline/workspace.h"

#include "pipeline/pipeline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *block_reserve(struct block *b, size_t n, size_t size)
{
    if (n > (SIZE_MAX / 4) / size) {
        fprintf(stderr, "xfelx: a frame asks for %zu x %s\n", n, COUNT(size, "byte"));
        abort();
    }
    size_t bytes = (n * size + 64 + 63) / 64 * 64;
    if (bytes <= b->room)
        return b->data;
    bytes += bytes / 512 * 64; /* an eighth to spare: the next frame may be a little larger */
    free(b->data);
    /* not aligned_alloc: mimalloc leaves that one to libc, whose free it then is not (check-binary finds it) */
    if (posix_memalign(&b->data, 64, bytes) != 0) {
        fprintf(stderr, "xfelx: out of memory (%s for a frame)\n", COUNT(bytes, "byte"));
        abort();
    }
    b->room = bytes;
    return b->data;
}

struct workspace *workspace_make(const struct recipe *r, const struct source_list *list, uint32_t number)
{
    struct workspace *w = calloc(1, sizeof *w);
    if (!w)
        return NULL;
    w->recipe = r;
    w->number = number;
    w->reader = (struct source_reader){.list = list, .options = &r->source};
    return w;
}

void workspace_watch(struct workspace *w, void (*entered)(void *arg, uint32_t stage), void *arg)
{
    w->entered = entered;
    w->entered_arg = arg;
}

void workspace_free(struct workspace *w)
{
    if (!w)
        return;
    struct block *blocks[] = {
        &w->mask_spots,     &w->mask_integration,
        &w->rings,          &w->bins,
        &w->images,         &w->strong,
        &w->panel_counts,   &w->spots,
        &w->label_work,     &w->marks,
        &w->rays,           &w->owner,
        &w->threshold_work, &w->hkl,
        &w->index_work,     &w->used,
        &w->refine_work,    &w->indexed,
        &w->integrated,     &w->integrate_work,
        &w->resolve_work,   &w->residuals,
        &w->values,
    };
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        free(blocks[i]->data);
    glow_free(&w->glow);
    source_reader_free(&w->reader);
    arena_free(&w->place_arena);
    arena_free(&w->values_arena);
    free(w);
}

void workspace_begin(struct workspace *w, uint64_t i)
{
    w->frame_number = i;
    w->list = (struct spot_list){0};
    w->n_strong = w->n_rays = w->n_lattices = w->n_indexed = w->n_predicted = w->n_residuals = 0;
    w->below = w->icy = false;
}

/* ---- masks ---- */

static bool absent(const void *group, const int32_t hkl[3])
{
    const struct space_group *g = group;
    return predict_absent(g->ops, g->n_ops, hkl);
}

/* The recipe's mask, with the powder rings of ice that this detector can see. */
static struct mask_params mask_for(struct workspace *w)
{
    enum { RINGS = 4096 };
    const struct recipe *r = w->recipe;
    struct mask_params p = r->mask;
    if (!r->ice.on)
        return p;
    double d_min = 0, d_max = 0;
    detector_resolution(w->frame.detector, &w->frame.beam.v, &d_min, &d_max);
    d_min = r->ice.d_min > d_min ? r->ice.d_min : d_min;
    double(*rings)[2] = block_reserve(&w->rings, RINGS, sizeof *rings);
    size_t n = mask_rings(r->ice.cell, absent, &r->ice.group, r->ice.width, d_min, rings, RINGS);
    p.rings = (const double(*)[2])rings;
    p.n_rings = n < RINGS ? n : RINGS;
    return p;
}

/* What the masks depend on. A file's own mask is known by its address: right for containers, whose mask lives as long as the
 * list. Masks of single images are combined anew for each. */
static uint64_t mask_key(const struct workspace *w)
{
    const struct mask_params *m = &w->recipe->mask;
    uint64_t key = detector_fingerprint(w->frame.detector), wavelength = 0;
    memcpy(&wavelength, &w->frame.beam.v.wavelength, sizeof wavelength);
    if (m->d_min > 0 || m->d_max > 0 || m->n_ranges || w->recipe->ice.on ||
        w->recipe->spotfind.algorithm == SPOTFIND_RADIAL_PROFILE)
        key ^= wavelength * 0x9e3779b97f4a7c15u;
    return key ^ (uint64_t)(uintptr_t)w->frame.mask << 1;
}

static void combine(uint8_t *mask, const uint8_t *with, size_t n)
{
    for (size_t i = 0; with && i < n; i++)
        mask[i] &= (uint8_t)(with[i] != 0);
}

void recipe_draw_mask(const struct recipe *r, const struct detector *d, const struct beam_vector *b,
                      uint8_t *mask)
{
    if (r->mask_pixels == d->n_pixels) {
        combine(mask, r->mask_spots, d->n_pixels);
        combine(mask, r->calibrated, d->n_pixels);
    }
    for (size_t i = 0; i < d->n_panels; i++)
        mask_panel(&r->mask, (uint32_t)i, d->panels + i, b, mask + d->panels[i].first_pixel);
}

bool workspace_masks(struct workspace *w, struct result *out)
{
    const struct recipe *r = w->recipe;
    const struct detector *d = w->frame.detector;
    if ((r->mask_spots || r->mask_integration) && r->mask_pixels != d->n_pixels) {
        snprintf(out->message, sizeof out->message, "the mask has %s, the frame %zu",
                 COUNT(r->mask_pixels, "pixel"), d->n_pixels);
        return false;
    }
    uint64_t key = mask_key(w);
    if (w->mask_known && key == w->mask_key && !(w->frame.id.single && w->frame.mask))
        return true;
    uint8_t *spots = block_reserve(&w->mask_spots, d->n_pixels, 1);
    uint8_t *integration = block_reserve(&w->mask_integration, d->n_pixels, 1);
    memset(spots, 1, d->n_pixels);
    combine(spots, w->frame.mask, d->n_pixels);
    if (r->mask_pixels == d->n_pixels)
        combine(spots, r->calibrated, d->n_pixels);
    memcpy(integration, spots, d->n_pixels);
    combine(spots, r->mask_spots, d->n_pixels);
    combine(integration, r->mask_integration, d->n_pixels);
    struct mask_params p = mask_for(w);
    bool radial = r->spotfind.algorithm == SPOTFIND_RADIAL_PROFILE;
    uint16_t *bins = radial ? block_reserve(&w->bins, d->n_pixels, sizeof *bins) : NULL;
    for (size_t i = 0; i < d->n_panels; i++) {
        const struct panel *panel = d->panels + i;
        mask_panel(&p, (uint32_t)i, panel, &w->frame.beam.v, spots + panel->first_pixel);
        if (radial)
            spotfind_radial_bins(&r->spotfind, panel, &w->frame.beam.v, bins + panel->first_pixel);
    }
    w->mask_key = key;
    w->mask_known = true;
    return true;
}
