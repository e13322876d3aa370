/* levels.c - panels over the jobs; see levels.h. */
#include "report/levels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { EARLIER_LEAST = 3, PANELS_LEAST = 3 };
static const double SAME_DISTANCE = 0.005, SAME_WAVELENGTH = 0.01;
static const double DRIFT = 0.1, DRIFT_SIGMAS = 5, SIGMA_LEAST = 0.01, MAD_SIGMA = 1.4826;

static int by_value(const void *pa, const void *pb)
{
    double a = *(const double *)pa, b = *(const double *)pb;
    return (a > b) - (a < b);
}

/* Of the finite ones; they are sorted in place. NaN: there is none. */
static double median(double *v, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (isfinite(v[i]))
            v[kept++] = v[i];
    qsort(v, kept, sizeof *v, by_value);
    return kept ? (v[kept / 2] + v[(kept - 1) / 2]) / 2 : NAN;
}

static bool comparable(const struct powder_report *a, const struct powder_report *b)
{
    bool same = a->judged && a->n_panels == b->n_panels &&
                fabs(a->distance_mm - b->distance_mm) <= SAME_DISTANCE * b->distance_mm &&
                fabs(a->wavelength - b->wavelength) <= SAME_WAVELENGTH * b->wavelength;
    for (size_t i = 0; same && i < a->n_panels; i++)
        same = strcmp(a->panels[i].name, b->panels[i].name) == 0;
    return same;
}

/* Is the newest level of a panel another one than it was? work: [n]. */
static void judge(struct panel_level *p, size_t n, double *work)
{
    double newest = p->levels[n - 1], n_earlier = 0;
    for (size_t j = 0; j + 1 < n; j++)
        n_earlier += isfinite(p->levels[j]);
    memcpy(work, p->levels, (n - 1) * sizeof *work);
    p->usual = median(work, n - 1);
    p->change = newest / p->usual - 1;
    for (size_t j = 0; j + 1 < n; j++)
        work[j] = fabs(p->levels[j] / p->usual - 1);
    double sigma = fmax(MAD_SIGMA * median(work, n - 1), SIGMA_LEAST);
    p->drifts =
        n_earlier >= EARLIER_LEAST && fabs(p->change) >= DRIFT && fabs(p->change) >= DRIFT_SIGMAS * sigma;
}

/* Means by the brightness of the job: the median over panels of their means by what each usually has. work: [n_panels]. */
static void scale(const struct powder_report *jobs, struct levels *out, double *work)
{
    for (size_t j = 0; j < out->n_jobs; j++) {
        const struct powder_report_panel *panels = jobs[out->jobs[j]].panels;
        for (size_t i = 0; i < out->n_panels; i++)
            work[i] = panels[i].mean / out->panels[i].usual;
        double whole = median(work, out->n_panels);
        for (size_t i = 0; i < out->n_panels; i++)
            out->panels[i].levels[j] = whole > 0 ? panels[i].mean / whole : NAN;
    }
}

void levels_of(const struct powder_report *jobs, size_t n, struct arena *a, struct levels *out)
{
    *out = (struct levels){.jobs = arena_array(a, n + 1, sizeof *out->jobs)};
    for (size_t j = 0; j < n; j++)
        if (comparable(jobs + j, jobs + n - 1))
            out->jobs[out->n_jobs++] = j;
    if (out->n_jobs == 0)
        return;
    out->n_panels = jobs[n - 1].n_panels;
    out->panels = arena_array(a, out->n_panels + 1, sizeof *out->panels);
    double *work = arena_array(a, out->n_panels + out->n_jobs + 1, sizeof *work);
    for (size_t i = 0; i < out->n_panels; i++)
        out->panels[i].levels = arena_array(a, out->n_jobs, sizeof(double));
    for (size_t i = 0; i < out->n_panels; i++)
        out->panels[i].usual = 1;
    scale(jobs, out, work);
    for (size_t i = 0; i < out->n_panels; i++) { /* so that the median over panels is one of ratios */
        memcpy(work, out->panels[i].levels, out->n_jobs * sizeof *work);
        out->panels[i].usual = median(work, out->n_jobs);
    }
    scale(jobs, out, work);
    for (size_t i = 0; i < out->n_panels; i++) {
        judge(out->panels + i, out->n_jobs, work);
        out->panels[i].drifts &= out->n_panels >= PANELS_LEAST;
        out->n_drifts += out->panels[i].drifts;
    }
}
