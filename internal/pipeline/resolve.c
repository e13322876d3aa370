/* resolve.c - choose among equivalent ways of indexing by a reference; see resolve.h. */
#include "pipeline/resolve.h"

#include "kernels/geometry.h"
#include "kernels/lattice.h"
#include "kernels/sort.h"

#include <math.h>
#include <string.h>

enum { FEWEST = 10 };            /* reflections that a choice needs */
static const double CERTAIN = 3; /* sigma */

/* How like the reference the intensities of a lattice are when its indices are changed (NULL: as they are). x, y: room for n. */
static double likeness(const struct recipe *r, const double *change, uint32_t lattice,
                       const struct reflection *rows, size_t n, double *x, double *y, size_t *used)
{
    size_t m = 0;
    for (size_t i = 0; i < n; i++) {
        int32_t hkl[3] = {rows[i].hkl[0], rows[i].hkl[1], rows[i].hkl[2]};
        if (rows[i].lattice != lattice)
            continue;
        if (change)
            ambiguity_index(change, hkl, hkl);
        const double *known = intensities_find(&r->reference, &r->group, hkl);
        if (!known)
            continue;
        x[m] = rows[i].intensity;
        y[m++] = *known;
    }
    *used = m;
    double c = ambiguity_correlation(x, y, m);
    return m < FEWEST || isnan(c) ? -1 : c;
}

static int compare_rows(const void *pa, const void *pb)
{
    const struct reflection *a = pa, *b = pb;
    if (a->lattice != b->lattice)
        return a->lattice < b->lattice ? -1 : 1;
    if (a->panel != b->panel)
        return a->panel < b->panel ? -1 : 1;
    for (int i = 0; i < 3; i++)
        if (a->hkl[i] != b->hkl[i])
            return a->hkl[i] < b->hkl[i] ? -1 : 1;
    return a->spot < b->spot ? -1 : a->spot > b->spot;
}

static void reindex_rows(const double change[9], uint32_t lattice, struct reflection *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (rows[i].lattice == lattice)
            ambiguity_index(change, rows[i].hkl, rows[i].hkl);
    sort_heap(rows, n, sizeof *rows, compare_rows);
}

/* A cell after the change of basis. */
static void change_cell(const double change[9], double cell[6])
{
    double basis[9];
    if (!lattice_basis(cell, basis))
        return;
    mat3_mul(basis, change, basis);
    lattice_cell(basis, cell);
}

static void reindex(const double change[9], struct lattice *l)
{
    double before[6];
    memcpy(before, l->free_cell, sizeof before);
    if (!ambiguity_apply(change, l->A))
        return;
    change_cell(change, l->cell);
    change_cell(change, l->free_cell);
    for (int i = 0; i < 6; i++)
        if (fabs(l->free_cell[i] - before[i]) > 1e-6) { /* of the changed cell it is not known */
            memset(l->free_cov, 0, sizeof l->free_cov);
            break;
        }
}

void resolve_frame(const struct recipe *r, struct workspace *w, struct reflection *integrated,
                   size_t n_integrated)
{
    double *x = block_reserve(&w->resolve_work, 2 * n_integrated, sizeof *x), *y = x + n_integrated;
    for (uint32_t i = 0; i < w->n_lattices; i++) {
        struct lattice *l = &w->lattices[i];
        const struct ambiguity *ways = &r->ambiguity[l->cell_no];
        size_t used;
        double best = likeness(r, NULL, i, integrated, n_integrated, x, y, &used), second = -1;
        const double *change = NULL;
        for (size_t k = 0; k < ways->n; k++) {
            double c = likeness(r, ways->change[k], i, integrated, n_integrated, x, y, &used);
            if (c > best) {
                second = best;
                best = c;
                change = ways->change[k];
            } else {
                second = fmax(second, c);
            }
        }
        if (ways->n && ambiguity_lead(best, second, used) < CERTAIN)
            l->flags |= LATTICE_SETTING_UNDECIDED;
        if (!change)
            continue;
        reindex(change, l);
        reindex_rows(change, i, integrated, n_integrated);
        reindex_rows(change, i, w->indexed.data, w->n_indexed);
    }
}
