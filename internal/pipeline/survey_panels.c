/* survey_panels.c - panels that are far off; see survey_panels.h. */
#include "pipeline/survey_panels.h"

#include <math.h>
#include <string.h>

enum { BINS = 160, WINDOW = 8, SPOTS = 100 };
static const double STEP = 2.0 * WINDOW / BINS; /* px */
static const double NEAR_PX = 1;                /* of the median: spots that belong together */

static bool has_node(const struct shot_spot *s)
{
    return s->q > 0 && fabs(s->residual[0]) < WINDOW && fabs(s->residual[1]) < WINDOW;
}

/* The sum may be rounded up to the end of the last bin. */
static size_t bin_of(double residual)
{
    size_t bin = (size_t)((residual + WINDOW) / STEP);
    return bin < BINS ? bin : BINS - 1;
}

static void count(const struct geometry_run *run, struct arena *a, struct survey_panel *panels)
{
    for (size_t k = 0; k < run->n_panels; k++) {
        panels[k].n = panels[k].inside = 0;
        panels[k].bins = arena_array(a, BINS, sizeof *panels[k].bins);
    }
    for (size_t i = 0; i < run->n_stills; i++)
        for (size_t k = 0; k < run->stills[i].n; k++) {
            const struct shot_spot *s = run->stills[i].spots + k;
            if (!has_node(s) || s->panel >= run->n_panels)
                continue;
            struct survey_panel *p = panels + s->panel;
            p->n++;
            p->inside += s->weight > 0;
            for (int axis = 0; axis < 2; axis++)
                p->bins[bin_of(s->residual[axis])][axis]++;
        }
}

static double share_inside(const struct geometry_run *run, const struct survey_panel *panels)
{
    double n = 0, inside = 0;
    for (size_t k = 0; k < run->n_panels; k++) {
        n += (double)panels[k].n;
        inside += (double)panels[k].inside;
    }
    return n > 0 ? inside / n : 0;
}

/* px; and the share of the spots near it along this axis. */
static double median(const struct survey_panel *p, int axis, double *near)
{
    size_t below = 0, at = 0;
    while (at < BINS - 1 && 2 * (below + p->bins[at][axis]) < p->n)
        below += p->bins[at++][axis];
    double found =
        (double)at * STEP - WINDOW + STEP * (0.5 * (double)p->n - (double)below) / fmax(1, p->bins[at][axis]);
    *near = 0;
    for (size_t k = 0; k < BINS; k++)
        if (fabs(((double)k + 0.5) * STEP - WINDOW - found) <= NEAR_PX)
            *near += (double)p->bins[k][axis] / (double)p->n;
    return found;
}

size_t survey_panels_start(const struct geometry_run *run, struct arena *a, struct survey_panel *panels,
                           double *correction)
{
    size_t started = 0;
    memset(correction, 0, 3 * run->n_panels * sizeof *correction);
    count(run, a, panels);
    double whole = share_inside(run, panels);
    for (size_t k = 0; k < run->n_panels; k++) {
        struct survey_panel *p = panels + k;
        const struct panel *place = run->detectors->header + k;
        double near[2];
        p->started = false;
        if (p->n < SPOTS || (double)p->inside >= 0.5 * whole * (double)p->n)
            continue;
        const double off[2] = {median(p, 0, near), median(p, 1, near + 1)};
        if (near[0] < 0.5 || near[1] < 0.5)
            continue;
        p->started = true;
        started++;
        correction[3 * k] = -off[0] * place->pixel_fast; /* residuals are observed - calculated */
        correction[3 * k + 1] = -off[1] * place->pixel_slow;
    }
    return started;
}

bool survey_panels_hold(const struct geometry_run *run, struct arena *a, struct survey_panel *panels)
{
    count(run, a, panels);
    double whole = share_inside(run, panels);
    for (size_t k = 0; k < run->n_panels; k++)
        if (panels[k].started &&
            (panels[k].n < SPOTS || (double)panels[k].inside < 0.5 * whole * (double)panels[k].n))
            return false;
    return true;
}
