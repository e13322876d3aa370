/* kept.c - tables out of kept frames, and the checks that come before writing; see kept.h. */
#include "sink/kept.h"

#include "kernels/geometry.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const struct reflection *kept_rows(const struct kept_frame *f, enum table_kind kind, size_t *n)
{
    *n = kind == TABLE_INDEXED ? f->n_indexed : f->n_integrated;
    return kind == TABLE_INDEXED ? f->indexed : f->integrated;
}

int32_t kept_number_detectors(struct kept_frame *const *frames, size_t n)
{
    int32_t next = 0;
    for (size_t i = 0; i < n; i++)
        frames[i]->detector->number = -1;
    for (size_t i = 0; i < n; i++)
        if (frames[i]->detector->number < 0)
            frames[i]->detector->number = next++;
    return next;
}

void kept_count_rows(const struct kept_frame *f, enum table_kind kind, uint32_t *out)
{
    size_t n;
    const struct reflection *rows = kept_rows(f, kind, &n);
    for (size_t i = 0; i < n; i++)
        if (rows[i].lattice < f->n_lattices)
            out[rows[i].lattice]++;
}

/* ---- tables */

static void add_experiment(struct table *t, const struct kept_frame *f, int32_t lattice, size_t first,
                           size_t n, const char *recipe_hash)
{
    struct experiment *e = &t->experiments[t->n_experiments++];
    *e = (struct experiment){
        .frame = (uint32_t)t->n_frames, .lattice = lattice, .first_row = first, .n_rows = n};
    experiment_identifier(f->path, f->frame, lattice < 0 ? 0 : (uint32_t)lattice, recipe_hash, NULL,
                          e->identifier);
    t->n_rows += n;
}

static void add_lattices(struct table *t, const struct kept_frame *f, const char *recipe_hash)
{
    size_t n, first = 0;
    const struct reflection *rows = kept_rows(f, t->kind, &n);
    const uint32_t *counts = t->kind == TABLE_INDEXED ? f->indexed_of : f->integrated_of;
    for (uint32_t k = 0; counts && k < f->n_lattices; k++) {
        if (counts[k])
            add_experiment(t, f, (int32_t)k, first, counts[k], recipe_hash);
        first += counts[k];
    }
    for (size_t i = 0; !counts && i < n; i++)
        if (i + 1 == n || rows[i + 1].lattice != rows[i].lattice) {
            add_experiment(t, f, (int32_t)rows[i].lattice, first, i + 1 - first, recipe_hash);
            first = i + 1;
        }
}

struct table *table_make(struct arena *a, enum table_kind kind, struct kept_frame *const *frames, size_t n,
                         const char *recipe_hash)
{
    struct table *t = arena_alloc(a, sizeof *t);
    size_t room = 0;
    for (size_t i = 0; i < n; i++)
        room += kind == TABLE_STRONG ? 1 : frames[i]->n_lattices;
    t->kind = kind;
    t->frames = arena_array(a, n, sizeof *t->frames);
    t->experiments = arena_array(a, room, sizeof *t->experiments);
    for (size_t i = 0; i < n; i++) {
        size_t before = t->n_experiments;
        if (kind == TABLE_STRONG)
            add_experiment(t, frames[i], -1, 0, frames[i]->n_spots, recipe_hash);
        else
            add_lattices(t, frames[i], recipe_hash);
        if (t->n_experiments > before)
            t->frames[t->n_frames++] = frames[i];
    }
    return t;
}

/* ---- checks */

static bool broken(const struct kept_frame *f, const char *kind, size_t i, const char *what,
                   struct error *err)
{
    return error_set(err, ERROR_INTERNAL, "%s, frame %u: %s %zu: %s", f->path, f->frame, kind, i, what),
           error_hint(err, "a bug; nothing was written. Please report it with the frame's name");
}

static bool finite_all(const double *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(v[i]))
            return false;
    return true;
}

static bool check_lattice(const struct kept_frame *f, size_t i, struct error *err)
{
    const struct lattice *l = &f->lattices[i];
    if (!finite_all(l->A, 9) || !(mat3_det(l->A) > 0))
        return broken(f, "lattice", i, "A is not finite or left-handed", err);
    if (!(isfinite(l->half_mosaicity_deg) && l->half_mosaicity_deg >= 0 && isfinite(l->domain_size_ang) &&
          l->domain_size_ang >= 0))
        return broken(f, "lattice", i, "mosaicity or domain size is impossible", err);
    if (!(isfinite(l->sigma_b) && l->sigma_b >= 0))
        return broken(f, "lattice", i, "sigma_b is impossible", err);
    return true;
}

/* What indexed and integrated rows have in common. */
static const char *row_fault(const struct kept_frame *f, const struct reflection *r)
{
    double length = vec3_length(r->s1) * f->beam.v.wavelength;
    if (r->lattice >= f->n_lattices)
        return "no such lattice";
    if (r->panel >= f->detector->detector->n_panels)
        return "no such panel";
    if (r->x1 <= r->x0 || r->y1 <= r->y0)
        return "its box is empty";
    if (!(fabs(length - 1) < 1e-9))
        return "s1 does not lie on the Ewald sphere";
    if (!finite_all(r->cal_px, 2) || !finite_all(r->cal_mm, 2) || !finite_all(r->obs_px, 2) ||
        !finite_all(r->obs_px_var, 2) || !finite_all(r->obs_mm, 2) || !finite_all(r->obs_mm_var, 2))
        return "a position is not finite";
    if (!isfinite(r->intensity) || !isfinite(r->variance) || !isfinite(r->delpsi))
        return "intensity, variance or delta psi is not finite";
    return NULL;
}

static const char *indexed_fault(const struct kept_frame *f, const struct reflection *r)
{
    if (!(r->flags & REFL_INDEXED))
        return "is not flagged as indexed";
    if (!finite_all(r->rlp, 3))
        return "rlp is not finite";
    if (f->pixels && (r->spot < 0 || (size_t)r->spot >= f->n_spots))
        return "no such spot";
    return NULL;
}

static const char *integrated_fault(const struct reflection *r)
{
    if (!(r->flags & REFL_INTEGRATED_SUM))
        return "is not flagged as integrated";
    if (!(r->variance > 0))
        return "variance is not positive";
    if (!(r->d > 0) || !isfinite(r->d))
        return "d is not positive";
    if (!isfinite(r->bg_mean) || !isfinite(r->bg_sum) || !isfinite(r->bg_sum_var) || !isfinite(r->bg_mse) ||
        !isfinite(r->bg_dispersion))
        return "the background is not finite";
    return NULL;
}

static bool check_rows(const struct kept_frame *f, enum table_kind kind, struct error *err)
{
    const char *name = kind == TABLE_INDEXED ? "indexed row" : "integrated row";
    size_t n;
    const struct reflection *rows = kept_rows(f, kind, &n);
    for (size_t i = 0; i < n; i++) {
        const char *fault = row_fault(f, &rows[i]);
        if (!fault)
            fault = kind == TABLE_INDEXED ? indexed_fault(f, &rows[i]) : integrated_fault(&rows[i]);
        if (!fault && i > 0 && rows[i].lattice < rows[i - 1].lattice)
            fault = "is out of order";
        if (fault)
            return broken(f, name, i, fault, err);
    }
    return true;
}

static bool check_spots(const struct kept_frame *f, struct error *err)
{
    for (size_t i = 0; i < f->n_spots; i++) {
        const struct spot *s = &f->spots[i];
        if (s->panel >= f->detector->detector->n_panels)
            return broken(f, "spot", i, "no such panel", err);
        if (s->x1 <= s->x0 || s->y1 <= s->y0 || (int64_t)(s->x1 - s->x0) * (s->y1 - s->y0) > 1 << 24)
            return broken(f, "spot", i, "its box is empty or too large", err);
        if (!isfinite(s->x) || !isfinite(s->y) || !isfinite(s->var_x) || !isfinite(s->var_y) ||
            !isfinite(s->intensity))
            return broken(f, "spot", i, "a number is not finite", err);
        if (f->pixels && (s->first_pixel > f->n_pixels || s->n_pixels > f->n_pixels - s->first_pixel))
            return broken(f, "spot", i, "its pixels are not there", err);
        for (uint32_t k = 0; f->pixels && k < s->n_pixels; k++) {
            const struct strong_pixel *p = &f->pixels[s->first_pixel + k];
            if (p->x < s->x0 || p->x >= s->x1 || p->y < s->y0 || p->y >= s->y1)
                return broken(f, "spot", i, "a pixel lies outside its box", err);
        }
    }
    return true;
}

bool kept_check(const struct kept_frame *f, struct error *err)
{
    if (!(f->beam.v.wavelength > 0) || !isfinite(f->beam.v.wavelength) || !finite_all(f->beam.v.direction, 3))
        return broken(f, "beam", 0, "wavelength or direction is impossible", err);
    for (size_t i = 0; i < f->n_lattices; i++)
        if (!check_lattice(f, i, err))
            return false;
    return check_spots(f, err) && check_rows(f, TABLE_INDEXED, err) && check_rows(f, TABLE_INTEGRATED, err);
}

struct named {
    uint8_t bytes[16];
    const struct kept_frame *frame;
};

/* Equal names in the order of the frames: the message is the same however often and in whatever order it is looked for. */
static int named_compare(const void *a, const void *b)
{
    const struct named *x = a, *y = b;
    int order = memcmp(x->bytes, y->bytes, 16);
    if (order)
        return order;
    if (x->frame->source != y->frame->source)
        return x->frame->source < y->frame->source ? -1 : 1;
    return x->frame->frame == y->frame->frame ? 0 : x->frame->frame < y->frame->frame ? -1 : 1;
}

bool kept_check_identifiers(struct kept_frame *const *frames, size_t n, const char *recipe_hash,
                            struct error *err)
{
    struct arena a = {0};
    size_t n_names = 0;
    for (size_t i = 0; i < n; i++)
        n_names += frames[i]->n_lattices ? frames[i]->n_lattices : 1;
    struct named *names = arena_array(&a, n_names, sizeof *names);
    n_names = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t lattice = 0;
        do {
            experiment_identifier(frames[i]->path, frames[i]->frame, lattice, recipe_hash,
                                  names[n_names].bytes, NULL);
            names[n_names++].frame = frames[i];
        } while (++lattice < frames[i]->n_lattices);
    }
    qsort(names, n_names, sizeof *names, named_compare);
    bool ok = true;
    for (size_t i = 1; ok && i < n_names; i++)
        if (!memcmp(names[i].bytes, names[i - 1].bytes, 16))
            ok = broken(names[i].frame, "source", names[i].frame->source, "the same frame came twice", err);
    arena_free(&a);
    return ok;
}
