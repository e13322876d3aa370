/* forms_poles.c - how crystals lie in the beam; see forms.h.
 *
 * Of equivalent settings of a lattice the one nearest to the laboratory's axes is written (SCIENCE 7): alone it would look as if crystals
 * preferred to lie so. Thus all equivalent axes are drawn.
 */
#include "report/forms.h"

#include <math.h>
#include <string.h>

struct pole_kind {
    const char *name;
    int axes[3], n;
    bool hexagonal; /* with b* - a*, the third of axes 60° apart */
};

static size_t kinds_of(const struct store_sampled *s, const struct cell_forms *f, struct pole_kind kinds[3])
{
    if (f->like[1] == 0 && f->like[2] == 0) {
        kinds[0] = (struct pole_kind){"a*, b*, c*", {0, 1, 2}, 3, false};
        return 1;
    }
    if (f->like[1] == 0) {
        kinds[0] = (struct pole_kind){"a*, b*", {0, 1}, 2, fabs(s->cell[5] - 120) < 0.01};
        kinds[1] = (struct pole_kind){"c*", {2}, 1, false};
        return 2;
    }
    kinds[0] = (struct pole_kind){"a*", {0}, 1, false};
    kinds[1] = (struct pole_kind){"b*", {1}, 1, false};
    kinds[2] = (struct pole_kind){"c*", {2}, 1, false};
    return 3;
}

/* Lambert's: equal solid angles have equal areas. The half towards the source; its rim is where |d_z| = 0. */
static void put(struct cell_pole *pole, const double d[3], double mean[6])
{
    double length = sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
    if (!(length > 0.5))
        return;
    double sign = d[2] < 0 ? -1 : 1, u[3];
    for (int i = 0; i < 3; i++)
        u[i] = sign * d[i] / length;
    double scale = sqrt(1 / (1 + u[2])), at[2];
    for (int i = 0; i < 2; i++)
        at[i] = fmin(fmax(floor(0.5 * POLE_GRID * (1 + scale * u[i])), 0), POLE_GRID - 1);
    pole->grid[POLE_GRID * (size_t)at[1] + (size_t)at[0]]++;
    pole->n++;
    for (int i = 0, k = 0; i < 3; i++)
        for (int j = i; j < 3; j++)
            mean[k++] += u[i] * u[j];
}

/* Greatest eigenvalue of a symmetric matrix (xx xy xz yy yz zz) of trace 1, and how far they are from even: O. Smith, 1961. */
static void even_or_not(const double sums[6], struct cell_pole *pole)
{
    double m[6], n = (double)pole->n;
    for (int i = 0; i < 6; i++)
        m[i] = sums[i] / n - (i == 0 || i == 3 || i == 5 ? 1.0 / 3 : 0);
    double square = m[0] * m[0] + m[3] * m[3] + m[5] * m[5] + 2 * (m[1] * m[1] + m[2] * m[2] + m[4] * m[4]);
    double p = sqrt(square / 6);
    double det = m[0] * (m[3] * m[5] - m[4] * m[4]) - m[1] * (m[1] * m[5] - m[4] * m[2]) +
                 m[2] * (m[1] * m[4] - m[3] * m[2]);
    double r = p > 0 ? fmin(fmax(det / (2 * p * p * p), -1), 1) : 0;
    pole->eigen = 1.0 / 3 + 2 * p * cos(acos(r) / 3);
    pole->bingham = 7.5 * n * square;
}

size_t poles_of(const struct store_sampled *sample, size_t n_sample, const struct cell_forms *f,
                struct cell_pole poles[POLES_MOST])
{
    struct pole_kind kinds[3];
    size_t n = n_sample ? kinds_of(sample, f, kinds) : 0;
    for (size_t k = 0; k < n; k++) {
        double mean[6] = {0};
        poles[k] = (struct cell_pole){.name = kinds[k].name, .eigen = NAN, .bingham = NAN};
        for (size_t i = 0; i < n_sample; i++) {
            double d[3][3];
            for (int j = 0; j < 9; j++)
                d[j / 3][j % 3] = (double)sample[i].dir[j / 3][j % 3];
            for (int j = 0; j < kinds[k].n; j++)
                put(poles + k, d[kinds[k].axes[j]], mean);
            if (kinds[k].hexagonal)
                put(poles + k, (double[]){d[1][0] - d[0][0], d[1][1] - d[0][1], d[1][2] - d[0][2]}, mean);
        }
        if (kinds[k].n == 1 && poles[k].n > 0)
            even_or_not(mean, poles + k);
    }
    return n;
}
