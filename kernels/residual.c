/* residual.c - spots beside where their lattice has them; see residual.h. */
#include "kernels/residual.h"

#include "kernels/geometry.h"
#include "kernels/geometry_panel.h"
#include "kernels/refine.h"
#include "kernels/sort.h"

#include <math.h>

static int compare_rows(const void *pa, const void *pb)
{
    const struct residual *a = pa, *b = pb;
    if (a->panel != b->panel)
        return a->panel < b->panel ? -1 : 1;
    return a->spot < b->spot ? -1 : a->spot > b->spot;
}

/* The part of a residual that leads away from the beam, and the part across. lab: of the spot. */
static void turn(const struct panel *p, const struct beam_vector *beam, const double lab[3],
                 struct residual *r)
{
    double move[3], out[3], across[3], along = vec3_dot(lab, beam->direction);
    for (int k = 0; k < 3; k++) {
        move[k] = r->move[0] * p->fast[k] + r->move[1] * p->slow[k];
        out[k] = lab[k] - along * beam->direction[k];
    }
    double length = vec3_length(out);
    r->radial = r->across = 0;
    if (!(length > 0))
        return;
    vec3_cross(beam->direction, out, across);
    r->radial = vec3_dot(move, out) / length;
    r->across = vec3_dot(move, across) / length;
}

static bool make_row(const struct panel *p, const struct beam_vector *beam, const struct ray *ray,
                     const int32_t hkl[3], const double A[9], struct residual *r)
{
    const double h[3] = {hkl[0], hkl[1], hkl[2]};
    double s1[3], mm[2], px[2], q[3];
    if (!refine_predict(p, beam, A, hkl, s1, mm, &r->delpsi))
        return false;
    panel_mm_to_pixel(p, mm, px);
    mat3_vec(A, h, q);
    r->d = 1 / vec3_length(q);
    for (int k = 0; k < 2; k++)
        r->move[k] = px[k] - ray->px[k];
    turn(p, beam, ray->lab, r);
    return isfinite(r->move[0]) && isfinite(r->move[1]) && isfinite(r->delpsi) && isfinite(r->d);
}

size_t residual_rows(const struct panel *panels, const struct beam_vector *beam, const struct ray *rays,
                     size_t n, const int32_t *owner, const int32_t (*hkl)[3], uint32_t number,
                     const double A[9], const uint8_t *used, struct residual *out)
{
    size_t rows = 0;
    for (size_t i = 0; i < n; i++) {
        const struct ray *r = rays + i;
        if (owner[i] != (int32_t)number || !make_row(panels + r->panel, beam, r, hkl[i], A, out + rows))
            continue;
        out[rows].panel = r->panel;
        out[rows].lattice = number;
        out[rows].spot = r->spot;
        out[rows++].used = used[i] == 1;
    }
    sort_heap(out, rows, sizeof *out, compare_rows);
    return rows;
}

/* ---- sums ---- */

static int64_t units(double v, double unit)
{
    return (int64_t)rint(v * unit);
}

static bool near(double v)
{
    return v > -RESIDUAL_WINDOW && v < RESIDUAL_WINDOW;
}

static size_t bin_of(double v)
{
    double at = (v + RESIDUAL_WINDOW) * RESIDUAL_BINS / (2 * RESIDUAL_WINDOW);
    return at < RESIDUAL_BINS - 1 ? (size_t)at : RESIDUAL_BINS - 1;
}

static void add_used(const struct residual *r, struct residual_panel *p, struct residual_shell *shells)
{
    const double parts[] = {r->move[0], r->move[1], r->radial, r->across};
    static const enum residual_sum sums[] = {RESIDUAL_UX, RESIDUAL_UY, RESIDUAL_UR, RESIDUAL_UT},
                                   squares[] = {RESIDUAL_UXX, RESIDUAL_UYY, RESIDUAL_URR, RESIDUAL_UTT};
    p->sums[RESIDUAL_USED]++;
    for (int k = 0; k < 4; k++) {
        int64_t v = units(parts[k], RESIDUAL_PX);
        p->sums[sums[k]] += v;
        p->sums[squares[k]] += v * v;
    }
    double step = 1 / (r->d * r->d) / RESIDUAL_SHELL;
    struct residual_shell *s = shells + (step < RESIDUAL_SHELLS - 1 ? (size_t)step : RESIDUAL_SHELLS - 1);
    int64_t psi = units(r->delpsi, RESIDUAL_RAD);
    s->n++;
    s->sum += psi;
    s->squares += psi * psi;
}

/* The rows of one lattice on one panel. */
static void add_group(const struct residual *rows, size_t n, struct residual_panel *p,
                      struct residual_shell *shells)
{
    int64_t seen = 0, x = 0, y = 0, *sums = p->sums;
    for (size_t i = 0; i < n; i++) {
        const struct residual *r = rows + i;
        bool in = near(r->move[0]) && near(r->move[1]);
        sums[RESIDUAL_FAR] += !in;
        if (!in)
            continue;
        int64_t dx = units(r->move[0], RESIDUAL_PX), dy = units(r->move[1], RESIDUAL_PX);
        seen++;
        x += dx;
        y += dy;
        sums[RESIDUAL_XX] += dx * dx;
        sums[RESIDUAL_YY] += dy * dy;
        for (int k = 0; k < 2; k++)
            p->bins[k][bin_of(r->move[k])]++;
        if (r->used)
            add_used(r, p, shells);
    }
    sums[RESIDUAL_LATTICES] += seen > 0;
    sums[RESIDUAL_SEEN] += seen;
    sums[RESIDUAL_X] += x;
    sums[RESIDUAL_Y] += y;
    sums[RESIDUAL_NN] += seen * seen;
    sums[RESIDUAL_CXX] += x * x;
    sums[RESIDUAL_CYY] += y * y;
    sums[RESIDUAL_CXN] += x * seen;
    sums[RESIDUAL_CYN] += y * seen;
}

void residual_add(const struct residual *rows, size_t n, struct residual_panel *panels, size_t n_panels,
                  struct residual_shell *shells)
{
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1;
             end < n && rows[end].panel == rows[i].panel && rows[end].lattice == rows[i].lattice;)
            end++;
        if (rows[i].panel < n_panels)
            add_group(rows + i, end - i, panels + rows[i].panel, shells);
    }
}

void residual_add_panels(struct residual_panel *to, const struct residual_panel *from, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        for (int k = 0; k < RESIDUAL_SUMS; k++)
            to[i].sums[k] += from[i].sums[k];
        for (int k = 0; k < 2; k++)
            for (int b = 0; b < RESIDUAL_BINS; b++)
                to[i].bins[k][b] += from[i].bins[k][b];
    }
}

void residual_add_shells(struct residual_shell *to, const struct residual_shell *from)
{
    for (int k = 0; k < RESIDUAL_SHELLS; k++) {
        to[k].n += from[k].n;
        to[k].sum += from[k].sum;
        to[k].squares += from[k].squares;
    }
}
