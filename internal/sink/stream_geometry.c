/* stream_geometry.c - the geometry that a stream carries, as CrystFEL's .geom text (FORMATS 5); see stream.h. */
#include "sink/stream.h"

#include <math.h>
#include <string.h>

enum { GEOMETRY_MAX = 1 << 20 };

/* ---- names and places */

/* A name that the grammar neither splits nor takes for something else. */
static bool good_name(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    size_t n = strlen(name);
    return n > 0 && n <= STREAM_PANEL_MAX && strspn(name, letters) == n && !str_starts(name, "bad") &&
           !str_starts(name, "group_") && !str_starts(name, "rigid_group");
}

static bool overlap(const struct detector *d, size_t i, size_t k)
{
    const int32_t *a = d->info[i].raw_offset, *b = d->info[k].raw_offset;
    const struct panel *p = &d->panels[i], *q = &d->panels[k];
    return a[0] < b[0] + q->n_fast && b[0] < a[0] + p->n_fast && a[1] < b[1] + q->n_slow &&
           b[1] < a[1] + p->n_slow;
}

void stream_panels(const struct detector *d, struct arena *a, struct stream_panels *out)
{
    bool good = true;
    out->names = arena_array(a, d->n_panels, sizeof *out->names);
    out->offsets = arena_array(a, d->n_panels, sizeof *out->offsets);
    out->stacked = false;
    for (size_t i = 0; i < d->n_panels; i++) {
        out->names[i] = d->info[i].name;
        good = good && good_name(d->info[i].name);
        for (size_t k = 0; k < i; k++) {
            good = good && strcmp(d->info[i].name, d->info[k].name) != 0;
            out->stacked = out->stacked || overlap(d, i, k);
        }
    }
    for (size_t i = 0; i < d->n_panels; i++) {
        if (!good)
            out->names[i] = arena_printf(a, "p%zu", i);
        if (!out->stacked)
            memcpy(out->offsets[i], d->info[i].raw_offset, sizeof out->offsets[i]);
    }
}

/* ---- text */

/* An axis in units of the panel's fast pixel; the grammar knows no exponents. */
static void put_axis(struct str *out, const char *panel, const char *name, const double axis[3], double scale)
{
    str_printf(out, "%s/%s = %+.9fx %+.9fy %+.9fz\n", panel, name, -axis[0] * scale, axis[1] * scale,
               -axis[2] * scale);
}

static void put_panel(struct str *out, const struct panel *p, const char *name, const int32_t offset[2],
                      double clen)
{
    double pixel = p->pixel_fast;
    str_printf(out, "\n%s/min_fs = %d\n%s/max_fs = %d\n", name, offset[0], name, offset[0] + p->n_fast - 1);
    str_printf(out, "%s/min_ss = %d\n%s/max_ss = %d\n", name, offset[1], name, offset[1] + p->n_slow - 1);
    str_printf(out, "%s/corner_x = %.6f\n%s/corner_y = %.6f\n", name, -p->origin[0] / pixel, name,
               p->origin[1] / pixel);
    put_axis(out, name, "fs", p->fast, 1);
    put_axis(out, name, "ss", p->slow, p->pixel_slow / pixel);
    str_printf(out, "%s/coffset = %.9f\n", name, -p->origin[2] / 1000 - clen);
    str_printf(out, "%s/res = %.6f\n", name, 1000 / pixel);
    str_printf(out, "%s/adu_per_photon = %.9g\n", name, p->gain);
    if (p->trusted_hi > 0 && p->trusted_hi < 1e15)
        str_printf(out, "%s/max_adu = %.3f\n", name, p->trusted_hi);
}

/* Where frames and panels lie in the array of a file. */
static void put_dimensions(struct str *out, const char *panel, size_t layer, bool stacked, bool single)
{
    int n = 0;
    if (!single)
        str_printf(out, "%s/dim%d = %%\n", panel, n++);
    if (stacked)
        str_printf(out, "%s/dim%d = %zu\n", panel, n++, layer);
    str_printf(out, "%s/dim%d = ss\n%s/dim%d = fs\n", panel, n, panel, n + 1);
}

bool stream_geometry(const struct detector *d, const struct stream_panels *panels, const struct beam *beam,
                     bool single, struct str *out, struct error *err)
{
    size_t start = out->len;
    double clen = -d->panels[0].origin[2] / 1000;
    str_printf(out, "photon_energy = %.6f\n", EV_ANGSTROM / beam->v.wavelength);
    str_printf(out, "clen = %.9f\n", clen);
    for (size_t i = 0; i < d->n_panels; i++) {
        put_panel(out, &d->panels[i], panels->names[i], panels->offsets[i], clen);
        put_dimensions(out, panels->names[i], i, panels->stacked, single);
    }
    return out->len - start <= GEOMETRY_MAX ||
           error_set(err, ERROR_UNSUPPORTED, "%s are too many for the geometry of a CrystFEL stream",
                     COUNT(d->n_panels, "panel"));
}

/* ---- symmetry */

/* Of a monoclinic group: the axis of its two-fold axis or mirror, along which the operator's sign is the other one. */
static char monoclinic_axis(const struct space_group *g)
{
    for (size_t i = 0; i < g->n_ops; i++) {
        const int8_t *r = g->ops[i].r;
        int trace = r[0] + r[4] + r[8];
        for (int k = 0; k < 3; k++)
            if ((trace == -1 && r[4 * k] == 1) || (trace == 1 && r[4 * k] == -1))
                return (char)('a' + k);
    }
    return '?';
}

bool stream_symmetry(const char *hall, struct stream_symmetry *out, struct error *err)
{
    struct space_group g;
    if (!space_group_from_hall(hall, &g, err))
        return false;
    out->lattice_type = space_group_system(&g);
    out->centering = g.centring;
    out->unique_axis = '*';
    if (!strcmp(out->lattice_type, "rhombohedral"))
        out->centering = 'R';
    else if (g.centring == 'R')
        out->centering = 'H';
    if (!strcmp(out->lattice_type, "monoclinic"))
        out->unique_axis = monoclinic_axis(&g);
    else if (!strcmp(out->lattice_type, "tetragonal") || !strcmp(out->lattice_type, "hexagonal"))
        out->unique_axis = 'c';
    return true;
}
