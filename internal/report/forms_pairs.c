/* forms_pairs.c - cells by two of their parameters; see forms.h. */
#include "report/forms.h"

#include <math.h>
#include <stdlib.h>

static const double BESIDE = 0.005; /* of each side */

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void range_of(const struct store_sampled *s, size_t n_sample, const struct cell_forms *f, int axis,
                     double *work, double *from, double *to)
{
    size_t n = 0;
    for (size_t i = 0; i < n_sample; i++)
        if (f->labels[i] != FORMS_LEFT)
            work[n++] = s[i].cell[axis];
    qsort(work, n, sizeof *work, by_value);
    double lo = store_percentile(work, n, BESIDE), hi = store_percentile(work, n, 1 - BESIDE);
    double margin = fmax(0.08 * (hi - lo), 1e-3 * fabs(hi)) / 2;
    *from = lo - margin;
    *to = hi + margin;
}

static void put_cell(const struct store_sampled *s, int32_t label, struct cell_pair *p)
{
    double x = PAIR_GRID * (s->cell[p->x] - p->from[0]) / (p->to[0] - p->from[0]);
    double y = PAIR_GRID * (s->cell[p->y] - p->from[1]) / (p->to[1] - p->from[1]);
    int layer = label < 0 ? 0 : label < 2 ? 1 + label : 3;
    if (x >= 0 && x < PAIR_GRID && y >= 0 && y < PAIR_GRID)
        p->grid[layer][PAIR_GRID * (size_t)y + (size_t)x]++;
    else
        p->outside++;
}

size_t pairs_of(const struct store_sampled *sample, size_t n_sample, const struct cell_forms *f,
                struct arena *a, struct cell_pair pairs[PAIRS_MOST])
{
    int last = f->n_free - 1;
    const int chosen[PAIRS_MOST][2] = {{0, 1}, {1, 2}, {0, 2}, {last - 1, last}};
    double *work = arena_array(a, n_sample + 1, sizeof *work), from[6], to[6];
    size_t n = 0;
    for (int k = 0; k < f->n_free; k++)
        range_of(sample, n_sample, f, f->free[k], work, from + k, to + k);
    for (int k = 0; k < PAIRS_MOST; k++) {
        int x = chosen[k][0], y = chosen[k][1];
        if (y > last || x < 0 || (k == 3 && last < 3))
            continue;
        struct cell_pair *p = pairs + n++;
        *p = (struct cell_pair){
            .x = f->free[x], .y = f->free[y], .from = {from[x], from[y]}, .to = {to[x], to[y]}};
        for (size_t i = 0; i < n_sample; i++)
            if (f->labels[i] != FORMS_LEFT)
                put_cell(sample + i, f->labels[i], p);
    }
    return n;
}
