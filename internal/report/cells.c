/* cells.c - unit cells of many jobs; see cells.h. */
#include "report/cells.h"

#include <math.h>
#include <stdlib.h>

/* A damaged row must not make a loop without end, or bins without number: no cell is near these. */
static const double LEAST_STEP = 1e-6, MOST = 1e6;

static const double BESIDE = 0.005; /* of the lattices may lie beside what is shown, at each end */

/* ---- free cells: histograms ---- */

/* The rows of one parameter: one, unless jobs counted with other bounds. */
struct rows {
    const struct store_hist *rows;
    size_t n;
    double total, under, over;
};

static struct rows rows_of(const struct store_hist *h, size_t n, int kind)
{
    struct rows r = {.rows = NULL};
    for (size_t i = 0; i < n; i++)
        if (h[i].kind == kind && h[i].n_bins > 0 && h[i].step > LEAST_STEP && h[i].step < MOST &&
            fabs(h[i].lo) < MOST && (r.n == 0 || h + i == r.rows + r.n)) {
            r.rows = r.n++ ? r.rows : h + i; /* they are sorted by kind */
            r.total += (double)h[i].n;
            r.under += (double)h[i].under;
            r.over += (double)h[i].over;
        }
    return r;
}

static double top_of(const struct store_hist *h)
{
    return h->lo + h->step * (double)h->n_bins;
}

/* Lattices below x; within a bin they are taken as even. */
static double below(const struct rows *r, double x)
{
    double sum = 0;
    for (size_t k = 0; k < r->n; k++) {
        const struct store_hist *h = r->rows + k;
        double at = (x - h->lo) / h->step, whole = floor(at);
        sum += (double)h->under;
        for (size_t i = 0; i < h->n_bins && (double)i <= at; i++)
            sum += (double)h->bins[i] * ((double)i < whole ? 1 : at - whole);
    }
    return sum;
}

/* Where a share of all lies: by halving, to 1/4000 of the finest bin. Shares that lie beside the bins: their end. */
static double quantile(const struct rows *r, double share)
{
    double lo = INFINITY, hi = -INFINITY, step = INFINITY;
    for (size_t k = 0; k < r->n; k++) {
        lo = fmin(lo, r->rows[k].lo);
        hi = fmax(hi, top_of(r->rows + k));
        step = fmin(step, r->rows[k].step);
    }
    while (hi - lo > step / 4000) {
        double x = 0.5 * (lo + hi);
        if (below(r, x) < share * r->total)
            lo = x;
        else
            hi = x;
    }
    return 0.5 * (lo + hi);
}

/* Bins as wide as a whole number of the widest that were counted, with its edges: no stripes from bins that are cut. */
static void put_bins(const struct rows *r, struct cell_axis *out)
{
    const struct store_hist *widest = r->rows;
    for (size_t k = 1; k < r->n; k++)
        widest = r->rows[k].step > widest->step ? r->rows + k : widest;
    double from = quantile(r, BESIDE), to = quantile(r, 1 - BESIDE);
    double margin = fmax(0.15 * (to - from), 5 * widest->step);
    double first = floor((from - margin - widest->lo) / widest->step);
    double n = ceil((to + margin - widest->lo) / widest->step) - first;
    double wide = ceil(n / CELLS_BINS);
    out->n_bins = (size_t)ceil(n / wide);
    out->width = wide * widest->step;
    out->from = widest->lo + first * widest->step;
    double done = below(r, out->from);
    out->below = done;
    for (size_t i = 0; i < out->n_bins; i++) {
        double upto = below(r, out->from + (double)(i + 1) * out->width);
        out->bins[i] = upto - done;
        done = upto;
    }
    out->above = r->total - done;
}

/* ---- cells with symmetry: the sample ---- */

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* Sorted, without what is not known. */
static double *sorted_axis(const struct store_sampled *s, size_t n, int axis, struct arena *a, size_t *count)
{
    double *v = arena_array(a, n + 1, sizeof *v);
    *count = 0;
    for (size_t i = 0; i < n; i++)
        if (isfinite(s[i].cell[axis]))
            v[(*count)++] = s[i].cell[axis];
    qsort(v, *count, sizeof *v, by_value);
    return v;
}

/* Is an angle 90 or 120 degrees by symmetry? So it is in every cell of the sample (sorted), and no free cell is a bin's width beside it. */
static bool is_fixed(const double *sorted, size_t n, const struct rows *r)
{
    if (n == 0 || sorted[0] != sorted[n - 1] || (sorted[0] != 90 && sorted[0] != 120))
        return false;
    for (size_t k = 0; k < r->n; k++) {
        const struct store_hist *h = r->rows + k;
        for (size_t i = 0; i < h->n_bins; i++)
            if (h->bins[i] && fabs(h->lo + h->step * ((double)i + 0.5) - sorted[0]) > h->step)
                return false;
    }
    return r->under + r->over == 0;
}

void cells_of(const struct store_hist *hists, size_t n_hists, const struct store_sampled *sample,
              size_t n_sample, struct arena *a, struct cells *out)
{
    *out = (struct cells){.n_sample = n_sample};
    for (int i = 0; i < 6; i++) {
        struct cell_axis *axis = out->axes + i;
        size_t n;
        double *sorted = sorted_axis(sample, n_sample, i, a, &n);
        axis->cell = (struct cell_spread){store_percentile(sorted, n, 0.5), store_percentile(sorted, n, 0.16),
                                          store_percentile(sorted, n, 0.84)};
        struct rows r = rows_of(hists, n_hists, STORE_HIST_CELL + i);
        axis->free = (struct cell_spread){NAN, NAN, NAN};
        axis->fixed = i >= 3 && is_fixed(sorted, n, &r);
        if (axis->fixed) {
            axis->free = axis->cell;
        } else if (r.total - r.under - r.over > 0) {
            axis->free = (struct cell_spread){quantile(&r, 0.5), quantile(&r, 0.16), quantile(&r, 0.84)};
            put_bins(&r, axis);
        }
        out->lattices = i == 0 ? (uint64_t)r.total : out->lattices;
    }
}
