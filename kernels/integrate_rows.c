/* integrate_rows.c - integration of predicted rows by the rules of DIALS' stills_process: one box after the other, neighbours do not
 * exist (its overlap finder finds them, and nothing uses what it found). Our own way is integrate_spots.c. */
#include "kernels/integrate.h"

#include "kernels/geometry_panel.h"
#include "kernels/shoebox.h"

#include <math.h>

/* What the steps on one reflection share. */
struct run {
    const struct integrate_params *p;
    const struct integrate_frame *f;
    const struct lattice *lattices;
    struct image image;
    struct shoebox *box;
};

static const struct panel *row_panel(const struct run *r, const struct reflection *row)
{
    return &r->f->view.panels[row->panel];
}

static double row_radius(const struct run *r, const struct reflection *row)
{
    return r->p->n_sigma * r->lattices[row->lattice].sigma_b;
}

/* The row's box, and its pixels with the foreground marked; false: it has none. */
static bool open_box(const struct run *r, size_t n_lattices, struct reflection *row)
{
    struct kabsch k;
    int32_t box[4];
    row->x0 = row->x1 = row->y0 = row->y1 = 0;
    if (row->panel >= r->f->view.n_panels || row->lattice >= n_lattices ||
        !kabsch_init(&k, r->f->view.beam, row->s1) ||
        !profile_box(&k, row_panel(r, row), row_radius(r, row) * r->p->sigma_b_multiplier, box)) {
        row->flags |= REFL_DONT_INTEGRATE;
        return false;
    }
    row->x0 = box[0];
    row->x1 = box[1];
    row->y0 = box[2];
    row->y1 = box[3];
    shoebox_gather(r->box, &r->image, row_panel(r, row), box);
    shoebox_foreground(r->box, &k, row_panel(r, row), row_radius(r, row));
    return true;
}

/* Numbers of pixels and what they say about the reflection. */
static void count_pixels(const struct run *r, struct reflection *row)
{
    const struct shoebox *s = r->box;
    int32_t foreground = shoebox_count(s, SHOEBOX_FOREGROUND),
            background = shoebox_count(s, SHOEBOX_BACKGROUND);
    row->n_valid = shoebox_count(s, SHOEBOX_VALID);
    row->n_foreground = shoebox_count(s, SHOEBOX_VALID | SHOEBOX_FOREGROUND);
    row->n_background = shoebox_count(s, SHOEBOX_VALID | SHOEBOX_BACKGROUND);
    if (row->n_background < background)
        row->flags |= REFL_BACKGROUND_BAD;
    if (row->n_foreground < foreground)
        row->flags |= REFL_FOREGROUND_BAD;
    if (shoebox_count(s, SHOEBOX_SATURATED))
        row->flags |= REFL_OVERLOADED;
    if (row->n_foreground < r->p->valid_foreground_threshold * foreground)
        row->flags |= REFL_DONT_INTEGRATE;
}

/* σ² of DIALS: |I| + |B| (1 + n_F/n_B). */
static void variance_dials(struct reflection *row, const struct shoebox_sums *sums)
{
    double share = row->n_background_used > 0 ? (double)sums->n / row->n_background_used : 0;
    row->bg_sum_var = fabs(row->bg_sum) * (1 + share);
    row->variance_background = row->bg_sum_var;
    row->variance = fabs(row->intensity) + row->bg_sum_var;
}

static void sum_foreground(const struct run *r, struct reflection *row, const struct background *g)
{
    struct shoebox_sums sums = shoebox_sum(r->box, g, true);
    row->bg_sum = sums.background;
    row->intensity = (double)(float)(sums.signal - sums.background);
    variance_dials(row, &sums);
    row->variance *= r->p->detector_gain;
    row->variance_background *= r->p->detector_gain;
    row->bg_sum_var *= r->p->detector_gain;
    /* DIALS sums whatever is complete, even over a background that could not be fitted */
    row->flags |= row->flags & REFL_FOREGROUND_BAD ? REFL_FAILED_SUMMATION : REFL_INTEGRATED_SUM;
}

static void integrate_row(const struct run *r, struct reflection *row)
{
    const struct panel *panel = row_panel(r, row);
    const struct shoebox *s = r->box;
    struct background g;
    count_pixels(r, row);
    shoebox_background_pixels(r->box);
    if (!background_plane_dials(s->values, s->use, s->width, s->height, r->p->outlier_n_sigma,
                                r->p->min_background, &g)) {
        row->flags |= REFL_DONT_INTEGRATE | REFL_FAILED_BACKGROUND;
        g.mse = g.dispersion = 0;
    }
    row->n_background_used = g.n_used;
    row->bg_mean = g.mean;
    row->bg_mse = g.mse;
    row->bg_dispersion = g.dispersion;
    sum_foreground(r, row, &g);
    shoebox_centroid(r->box, &g, row->obs_px, row->obs_px_var);
    panel_pixel_to_mm(panel, row->obs_px, row->obs_mm);
    row->obs_mm_var[0] = row->obs_px_var[0] * panel->pixel_fast * panel->pixel_fast;
    row->obs_mm_var[1] = row->obs_px_var[1] * panel->pixel_slow * panel->pixel_slow;
}

void integrate_rows(const struct integrate_params *p, const struct integrate_frame *f,
                    const struct lattice *lattices, size_t n_lattices, struct reflection *rows, size_t n,
                    void *work)
{
    struct run r = {.p = p,
                    .f = f,
                    .lattices = lattices,
                    .image = {f->pixels, f->type, f->mask},
                    .box = shoebox_init(work)};
    for (size_t i = 0; i < n; i++)
        if (open_box(&r, n_lattices, &rows[i]))
            integrate_row(&r, &rows[i]);
}
