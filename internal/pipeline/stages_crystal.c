/* stages_crystal.c - from a hit to reflections: index, refine, predict, integrate. See stages_spots.c for what stages are. */
#include "pipeline/resolve.h"
#include "pipeline/stages.h"

#include <stdio.h>

enum { PREDICTIONS_FIRST = 8192, PREDICTIONS_MAX = 1 << 22 };

static enum stage_end not_indexed(struct workspace *w, struct result *out, enum reason why)
{
    return w->below ? stage_ends(out, OUTCOME_BLANK, REASON_BELOW_CUT)
                    : stage_ends(out, OUTCOME_HIT_NOT_INDEXED, w->icy ? REASON_ICE : why);
}

enum stage_end stage_index(const struct recipe *r, struct workspace *w, struct result *out)
{
    const struct detector *d = w->frame.detector;
    if (w->frame.unplaced) {
        snprintf(out->message, sizeof out->message, "%s", w->frame.unplaced);
        return stage_ends(out, OUTCOME_FAILED, REASON_BAD_METADATA);
    }
    size_t n = w->list.n;
    struct ray *rays = block_reserve(&w->rays, n, sizeof *rays);
    w->n_rays = spots_to_rays(d->panels, d->n_panels, &w->frame.beam.v, w->list.spots, n, rays);
    struct index_found found = {.lattices = w->lattices,
                                .capacity = INDEX_MAX_LATTICES,
                                .owner = block_reserve(&w->owner, n, sizeof(int32_t)),
                                .hkl = block_reserve(&w->hkl, n, sizeof(int32_t[3]))};
    void *work = block_reserve(&w->index_work, index_work_size(r->cells, r->n_cells, n), 1);
    w->n_lattices =
        index_frame(&r->indexing, r->cells, r->n_cells, &w->frame.beam.v, rays, w->n_rays, &found, work);
    if (w->n_lattices)
        return STAGE_GO_ON;
    return not_indexed(w, out, found.reason == INDEX_CELL_OFF ? REASON_CELL_OFF : REASON_NO_LATTICE);
}

/* Drop the refused lattices; those that stay get consecutive numbers, and so do their rays. */
static void keep_lattices(struct workspace *w, const bool *stays)
{
    int32_t number[INDEX_MAX_LATTICES] = {0}, *owner = w->owner.data;
    size_t n = 0;
    for (size_t i = 0; i < w->n_lattices; i++) {
        number[i] = stays[i] ? (int32_t)n : -1;
        if (stays[i])
            w->lattices[n++] = w->lattices[i];
    }
    for (size_t i = 0; i < w->n_rays; i++)
        owner[i] = owner[i] >= 0 ? number[owner[i]] : -1;
    w->n_lattices = n;
}

/* What is said of a lattice that stays is said of its frame. */
static void flag_frame(const struct workspace *w, struct result *out)
{
    static const struct {
        enum lattice_flag lattice;
        enum frame_flag frame;
    } SAID[] = {{LATTICE_SETTING_UNDECIDED, FRAME_SETTING_UNDECIDED},
                {LATTICE_CELL_OUTLIER, FRAME_CELL_OUTLIER},
                {LATTICE_SPLIT, FRAME_SPLIT}};
    for (size_t i = 0; i < w->n_lattices; i++)
        for (size_t k = 0; k < sizeof SAID / sizeof *SAID; k++)
            if (w->lattices[i].flags & (uint32_t)SAID[k].lattice)
                out->flags |= SAID[k].frame;
}

/* The rows of the indexed table, lattice after lattice. used: [lattices][n_rays]. */
static void make_rows(struct workspace *w, const uint8_t *used)
{
    size_t room = 0;
    for (size_t i = 0; i < w->n_lattices; i++)
        room += w->lattices[i].n_indexed;
    struct reflection *rows = block_reserve(&w->indexed, room, sizeof *rows);
    for (size_t i = 0; i < w->n_lattices; i++)
        w->n_indexed += refine_rows(w->frame.detector->panels, &w->frame.beam.v, w->list.spots, w->rays.data,
                                    w->n_rays, w->owner.data, w->hkl.data, (uint32_t)i, w->lattices + i,
                                    used + i * w->n_rays, rows + w->n_indexed);
}

/* Where all spots of the lattices lie, outliers too. */
static void look_at_residuals(struct workspace *w, const uint8_t *used)
{
    struct residual *rows = block_reserve(&w->residuals, w->n_rays, sizeof *rows);
    for (size_t i = 0; i < w->n_lattices; i++)
        w->n_residuals += residual_rows(w->frame.detector->panels, &w->frame.beam.v, w->rays.data, w->n_rays,
                                        w->owner.data, w->hkl.data, (uint32_t)i, w->lattices[i].A,
                                        used + i * w->n_rays, rows + w->n_residuals);
}

enum stage_end stage_refine(const struct recipe *r, struct workspace *w, struct result *out)
{
    uint8_t *used = block_reserve(&w->used, w->n_rays, INDEX_MAX_LATTICES);
    void *work = block_reserve(&w->refine_work, refine_work_size(w->n_rays), 1);
    bool stays[INDEX_MAX_LATTICES];
    enum reason why = REASON_NONE;
    size_t n = 0;
    for (size_t i = 0; i < w->n_lattices; i++) {
        struct lattice *l = w->lattices + i;
        enum refine_reason refused = refine_lattice(
            &r->refinement, r->cells[l->cell_no], w->frame.detector->panels, &w->frame.beam.v, w->rays.data,
            w->n_rays, w->owner.data, w->hkl.data, (uint32_t)i, l, used + n * w->n_rays, work);
        stays[i] = refused == REFINE_OK;
        n += stays[i];
        why = why ? why : (enum reason)refused;
    }
    keep_lattices(w, stays);
    if (w->n_lattices == 0)
        return not_indexed(w, out, why);
    flag_frame(w, out);
    make_rows(w, used);
    look_at_residuals(w, used);
    out->lattices = w->lattices;
    out->n_lattices = w->n_lattices;
    out->indexed = w->indexed.data;
    out->n_indexed = w->n_indexed;
    if (!r->integrate)
        return stage_ends(out, w->below ? OUTCOME_INDEXED_BELOW : OUTCOME_INDEXED_NOT_INTEGRATED,
                          REASON_STAGE_OFF);
    return STAGE_GO_ON;
}

/* No lattice of the frame was integrated: the reason is that of the best one. */
static enum stage_end not_integrated(struct workspace *w, struct result *out)
{
    enum reason why = (enum reason)w->lattices[0].reason;
    return stage_ends(out, w->below ? OUTCOME_INDEXED_BELOW : OUTCOME_INDEXED_NOT_INTEGRATED,
                      why ? why : REASON_FEW_INTEGRATED);
}

static struct integrate_frame input_of(const struct recipe *r, const struct workspace *w)
{
    const struct detector *d = w->frame.detector;
    return (struct integrate_frame){.view = {d->panels, d->n_panels, &w->frame.beam.v},
                                    .pixels = w->frame.pixels,
                                    .type = w->frame.type,
                                    .mask = w->mask_integration.data,
                                    .spots = w->list.spots,
                                    .n_spots = w->list.n,
                                    .strong = w->strong.data,
                                    .n_strong = w->n_strong,
                                    .indexed = w->indexed.data,
                                    .n_indexed = w->n_indexed,
                                    .ops = r->group.ops,
                                    .n_ops = r->group.n_ops};
}

enum stage_end stage_predict(const struct recipe *r, struct workspace *w, struct result *out)
{
    struct integrate_frame f = input_of(r, w);
    for (size_t capacity = PREDICTIONS_FIRST;;) {
        struct reflection *rows = block_reserve(&w->integrated, capacity, sizeof *rows);
        w->n_predicted = integrate_predict(&r->integration, &f, w->lattices, w->n_lattices, rows, capacity,
                                           &w->integration);
        if (!w->integration.truncated || capacity == PREDICTIONS_MAX)
            break;
        capacity =
            w->integration.n_predicted < PREDICTIONS_MAX ? w->integration.n_predicted : PREDICTIONS_MAX;
    }
    return w->n_predicted ? STAGE_GO_ON : not_integrated(w, out);
}

enum stage_end stage_integrate(const struct recipe *r, struct workspace *w, struct result *out)
{
    struct integrate_frame f = input_of(r, w);
    struct reflection *rows = w->integrated.data;
    void *work = block_reserve(&w->integrate_work, integrate_work_size(w->n_predicted), 1);
    size_t n = integrate_predicted(&r->integration, &f, w->lattices, w->n_lattices, rows, w->n_predicted,
                                   &w->integration, work);
    if (n == 0)
        return not_integrated(w, out);
    if (r->resolve) {
        resolve_frame(r, w, rows, n);
        flag_frame(w, out);
    }
    out->integrated = rows;
    out->n_integrated = n;
    return stage_ends(out, w->below ? OUTCOME_INDEXED_BELOW : OUTCOME_INTEGRATED, REASON_NONE);
}
