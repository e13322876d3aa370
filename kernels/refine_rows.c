/* refine_rows.c - the indexed table of a refined lattice: a row for each spot used (FORMATS 2.4). */
#include "kernels/geometry.h"
#include "kernels/geometry_panel.h"
#include "kernels/refine.h"
#include "kernels/sort.h"

#include <math.h>
#include <string.h>

static int compare_rows(const void *pa, const void *pb)
{
    const struct reflection *a = pa, *b = pb;
    if (a->panel != b->panel)
        return a->panel < b->panel ? -1 : 1;
    for (int i = 0; i < 3; i++)
        if (a->hkl[i] != b->hkl[i])
            return a->hkl[i] < b->hkl[i] ? -1 : 1;
    return a->spot < b->spot ? -1 : a->spot > b->spot;
}

static bool make_row(const struct panel *panel, const struct beam_vector *beam, const struct spot *spot,
                     const struct ray *ray, const int32_t hkl[3], const double A[9], struct reflection *row)
{
    double h[3] = {hkl[0], hkl[1], hkl[2]}, q[3];
    memset(row, 0, sizeof *row);
    if (!refine_predict(panel, beam, A, hkl, row->s1, row->cal_mm, &row->delpsi))
        return false;
    memcpy(row->hkl, hkl, sizeof row->hkl);
    memcpy(row->rlp, ray->q, sizeof row->rlp);
    panel_mm_to_pixel(panel, row->cal_mm, row->cal_px);
    mat3_vec(A, h, q);
    row->d = 1 / vec3_length(q);
    row->panel = ray->panel;
    row->spot = (int32_t)ray->spot;
    row->flags = REFL_PREDICTED | REFL_INDEXED | REFL_USED_IN_REFINEMENT | REFL_STRONG;
    row->x0 = spot->x0;
    row->x1 = spot->x1;
    row->y0 = spot->y0;
    row->y1 = spot->y1;
    row->intensity = spot->intensity;
    row->variance = fabs(spot->intensity);
    row->partiality = 1;
    const double pixel[2] = {panel->pixel_fast, panel->pixel_slow};
    for (int k = 0; k < 2; k++) {
        row->obs_px[k] = ray->px[k];
        row->obs_px_var[k] = ray->var_px[k];
        row->obs_mm[k] = ray->mm[k];
        row->obs_mm_var[k] = ray->var_px[k] * pixel[k] * pixel[k];
    }
    return true;
}

size_t refine_rows(const struct panel *panels, const struct beam_vector *beam, const struct spot *spots,
                   const struct ray *rays, size_t n, const int32_t *owner, const int32_t (*hkl)[3],
                   uint32_t number, const struct lattice *lattice, const uint8_t *used,
                   struct reflection *out)
{
    size_t rows = 0;
    for (size_t i = 0; i < n; i++) {
        const struct ray *r = &rays[i];
        if (owner[i] != (int32_t)number || used[i] != 1)
            continue;
        if (!make_row(&panels[r->panel], beam, &spots[r->spot], r, hkl[i], lattice->A, &out[rows]))
            continue;
        out[rows++].lattice = number;
    }
    sort_heap(out, rows, sizeof *out, compare_rows);
    return rows;
}
