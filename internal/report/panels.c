/* panels.c - is each panel where the geometry says? See panels.h. */
#include "report/report.h"

#include <math.h>
#include <stdlib.h>

static const double MOVED_PX = 0.2;        /* with 0.3 px of scatter this makes the rms a fifth larger */
static const double MOVED_ERRORS = 5;      /* of hundreds of panels none by chance */
static const double PSI_ERRORS = 4;        /* at both ends */
static const double MEDIAN_ERROR = 1.2533; /* by the error of a mean, normal distribution: sqrt(pi / 2) */
static const double DEGREE = 0.017453292519943295;

/* ---- one panel ---- */

/* Where a share of the counts lies below, px; between the edges of a bin evenly. */
static double quantile(const uint32_t *bins, double n, double share)
{
    double below = 0, want = share * n, width = 2.0 * RESIDUAL_WINDOW / RESIDUAL_BINS;
    for (int k = 0; k < RESIDUAL_BINS; k++) {
        if (bins[k] && below + bins[k] >= want)
            return -RESIDUAL_WINDOW + width * (k + (want - below) / bins[k]);
        below += bins[k];
    }
    return RESIDUAL_WINDOW;
}

/* By how much spots of one lattice are alike: the variance of the mean over lattices by that of as many single spots. */
static double design(const int64_t *s, enum residual_sum sum, enum residual_sum squares,
                     enum residual_sum own, enum residual_sum cross)
{
    double n = (double)s[RESIDUAL_SEEN], mean = (double)s[sum] / n,
           single = (double)s[squares] - mean * (double)s[sum],
           together = (double)s[own] - 2 * mean * (double)s[cross] + mean * mean * (double)s[RESIDUAL_NN];
    return single > 0 && together > single ? together / single : 1;
}

static double rms(int64_t squares, double n)
{
    return sqrt((double)squares / n) / RESIDUAL_PX;
}

static void look_at_panel(const struct residual_panel *r, const struct panels_place *place,
                          struct panel_residual *out)
{
    const int64_t *s = r->sums;
    double n = (double)s[RESIDUAL_SEEN], used = (double)s[RESIDUAL_USED];
    *out = (struct panel_residual){.place = place,
                                   .seen = (uint64_t)s[RESIDUAL_SEEN],
                                   .far = (uint64_t)s[RESIDUAL_FAR],
                                   .used = (uint64_t)s[RESIDUAL_USED],
                                   .lattices = (uint64_t)s[RESIDUAL_LATTICES]};
    const double alike[] = {design(s, RESIDUAL_X, RESIDUAL_XX, RESIDUAL_CXX, RESIDUAL_CXN),
                            design(s, RESIDUAL_Y, RESIDUAL_YY, RESIDUAL_CYY, RESIDUAL_CYN)};
    for (int k = 0; k < 2; k++) {
        double sigma = (quantile(r->bins[k], n, 0.8413) - quantile(r->bins[k], n, 0.1587)) / 2;
        out->move[k] = n > 0 ? quantile(r->bins[k], n, 0.5) : NAN;
        out->error[k] = n > 1 ? MEDIAN_ERROR * sigma * sqrt(alike[k] / n) : NAN;
        out->mean[k] = used > 0 ? (double)s[RESIDUAL_UX + k] / used / RESIDUAL_PX : NAN;
        out->rms[k] = used > 0 ? rms(s[RESIDUAL_UXX + k], used) : NAN;
    }
    for (int k = 0; k < 2; k++)
        out->lab[k] = out->move[0] * place->fast[k] + out->move[1] * place->slow[k];
    out->radial = used > 0 ? rms(s[RESIDUAL_URR], used) : NAN;
    out->across = used > 0 ? rms(s[RESIDUAL_UTT], used) : NAN;
}

/* ---- the whole ---- */

struct weighted {
    double value, weight;
};
static int by_value(const void *pa, const void *pb)
{
    const struct weighted *a = pa, *b = pb;
    if (a->value != b->value)
        return a->value < b->value ? -1 : 1;
    return (a->weight > b->weight) - (a->weight < b->weight);
}

/* Of the panels with enough spots, each counting as many as it has: one that is off does not move the whole. Its error: that of the panels
 * together. */
static void look_at_whole(struct panels_report *r, struct weighted *work)
{
    double certain = 0;
    for (int k = 0; k < 2; k++) {
        double all = 0, below = 0;
        size_t n = 0;
        for (size_t i = 0; i < r->n_panels; i++)
            if (r->panels[i].seen >= PANELS_SPOTS) {
                work[n++] = (struct weighted){r->panels[i].lab[k], (double)r->panels[i].seen};
                all += (double)r->panels[i].seen;
            }
        qsort(work, n, sizeof *work, by_value);
        r->whole[k] = n ? 0 : NAN;
        for (size_t i = 0; i < n; i++) {
            below += work[i].weight;
            if (2 * below >= all) {
                r->whole[k] = work[i].value;
                break;
            }
        }
    }
    for (size_t i = 0; i < r->n_panels; i++)
        if (r->panels[i].seen >= PANELS_SPOTS)
            certain += 1 / (r->panels[i].error[0] * r->panels[i].error[0] +
                            r->panels[i].error[1] * r->panels[i].error[1] + 1e-12);
    double far = hypot(r->whole[0], r->whole[1]);
    r->whole_moved = far >= MOVED_PX && far * sqrt(certain) >= MOVED_ERRORS;
}

static void look_for_moved(struct panel_residual *p, const double whole[2])
{
    const double *axes[] = {p->place->fast, p->place->slow};
    double chi2 = 0;
    for (int k = 0; k < 2; k++) {
        double rest = p->move[k] - (whole[0] * axes[k][0] + whole[1] * axes[k][1]);
        p->own[k] = isnan(whole[0]) ? NAN : rest;
        chi2 += rest * rest / (p->error[k] * p->error[k] + 1e-12);
    }
    p->moved = p->seen >= PANELS_SPOTS && hypot(p->own[0], p->own[1]) >= MOVED_PX &&
               chi2 >= MOVED_ERRORS * MOVED_ERRORS;
}

static double rank_of(const struct panel_residual *p)
{
    return p->seen == 0 ? -1 : isnan(p->own[0]) ? 0 : hypot(p->own[0], p->own[1]) + (p->moved ? 1e3 : 0);
}

/* Largest first; among equals as in the detector. */
static void sort_worst(struct panels_report *r, struct weighted *work)
{
    for (size_t i = 0; i < r->n_panels; i++)
        work[i] = (struct weighted){-rank_of(r->panels + i), (double)i};
    qsort(work, r->n_panels, sizeof *work, by_value);
    for (size_t i = 0; i < r->n_panels; i++)
        r->worst[i] = (size_t)work[i].weight;
}

/* ---- Δψ ---- */

/* Shells of about as many spots each. */
static void look_at_shells(const struct panels_sum *s, struct panels_report *r)
{
    int64_t all = 0, n = 0, sum = 0, squares = 0;
    int from = 0;
    for (int k = 0; k < RESIDUAL_SHELLS; k++)
        all += s->shells[k].n;
    for (int k = 0; k < RESIDUAL_SHELLS && all > 0; k++) {
        n += s->shells[k].n;
        sum += s->shells[k].sum;
        squares += s->shells[k].squares;
        all -= s->shells[k].n;
        bool full = n * PANELS_SHELLS >= (int64_t)r->used && 2 * all * PANELS_SHELLS >= (int64_t)r->used;
        if (n == 0 || (all > 0 && !full)) /* a rest that is no half shell goes with the last one */
            continue;
        double mean = (double)sum / (double)n, var = (double)squares / (double)n - mean * mean;
        r->shells[r->n_shells++] =
            (struct panel_shell){.d_max = from ? 1 / sqrt(from * RESIDUAL_SHELL) : INFINITY,
                                 .d_min = 1 / sqrt((k + 1) * RESIDUAL_SHELL),
                                 .mean_deg = mean / RESIDUAL_RAD / DEGREE,
                                 .error_deg = sqrt(fmax(0, var) / (double)n) / RESIDUAL_RAD / DEGREE,
                                 .n = (uint64_t)n};
        n = sum = squares = 0;
        from = k + 1;
    }
    if (r->n_shells < 2)
        return;
    const struct panel_shell *low = r->shells, *high = r->shells + r->n_shells - 1;
    r->psi_turns = low->mean_deg * high->mean_deg < 0 && fabs(low->mean_deg) > PSI_ERRORS * low->error_deg &&
                   fabs(high->mean_deg) > PSI_ERRORS * high->error_deg;
}

void panels_of(const struct panels_sum *s, struct arena *a, struct panels_report *out)
{
    *out = (struct panels_report){.n_panels = s->n_panels, .n_files = s->n_files};
    out->panels = arena_array(a, s->n_panels + 1, sizeof *out->panels);
    out->worst = arena_array(a, s->n_panels + 1, sizeof *out->worst);
    for (size_t i = 0; i < s->n_panels; i++) {
        look_at_panel(s->panels + i, s->places + i, out->panels + i);
        out->seen += out->panels[i].seen;
        out->used += out->panels[i].used;
    }
    struct weighted *work = arena_array(a, s->n_panels + 1, sizeof *work);
    look_at_whole(out, work);
    for (size_t i = 0; i < s->n_panels; i++) {
        look_for_moved(out->panels + i, out->whole);
        out->n_moved += out->panels[i].moved;
    }
    sort_worst(out, work);
    look_at_shells(s, out);
}
