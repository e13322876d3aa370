/* detector_wire.c - a detector as bytes and back, bit for bit: what ranks tell each other, and result files made from journals, must be
 * what one process would have made. See detector_wire.h. */
#include "model/detector_wire.h"

#include <math.h>

enum { PANEL_BYTES = 120, NODE_BYTES = 80 /* at least */ };

static void put_reals(struct str *out, const double *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        wire_real(out, v[i]);
}

void detector_pack(const struct detector *d, struct str *out)
{
    wire_u32(out, (uint32_t)d->n_panels);
    wire_u32(out, (uint32_t)d->n_nodes);
    for (size_t i = 0; i < d->n_panels; i++) {
        const struct panel *p = &d->panels[i];
        const struct panel_info *info = &d->info[i];
        put_reals(out, p->origin, 3);
        put_reals(out, p->fast, 3);
        put_reals(out, p->slow, 3);
        put_reals(out,
                  (double[8]){p->pixel_fast, p->pixel_slow, p->mu, p->thickness, p->trusted_lo, p->trusted_hi,
                              p->gain, p->pedestal},
                  8);
        wire_u32(out, (uint32_t)p->n_fast);
        wire_u32(out, (uint32_t)p->n_slow);
        wire_u8(out, p->parallax);
        wire_text(out, info->name);
        wire_text(out, info->type);
        wire_text(out, info->material);
        wire_u32(out, (uint32_t)info->raw_offset[0]);
        wire_u32(out, (uint32_t)info->raw_offset[1]);
    }
    for (size_t i = 0; i < d->n_nodes; i++) {
        const struct detector_node *n = &d->nodes[i];
        wire_text(out, n->name);
        wire_u32(out, (uint32_t)n->parent);
        wire_u32(out, (uint32_t)n->panel);
        put_reals(out, n->origin, 3);
        put_reals(out, n->fast, 3);
        put_reals(out, n->slow, 3);
    }
}

/* ---- back */

static void get_reals(struct unwire *g, double *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        v[i] = unwire_real(g);
        g->bad = g->bad || !isfinite(v[i]);
    }
}

static const char *get_name(struct unwire *g, struct arena *a)
{
    const char *text = unwire_text(g, a);
    return text ? text : "";
}

static void get_panel(struct unwire *g, struct arena *a, struct panel *p, struct panel_info *info)
{
    double v[8];
    get_reals(g, p->origin, 3);
    get_reals(g, p->fast, 3);
    get_reals(g, p->slow, 3);
    for (int i = 0; i < 8; i++) {
        v[i] = unwire_real(g);
        g->bad = g->bad || isnan(v[i]); /* trusted limits may be infinite */
    }
    p->pixel_fast = v[0], p->pixel_slow = v[1], p->mu = v[2], p->thickness = v[3];
    p->trusted_lo = v[4], p->trusted_hi = v[5], p->gain = v[6], p->pedestal = v[7];
    uint32_t n_fast = unwire_u32(g), n_slow = unwire_u32(g);
    g->bad = g->bad || !(v[0] > 0) || !(v[1] > 0) || n_fast - 1 >= 65536 || n_slow - 1 >= 65536;
    p->n_fast = (int32_t)(n_fast & 0x1ffff);
    p->n_slow = (int32_t)(n_slow & 0x1ffff);
    p->parallax = unwire_u8(g) != 0;
    info->name = get_name(g, a);
    info->type = get_name(g, a);
    info->material = get_name(g, a);
    info->raw_offset[0] = (int32_t)unwire_u32(g);
    info->raw_offset[1] = (int32_t)unwire_u32(g);
}

/* Parents stand before their children, only node 0 has none; a leaf names a panel. */
static void get_node(struct unwire *g, struct arena *a, const struct detector *d, size_t i)
{
    struct detector_node *n = &d->nodes[i];
    n->name = get_name(g, a);
    n->parent = (int32_t)unwire_u32(g);
    n->panel = (int32_t)unwire_u32(g);
    get_reals(g, n->origin, 3);
    get_reals(g, n->fast, 3);
    get_reals(g, n->slow, 3);
    g->bad = g->bad || n->panel < -1 || n->panel >= (int64_t)d->n_panels ||
             (i ? n->parent < 0 || n->parent >= (int64_t)i : n->parent != -1);
}

struct detector *detector_unpack(struct unwire *g, struct arena *a)
{
    size_t n_panels = unwire_u32(g), n_nodes = unwire_u32(g), left = (size_t)(g->end - g->at);
    if (g->bad || n_panels == 0 || n_panels > DETECTOR_PANELS_MAX || n_nodes > DETECTOR_NODES_MAX ||
        n_panels * PANEL_BYTES + n_nodes * NODE_BYTES > left)
        return NULL;
    struct detector *d = detector_make(a, n_panels, n_nodes);
    for (size_t i = 0; i < n_panels && !g->bad; i++) {
        struct panel *p = &d->panels[i];
        get_panel(g, a, p, &d->info[i]);
        p->first_pixel = d->n_pixels;
        d->n_pixels += (size_t)p->n_fast * (size_t)p->n_slow;
    }
    for (size_t i = 0; i < n_nodes && !g->bad; i++)
        get_node(g, a, d, i);
    return g->bad ? NULL : d;
}
