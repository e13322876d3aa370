/* forms.c - which cells lie together, and when each form began; see forms.h. */
#include "report/forms.h"

#include "kernels/cluster.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A group that ends where a normal distribution has 99 % of itself is so much thinner there than at its median that the distance to the
 * neighbours is greater by these factors: exp((χ²(0.99) - χ²(0.5)) / 2) to the power 1/d, of d = 1 … 6 dimensions. */
static const double reach[6] = {22.0, 7.1, 4.5, 3.5, 2.9, 2.6};

static bool is_known(const struct store_sampled *s)
{
    for (int i = 0; i < 6; i++)
        if (!isfinite(s->cell[i]) || !(s->cell[i] > 0))
            return false;
    return true;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* What symmetry fixes is the same in all lattices: an angle that never moves, a length that is always another one. The bounds are what
 * cells kept as float can differ by, with a margin. */
static void find_free(const struct store_sampled *s, const size_t *at, size_t n, struct cell_forms *f)
{
    double lo[6], hi[6], apart[6][6] = {{0}};
    for (size_t i = 0; i < n; i++)
        for (int p = 0; p < 6; p++) {
            double v = s[at[i]].cell[p];
            lo[p] = i == 0 || v < lo[p] ? v : lo[p];
            hi[p] = i == 0 || v > hi[p] ? v : hi[p];
            for (int q = 0; q < p; q++)
                apart[p][q] = fmax(apart[p][q], fabs(v - s[at[i]].cell[q]) / v);
        }
    f->n_free = 0;
    for (int p = 0; p < 6 && n > 0; p++) {
        f->like[p] = p;
        for (int q = p - 1; q >= (p < 3 ? 0 : 3); q--)
            if (apart[p][q] < 2e-5)
                f->like[p] = q;
        if (f->like[p] == p && hi[p] - lo[p] > (p < 3 ? 0 : 0.002))
            f->free[f->n_free++] = p;
    }
}

/* Rows of the free parameters in Å. */
static double *points_of(const struct store_sampled *s, const size_t *at, size_t n,
                         const struct cell_forms *f, struct arena *a)
{
    double *points = arena_array(a, n * (size_t)f->n_free + 1, sizeof *points), *p = points, edge = 0;
    for (size_t i = 0; i < n; i++)
        edge += cbrt(s[at[i]].cell[0] * s[at[i]].cell[1] * s[at[i]].cell[2]) / (double)n;
    for (size_t i = 0; i < n; i++)
        for (int k = 0; k < f->n_free; k++) {
            double v = s[at[i]].cell[f->free[k]];
            *p++ = f->free[k] < 3 ? v : v * edge * acos(-1) / 180;
        }
    return points;
}

static void describe(const struct store_sampled *s, size_t n_sample, int32_t label,
                     const struct cell_forms *f, struct cell_form *form)
{
    *form = (struct cell_form){0};
    double sums[6] = {0};
    for (size_t i = 0; i < n_sample; i++)
        if (f->labels[i] == label) {
            form->n++;
            for (int p = 0; p < 6; p++)
                sums[p] += s[i].cell[p];
        }
    double n = (double)form->n;
    for (int p = 0; p < 6; p++)
        form->mean[p] = sums[p] / n;
    for (size_t i = 0; i < n_sample; i++) {
        if (f->labels[i] != label)
            continue;
        for (int p = 0; p < 6; p++)
            form->sd[p] += pow(s[i].cell[p] - form->mean[p], 2) / n;
        for (int k = 0; k < f->n_free; k++)
            for (int m = 0; m < f->n_free; m++)
                form->cov[k * f->n_free + m] += (s[i].cell[f->free[k]] - form->mean[f->free[k]]) *
                                                (s[i].cell[f->free[m]] - form->mean[f->free[m]]) / n;
    }
    for (int p = 0; p < 6; p++)
        form->sd[p] = sqrt(form->sd[p]);
}

static void find_groups(const struct store_sampled *s, const size_t *at, double eps, struct arena *a,
                        struct cell_forms *f)
{
    size_t n = f->n_points;
    double *points = points_of(s, at, n, f, a);
    int32_t *labels = arena_array(a, n + 1, sizeof *labels);
    void *work = arena_array(a, cluster_work_size(n) / sizeof(double) + 1, sizeof(double));
    f->least = n > 500 ? (n + 99) / 100 : 5;
    f->eps_found = reach[f->n_free - 1] * cluster_near(points, n, f->n_free, f->least - 1, work);
    f->eps = eps >= 0 ? eps : f->eps_found;
    f->n_groups = cluster_dbscan(points, n, f->n_free, f->eps, f->least, labels, work);
    for (size_t i = 0; i < n; i++) {
        f->labels[at[i]] = labels[i] < 0 ? FORMS_NEITHER : labels[i];
        f->n_neither += labels[i] < 0;
    }
}

void forms_of(const struct store_sampled *sample, size_t n_sample, double eps, struct arena *a,
              struct cell_forms *out)
{
    *out = (struct cell_forms){.eps = NAN, .eps_found = NAN, .like = {0, 1, 2, 3, 4, 5}};
    out->labels = arena_array(a, n_sample + 1, sizeof *out->labels);
    size_t *at = arena_array(a, FORMS_POINTS, sizeof *at);
    for (size_t i = 0; i < n_sample; i++) {
        out->labels[i] = FORMS_LEFT;
        if (out->n_points < FORMS_POINTS && is_known(sample + i))
            at[out->n_points++] = i;
    }
    find_free(sample, at, out->n_points, out);
    if (out->n_free == 0) /* none, or all the same: nothing to tell apart */
        return;
    find_groups(sample, at, eps, a, out);
    out->n = out->n_groups < FORMS_MOST ? out->n_groups : FORMS_MOST;
    for (size_t i = 0; i < out->n; i++)
        describe(sample, n_sample, (int32_t)i, out, out->form + i);
}

/* ---- by run ---- */

struct of_run {
    int64_t run;
    size_t at;
};

static int by_run(const void *a, const void *b)
{
    const struct of_run *x = a, *y = b;
    if (x->run != y->run)
        return x->run < y->run ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}

static int by_job(const void *a, const void *b)
{
    int64_t x = ((const struct store_tally *)a)->job, y = ((const struct store_tally *)b)->job;
    return x < y ? -1 : x > y;
}

/* Ranks n/2 ± 0.98 √n hold the median with 95 %. */
static struct cell_spread median_of(double *v, size_t n)
{
    struct cell_spread s = {NAN, NAN, NAN};
    if (n == 0)
        return s;
    qsort(v, n, sizeof *v, by_value);
    s.median = store_percentile(v, n, 0.5);
    if (n >= 6) {
        double half = 0.98 * sqrt((double)n), lo = floor((double)n / 2 - half),
               hi = ceil((double)n / 2 + half) - 1;
        s.lo = v[lo > 0 ? (size_t)lo : 0];
        s.hi = v[hi < (double)(n - 1) ? (size_t)hi : n - 1];
    }
    return s;
}

static void one_run(const struct store_sampled *s, const struct of_run *list, size_t n,
                    const struct cell_forms *f, double *work, struct cell_run *out)
{
    *out = (struct cell_run){.run = list->run, .last = list[n - 1].run, .n = n};
    for (size_t i = 0; i < n; i++) {
        int32_t label = f->labels[list[i].at];
        if (label != FORMS_LEFT)
            out->counts[label >= 0 && (size_t)label < f->n ? (size_t)label : f->n]++;
    }
    for (int p = 0; p < 6; p++) {
        size_t known = 0;
        for (size_t i = 0; i < n; i++)
            if (isfinite(s[list[i].at].cell[p]))
                work[known++] = s[list[i].at].cell[p];
        out->median[p] = median_of(work, known);
    }
}

void forms_by_run(const struct store_sampled *sample, size_t n_sample, const struct cell_forms *f,
                  const struct store_tally *tallies, size_t n_tallies, size_t most, struct arena *a,
                  struct cell_run **rows, size_t *n, size_t *n_runs)
{
    struct of_run *list = arena_array(a, n_sample + 1, sizeof *list);
    double *work = arena_array(a, n_sample + 1, sizeof *work);
    size_t listed = 0;
    for (size_t i = 0; i < n_sample; i++) {
        const struct store_tally key = {.job = sample[i].job},
                                 *t =
                                     n_tallies ? bsearch(&key, tallies, n_tallies, sizeof key, by_job) : NULL;
        if (t)
            list[listed++] = (struct of_run){t->run, i};
    }
    if (listed)
        qsort(list, listed, sizeof *list, by_run);
    *rows = NULL;
    *n = *n_runs = 0;
    for (size_t i = 0; i < listed; i++)
        *n_runs += i == 0 || list[i].run != list[i - 1].run;
    size_t together = (*n_runs + most - 1) / most;
    for (size_t i = 0, next; i < listed; i = next) {
        size_t runs = 1;
        for (next = i + 1; next < listed; next++) {
            runs += list[next].run != list[next - 1].run;
            if (runs > together)
                break;
        }
        *rows = arena_grow(a, *rows, *n, sizeof **rows);
        one_run(sample, list + i, next - i, f, work, *rows + (*n)++);
    }
}
