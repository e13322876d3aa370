/* json.c - what was found in a frame, and where, for a page; see view.h. */
#include "view/view.h"

#include <math.h>

static void put_xy(struct json_writer *j, const double at[2])
{
    json_put_fixed(j, NULL, at[0], 2);
    json_put_fixed(j, NULL, at[1], 2);
}

/* Place of a point of panel number k. false: it has none in this picture. */
static bool place(const struct view_layout *l, const struct detector *d, uint32_t k, const double px[2],
                  double out[2])
{
    return k < d->n_panels && isfinite(px[0]) && isfinite(px[1]) &&
           view_place(l, &d->panels[k], px[0], px[1], out);
}

static void begin_table(struct json_writer *j, const char *key, const char *const *names)
{
    json_object(j, key);
    json_array(j, "cols", true);
    for (; *names; names++)
        json_put_text(j, NULL, *names);
    json_end_array(j);
    json_array(j, "rows", false);
}

static void end_table(struct json_writer *j)
{
    json_end_array(j);
    json_end_object(j);
}

static void put_spots(struct json_writer *j, const struct view_layout *l, const struct detector *d,
                      const struct result *r)
{
    static const char *const names[] = {"x", "y", "pixels", "intensity", NULL};
    if (!r->spots) {
        json_put_null(j, "spots");
        return;
    }
    begin_table(j, "spots", names);
    for (size_t i = 0; i < r->n_strong; i++) {
        const struct spot *p = r->spots + i;
        double at[2];
        if (!place(l, d, p->panel, (double[]){p->x, p->y}, at))
            continue;
        json_array(j, NULL, true);
        put_xy(j, at);
        json_put_int(j, NULL, p->n_pixels);
        json_put_fixed(j, NULL, p->intensity, 1);
        json_end_array(j);
    }
    end_table(j);
}

static void put_lattices(struct json_writer *j, const struct result *r)
{
    json_array(j, "lattices", false);
    for (size_t i = 0; i < r->n_lattices; i++) {
        const struct lattice *l = r->lattices + i;
        json_object(j, NULL);
        json_put_reals(j, "cell", l->cell, 6);
        json_put_reals(j, "free_cell", l->free_cell, 6);
        json_put_real(j, "evidence", l->evidence);
        json_put_int(j, "indexed", l->n_indexed);
        json_put_int(j, "integrated", l->n_integrated);
        json_put_real(j, "rmsd_px", hypot(l->rmsd_x, l->rmsd_y));
        json_put_real(j, "rmsd_psi_deg", l->rmsd_psi * 180 / M_PI);
        json_put_real(j, "res_a", l->res_a > 0 ? l->res_a : NAN);
        json_put_real(j, "half_mosaicity_deg", l->half_mosaicity_deg);
        json_put_real(j, "domain_size_a", l->domain_size_ang);
        json_put_text(j, "reason_text", l->reason ? reason_help((enum reason)l->reason) : NULL);
        json_put_text(j, "reason", l->reason ? reason_word((enum reason)l->reason) : NULL);
        json_put_bool(j, "split", l->flags & LATTICE_SPLIT);
        json_put_bool(j, "outlier", l->flags & LATTICE_CELL_OUTLIER);
        json_end_object(j);
    }
    json_end_array(j);
}

static void put_index(struct json_writer *j, const struct reflection *p)
{
    json_put_int(j, NULL, p->lattice);
    for (int k = 0; k < 3; k++)
        json_put_int(j, NULL, p->hkl[k]);
}

static void put_indexed(struct json_writer *j, const struct view_layout *l, const struct detector *d,
                        const struct result *r)
{
    static const char *const names[] = {"lattice", "h", "k", "l", "x", "y", "cal_x", "cal_y", "d", NULL};
    begin_table(j, "indexed", names);
    for (size_t i = 0; i < r->n_indexed; i++) {
        const struct reflection *p = r->indexed + i;
        double at[2], cal[2];
        if (!place(l, d, p->panel, p->obs_px, at) || !place(l, d, p->panel, p->cal_px, cal))
            continue;
        json_array(j, NULL, true);
        put_index(j, p);
        put_xy(j, at);
        put_xy(j, cal);
        json_put_fixed(j, NULL, p->d, 3);
        json_end_array(j);
    }
    end_table(j);
}

static void put_integrated(struct json_writer *j, const struct view_layout *l, const struct detector *d,
                           const struct result *r)
{
    static const char *const names[] = {"lattice", "h", "k", "l", "x", "y", "d", "i", "sigma", "flags", NULL};
    begin_table(j, "integrated", names);
    for (size_t i = 0; i < r->n_integrated; i++) {
        const struct reflection *p = r->integrated + i;
        double at[2];
        if (!place(l, d, p->panel, p->cal_px, at))
            continue;
        bool fitted = p->flags & REFL_INTEGRATED_PRF;
        json_array(j, NULL, true);
        put_index(j, p);
        put_xy(j, at);
        json_put_fixed(j, NULL, p->d, 3);
        json_put_fixed(j, NULL, fitted ? p->prf : p->intensity, 1);
        json_put_fixed(j, NULL, sqrt(fmax(fitted ? p->prf_variance : p->variance, 0)), 2);
        json_put_int(j, NULL, p->flags);
        json_end_array(j);
    }
    end_table(j);
}

void view_put_found(struct json_writer *j, const struct view_layout *l, const struct detector *drawn,
                    const struct result *r)
{
    put_spots(j, l, drawn, r);
    put_lattices(j, r);
    put_indexed(j, l, drawn, r);
    put_integrated(j, l, drawn, r);
}

static void put_panels(struct json_writer *j, const struct view_layout *l, const struct detector *d)
{
    json_array(j, "panels", false);
    for (size_t k = 0; k < d->n_panels; k++) {
        const struct panel *p = d->panels + k;
        const double corners[4][2] = {{0, 0}, {p->n_fast, 0}, {p->n_fast, p->n_slow}, {0, p->n_slow}};
        json_object(j, NULL);
        json_put_text(j, "name", d->info[k].name);
        json_put_int(j, "fast", p->n_fast);
        json_put_int(j, "slow", p->n_slow);
        json_array(j, "corners", true);
        for (int c = 0; c < 4; c++) {
            double at[2] = {NAN, NAN};
            view_place(l, p, corners[c][0], corners[c][1], at);
            put_xy(j, at);
        }
        json_end_array(j);
        json_end_object(j);
    }
    json_end_array(j);
}

static void put_rings(struct json_writer *j, const char *key, const struct view_ring *rings, size_t n)
{
    json_array(j, key, false);
    for (size_t i = 0; i < n; i++) {
        json_object(j, NULL);
        json_put_fixed(j, "d", rings[i].d, 3);
        json_put_reals(j, "label", rings[i].label, 2);
        json_array(j, "xy", true);
        for (int k = 0; k < VIEW_RING_POINTS; k++) {
            json_put_fixed(j, NULL, rings[i].xy[k][0], 1);
            json_put_fixed(j, NULL, rings[i].xy[k][1], 1);
        }
        json_end_array(j);
        json_end_object(j);
    }
    json_end_array(j);
}

void view_put_layout(struct json_writer *j, const struct view_layout *l, const struct detector *drawn,
                     const struct detector *true_to, const struct beam_vector *b)
{
    double px[2], at[2] = {NAN, NAN};
    struct view_ring rings[VIEW_RINGS], ice[VIEW_ICE_RINGS];
    int k = detector_beam_centre(true_to, b, px);
    if (k < 0 || !place(l, drawn, (uint32_t)k, px, at))
        at[0] = at[1] = NAN;
    json_put_int(j, "width", l->width);
    json_put_int(j, "height", l->height);
    json_put_reals(j, "beam", at, 2);
    put_panels(j, l, drawn);
    put_rings(j, "rings", rings, view_rings(l, drawn, true_to, b, rings));
    put_rings(j, "ice", ice, view_ice_rings(l, drawn, true_to, b, ice));
}
