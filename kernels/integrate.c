/* integrate.c - a frame's reflections, from σ_b to the rows that are kept. The work on one reflection's pixels is in
 * shoebox.c, the background in background.c; here is the order of things, which pixels are shared, and the rules of
 * what is believed. */
#include "kernels/integrate.h"

#include <math.h>
#include <string.h>

#define RADIANS (3.14159265358979323846 / 180)

void integrate_params_default(struct integrate_params *p, bool parity)
{
    *p =
        (struct integrate_params){.parity = parity,
                                  .background = parity ? INTEGRATE_BACKGROUND_DIALS : INTEGRATE_BACKGROUND_ML,
                                  .method = INTEGRATE_SUM,
                                  .rings = {4, 5, 7},
                                  .partials = true,
                                  .n_sigma = 3,
                                  .sigma_b_cutoff = 0.1 * RADIANS,
                                  .sigma_b_multiplier = 2,
                                  .valid_foreground_threshold = 0.75,
                                  .outlier_n_sigma = 4,
                                  .min_background = parity ? 10 : 20,
                                  .plane_min = 60,
                                  .predict.widen = parity ? 0 : 2,
                                  .detector_gain = 1,
                                  .alpha = 1e-3,
                                  .significance_bins = 20,
                                  .significance_cutoff = 1};
}

static bool has_box(const struct reflection *row)
{
    return row->x1 > row->x0;
}

bool integrate_keeps(const struct integrate_params *p, const struct reflection *row)
{
    if (!has_box(row) || !(row->flags & REFL_INTEGRATED_SUM) || row->flags & REFL_FOREGROUND_BAD)
        return false;
    if (p->parity) /* "no integrated signal", "zero background variance": dropped by DIALS */
        return row->variance > 0 && row->bg_sum_var > 0;
    if (p->method == INTEGRATE_PROFILE && !(row->flags & REFL_INTEGRATED_PRF && isfinite(row->prf)))
        return false;
    return row->variance > 0 && isfinite(row->variance) && isfinite(row->intensity);
}

/* ---- matching ---- */

static int by_identity(const struct reflection *a, const struct reflection *b)
{
    if (a->lattice != b->lattice)
        return a->lattice < b->lattice ? -1 : 1;
    if (a->panel != b->panel)
        return a->panel < b->panel ? -1 : 1;
    for (int i = 0; i < 3; i++)
        if (a->hkl[i] != b->hkl[i])
            return a->hkl[i] < b->hkl[i] ? -1 : 1;
    return 0;
}

static struct reflection *find_row(struct reflection *rows, size_t n, const struct reflection *key)
{
    size_t from = 0, to = n;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (by_identity(&rows[middle], key) < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return from < n && by_identity(&rows[from], key) == 0 ? &rows[from] : NULL;
}

void integrate_match(struct reflection *rows, size_t n, const struct reflection *indexed, size_t n_indexed)
{
    const uint32_t kept = REFL_INDEXED | REFL_USED_IN_REFINEMENT | REFL_STRONG;
    for (size_t i = 0; i < n_indexed; i++) {
        struct reflection *row = find_row(rows, n, &indexed[i]);
        if (!row)
            continue;
        double dx = row->cal_px[0] - indexed[i].cal_px[0], dy = row->cal_px[1] - indexed[i].cal_px[1];
        row->flags |= indexed[i].flags & kept;
        row->spot = indexed[i].spot;
        if (dx * dx + dy * dy < 4)
            row->flags |= REFL_REFERENCE_SPOT;
    }
}

/* ---- resolution ---- */

enum { SHELLS_MAX = 100 };

double integrate_resolution(const struct reflection *rows, size_t n, const struct integrate_shells *shells)
{
    double sum[SHELLS_MAX] = {0}, count[SHELLS_MAX] = {0}, d_min = INFINITY, d_max = 0;
    int bins = shells->n < 1 ? 1 : shells->n > SHELLS_MAX ? SHELLS_MAX : shells->n;
    for (size_t i = 0; i < n; i++) {
        d_min = fmin(d_min, rows[i].d);
        d_max = fmax(d_max, rows[i].d);
    }
    if (shells->d_min > 0)
        d_min = shells->d_min;
    if (!(d_max > 0) || !(d_min < INFINITY))
        return 0;
    double low = pow(d_max, -3), step = (pow(d_min, -3) - low) / bins;
    for (size_t i = 0; i < n; i++) {
        double at = step > 0 ? (pow(rows[i].d, -3) - low) / step : 0;
        int bin = at < bins ? (int)at : bins - 1;
        double I = shells->fitted ? rows[i].prf : rows[i].intensity;
        double variance = shells->fitted ? rows[i].prf_variance : rows[i].variance;
        if (at > bins * (1 + 1e-9) || !(variance > 0) || (shells->positive_only && !(I > 0)))
            continue;
        sum[bin] += I / sqrt(variance);
        count[bin]++;
    }
    int good = 0;
    while (good < bins && count[good] > 0 && sum[good] / count[good] >= shells->cutoff)
        good++;
    return good ? pow(low + good * step, -1.0 / 3) : 0;
}

/* ---- a frame ---- */

static void tally(struct integrate_result *t, const struct reflection *row)
{
    t->n_bad_foreground += (row->flags & REFL_FOREGROUND_BAD) != 0;
    t->n_overloaded += (row->flags & REFL_OVERLOADED) != 0;
    t->n_overlapped += (row->flags & REFL_OVERLAPPED_FG) != 0;
    t->n_no_background += (row->flags & REFL_FAILED_BACKGROUND) != 0;
    t->n_no_box += !has_box(row);
}

/* σ_b and predictions of one lattice; the number of rows added, 0 with its reason set. */
static size_t predict_one(const struct integrate_params *p, const struct integrate_frame *f,
                          struct lattice *l, uint32_t number, struct reflection *out, size_t capacity,
                          struct integrate_result *result)
{
    l->n_integrated = 0;
    l->res_a = 0;
    l->sigma_b = p->sigma_b > 0 ? p->sigma_b
                                : profile_sigma_b(&f->view, f->strong, f->n_strong, f->spots, f->n_spots,
                                                  f->indexed, f->n_indexed, number);
    if (!(l->sigma_b > 0) || (p->sigma_b_cutoff > 0 && l->sigma_b >= p->sigma_b_cutoff)) {
        l->reason = INTEGRATE_SIGMA_B;
        return 0;
    }
    size_t n = predict_lattice(&p->predict, &f->view, l, number, f->ops, f->n_ops, out, capacity);
    if (n == 0)
        l->reason = INTEGRATE_NO_PREDICTION;
    result->n_predicted += n;
    result->truncated |= n > capacity;
    return n < capacity ? n : capacity;
}

/* Keep the rows of one lattice that pass, moved to `out`; its resolution and reason. */
static size_t keep_one(const struct integrate_params *p, struct lattice *l, const struct reflection *rows,
                       size_t n, struct reflection *out, struct integrate_result *result)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        tally(result, &rows[i]);
        if (!integrate_keeps(p, &rows[i]))
            continue;
        memmove(&out[kept], &rows[i], sizeof *out);
        out[kept].partiality = p->partials ? out[kept].partiality : 1;
        kept++;
    }
    if (kept == 0) {
        l->reason = INTEGRATE_FEW_INTEGRATED;
        return 0;
    }
    bool fitted = p->method == INTEGRATE_PROFILE;
    l->res_a =
        integrate_resolution(out, kept, &(struct integrate_shells){.n = 20, .cutoff = 1, .fitted = fitted});
    if (p->significance) {
        double limit = integrate_resolution(out, kept,
                                            &(struct integrate_shells){.n = p->significance_bins,
                                                                       .d_min = p->significance_d_min,
                                                                       .cutoff = p->significance_cutoff,
                                                                       .positive_only = true,
                                                                       .fitted = fitted});
        size_t before = kept;
        kept = 0;
        for (size_t i = 0; i < before; i++)
            if (limit > 0 && out[i].d >= limit * (1 - 1e-12))
                memmove(&out[kept++], &out[i], sizeof *out);
        result->n_insignificant += before - kept;
        if (kept == 0)
            l->reason = INTEGRATE_SIGNIFICANCE;
    }
    l->n_integrated = (uint32_t)kept;
    return kept;
}

size_t integrate_predict(const struct integrate_params *p, const struct integrate_frame *f,
                         struct lattice *lattices, size_t n_lattices, struct reflection *out, size_t capacity,
                         struct integrate_result *result)
{
    size_t n = 0;
    *result = (struct integrate_result){.n_predicted = 0};
    for (size_t i = 0; i < n_lattices; i++)
        n += predict_one(p, f, &lattices[i], (uint32_t)i, out + n, capacity - n, result);
    return n;
}

size_t integrate_predicted(const struct integrate_params *p, const struct integrate_frame *f,
                           struct lattice *lattices, size_t n_lattices, struct reflection *out, size_t n,
                           struct integrate_result *result, void *work)
{
    size_t kept = 0;
    integrate_match(out, n, f->indexed, f->n_indexed);
    if (p->parity)
        integrate_rows(p, f, lattices, n_lattices, out, n, work);
    else
        n = integrate_spots(p, f, lattices, n_lattices, out, n, work);
    for (size_t from = 0; from < n;) {
        size_t to = from;
        while (to < n && out[to].lattice == out[from].lattice)
            to++;
        kept += keep_one(p, &lattices[out[from].lattice], out + from, to - from, out + kept, result);
        from = to;
    }
    result->n_integrated = kept;
    return kept;
}

size_t integrate_frame(const struct integrate_params *p, const struct integrate_frame *f,
                       struct lattice *lattices, size_t n_lattices, struct reflection *out, size_t capacity,
                       struct integrate_result *result, void *work)
{
    size_t n = integrate_predict(p, f, lattices, n_lattices, out, capacity, result);
    return integrate_predicted(p, f, lattices, n_lattices, out, n, result, work);
}
