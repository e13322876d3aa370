/* survey_frame.c - a frame of the sample: what is seen of it, and that as bytes. See survey.h. */
#include "pipeline/sighting.h"
#include "pipeline/stages.h"
#include "pipeline/survey_cell.h"

#include "kernels/centroid.h"
#include "kernels/geometry_panel.h"
#include "kernels/sort.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SPOTS_MOST = 1000 /* of a frame, strongest first: what more there is adds nothing to the geometry */ };

uint64_t sighting_rank(const char *recorded, uint32_t frame)
{
    struct sha256 h;
    uint8_t hash[32];
    char number[16];
    uint64_t rank = 0;
    sha256_start(&h);
    sha256_add(&h, recorded, strlen(recorded) + 1);
    snprintf(number, sizeof number, "%u", frame);
    sha256_add(&h, number, strlen(number));
    sha256_end(&h, hash);
    for (int i = 0; i < 8; i++)
        rank = rank << 8 | hash[8 + i]; /* not the first: recipe_takes chooses by those */
    return rank;
}

static void pack_spot(const struct sighted *s, struct str *out)
{
    wire_u32(out, s->panel);
    const double v[] = {s->px[0],  s->px[1],  s->mm[0],  s->mm[1],
                        s->cov[0], s->cov[1], s->cov[2], s->intensity};
    for (size_t k = 0; k < 8; k++)
        wire_real(out, v[k]);
    for (int k = 0; k < 3; k++)
        wire_u32(out, (uint32_t)s->hkl[k]);
}

void sighting_pack(const struct sighting *s, struct str *out)
{
    wire_u64(out, s->frame);
    wire_u64(out, s->rank);
    wire_u8(out, s->hit);
    if (!s->hit)
        return;
    wire_u32(out, (uint32_t)s->n_spots);
    for (size_t i = 0; i < s->n_spots; i++)
        pack_spot(&s->spots[i], out);
    wire_u8(out, s->placed);
    if (!s->placed)
        return;
    wire_text(out, s->id.path);
    wire_u32(out, s->id.frame);
    wire_u8(out, s->id.single);
    beam_pack(&s->beam, out);
    detector_pack(s->detector, out);
    wire_u8(out, s->indexed);
    for (int i = 0; i < 9; i++)
        wire_real(out, s->A[i]);
    wire_real(out, s->shift_px[0]);
    wire_real(out, s->shift_px[1]);
    wire_u32(out, (uint32_t)s->cell_no);
    wire_u32(out, (uint32_t)s->n_indexed);
    free_lattice_pack(&s->own, out);
}

static bool get_spot(struct unwire *in, struct sighted *s)
{
    double v[8];
    s->panel = unwire_u32(in);
    bool ok = true;
    for (int k = 0; k < 8; k++) {
        v[k] = unwire_real(in);
        ok = ok && isfinite(v[k]);
    }
    memcpy(s->px, v, sizeof s->px);
    memcpy(s->mm, v + 2, sizeof s->mm);
    memcpy(s->cov, v + 4, sizeof s->cov);
    s->intensity = v[7];
    for (int k = 0; k < 3; k++)
        s->hkl[k] = (int32_t)unwire_u32(in);
    return ok && v[4] >= 0 && v[5] >= 0 && v[6] * v[6] <= v[4] * v[5];
}

static bool get_lattice(struct unwire *in, const struct recipe *r, struct arena *a, struct sighting *s)
{
    s->id.path = unwire_text(in, a);
    s->id.frame = unwire_u32(in);
    s->id.single = unwire_u8(in);
    beam_unpack(in, &s->beam);
    struct detector *d = in->bad ? NULL : detector_unpack(in, a);
    struct error err = {0};
    s->detector = d && detector_finish(d, "a frame of the survey", &err) ? d : NULL;
    s->indexed = unwire_u8(in);
    for (int i = 0; i < 9; i++)
        s->A[i] = unwire_real(in);
    s->shift_px[0] = unwire_real(in);
    s->shift_px[1] = unwire_real(in);
    s->cell_no = unwire_u32(in);
    s->n_indexed = unwire_u32(in);
    bool ok = free_lattice_unpack(in, &s->own) && s->detector && s->id.path && s->beam.v.wavelength > 0 &&
              (!s->indexed || s->cell_no < r->n_cells);
    for (size_t i = 0; ok && i < s->n_spots; i++)
        ok = s->spots[i].panel < s->detector->n_panels;
    return ok;
}

bool sighting_unpack(const void *data, size_t n, const struct recipe *r, struct arena *a,
                     struct sighting *out)
{
    struct unwire in = {data, (const uint8_t *)data + n, false};
    *out = (struct sighting){.frame = unwire_u64(&in), .rank = unwire_u64(&in), .hit = unwire_u8(&in)};
    bool ok = true;
    if (out->hit) {
        out->n_spots = unwire_u32(&in);
        if (in.bad || out->n_spots > SPOTS_MOST)
            return false;
        out->spots = arena_array(a, out->n_spots + 1, sizeof *out->spots);
        for (size_t i = 0; i < out->n_spots && ok; i++)
            ok = get_spot(&in, &out->spots[i]);
        out->placed = ok && unwire_u8(&in);
        if (out->placed)
            ok = get_lattice(&in, r, a, out);
    }
    return ok && !in.bad && in.at == in.end;
}

/* The stages up to indexing; false when the frame shows nothing. */
static bool look(const struct recipe *r, struct workspace *w, uint64_t i, struct result *result)
{
    static enum stage_end (*const run[])(const struct recipe *, struct workspace *, struct result *) = {
        stage_decode, stage_threshold, stage_label, stage_filter, stage_hit};
    workspace_begin(w, i);
    for (size_t s = 0; s < sizeof run / sizeof *run; s++)
        if (run[s](r, w, result) == STAGE_END) /* without a cell the hits end, too, for nothing comes after */
            return result->outcome == OUTCOME_HIT_NOT_INDEXED && result->reason == REASON_NO_CELL;
    return !w->below;
}

/* The intensity that only SPOTS_MOST spots exceed; -∞ when there are no more. */
static double faintest(struct workspace *w)
{
    const struct ray *rays = w->rays.data;
    if (w->n_rays <= SPOTS_MOST)
        return -INFINITY;
    double *v = block_reserve(&w->label_work, w->n_rays, sizeof *v);
    for (size_t i = 0; i < w->n_rays; i++)
        v[i] = isfinite(rays[i].intensity) ? rays[i].intensity : -INFINITY;
    sort_doubles(v, w->n_rays);
    return v[w->n_rays - SPOTS_MOST - 1];
}

/* Measures the centroids of a frame's spots, panel after panel. */
struct measuring {
    const struct recipe *r;
    struct workspace *w;
    uint8_t *marks;
    size_t panel, first; /* the panel whose marks are set, and its first strong pixel */
    bool marked;
};

static struct measuring measuring_of(const struct recipe *r, struct workspace *w)
{
    const struct detector *d = w->frame.detector;
    size_t most = 0;
    for (size_t i = 0; i < d->n_panels; i++) {
        size_t n = (size_t)d->panels[i].n_fast * (size_t)d->panels[i].n_slow;
        most = n > most ? n : most;
    }
    struct measuring m = {.r = r, .w = w, .marks = block_reserve(&w->marks, most, 1)};
    memset(m.marks, 0, most);
    return m;
}

/* Set the marks of a panel; panels come in ascending order, as spots do. */
static void go_to_panel(struct measuring *m, size_t panel)
{
    const struct panel *panels = m->w->frame.detector->panels;
    const struct strong_pixel *strong = m->w->strong.data;
    const size_t *counts = m->w->panel_counts.data;
    if (m->marked && m->panel == panel)
        return;
    if (m->marked)
        centroid_unmark(&panels[m->panel], strong + m->first, counts[m->panel], m->marks);
    for (; m->panel < panel; m->panel++)
        m->first += counts[m->panel];
    centroid_mark(&panels[panel], strong + m->first, counts[panel], m->marks);
    m->marked = true;
}

/* Where a ray's spot is without its background. false: that cannot be said; it has no part in the survey. */
static bool measure(struct measuring *m, const struct ray *ray, struct sighted *out)
{
    const struct spot *spot = m->w->list.spots + ray->spot;
    const struct spotfind_image *image = (const struct spotfind_image *)m->w->images.data + ray->panel;
    const struct strong_pixel *strong = m->w->strong.data;
    struct centroid c;
    double gain = image->panel->gain > 0 ? image->panel->gain : 1;
    if (m->r->spotfind.gain > 0)
        gain *= m->r->spotfind.gain;
    go_to_panel(m, ray->panel);
    if (!centroid_of(image, gain, spot, strong + spot->first_pixel, m->marks, &c))
        return false;
    *out = (struct sighted){.panel = ray->panel, .intensity = c.intensity};
    memcpy(out->px, c.px, sizeof out->px);
    memcpy(out->cov, c.cov, sizeof out->cov);
    panel_pixel_to_mm(image->panel, c.px, out->mm);
    return true;
}

/* The spots of the best lattice and of none, at most SPOTS_MOST. */
static size_t collect(const struct recipe *r, struct workspace *w, bool indexed, struct sighted *out)
{
    const struct ray *rays = w->rays.data;
    const int32_t *owner = w->owner.data;
    const int32_t(*hkl)[3] = w->hkl.data;
    struct measuring m = measuring_of(r, w);
    double least = faintest(w);
    size_t n = 0;
    for (size_t i = 0; i < w->n_rays && n < SPOTS_MOST; i++) {
        const struct ray *ray = &rays[i];
        if ((indexed && owner[i] > 0) || !(ray->intensity > least) || !measure(&m, ray, &out[n]))
            continue;
        if (indexed && owner[i] == 0)
            memcpy(out[n].hkl, hkl[i], sizeof out[n].hkl);
        n++;
    }
    return n;
}

size_t sighting_rays(const struct sighting *s, const struct panel *panels, struct ray *rays, struct arena *a)
{
    struct spot *spots = arena_array(a, s->n_spots + 1, sizeof *spots);
    for (size_t i = 0; i < s->n_spots; i++)
        spots[i] = (struct spot){.x = s->spots[i].px[0],
                                 .y = s->spots[i].px[1],
                                 .var_x = s->spots[i].cov[0],
                                 .var_y = s->spots[i].cov[1],
                                 .intensity = s->spots[i].intensity,
                                 .panel = s->spots[i].panel};
    return spots_to_rays(panels, s->detector->n_panels, &s->beam.v, spots, s->n_spots, rays);
}

/* The lattice that the spots show without a known cell. */
static void own_lattice(const struct recipe *r, struct workspace *w, struct sighting *s)
{
    const struct detector *d = w->frame.detector;
    struct ray *rays = block_reserve(&w->rays, w->list.n, sizeof *rays);
    w->n_rays = w->frame.unplaced
                    ? 0
                    : spots_to_rays(d->panels, d->n_panels, &w->frame.beam.v, w->list.spots, w->list.n, rays);
    survey_lattice(r, &w->index_work, &w->frame.beam.v, rays, w->n_rays, &s->own);
}

static void known_lattice(const struct recipe *r, struct workspace *w, struct sighting *s)
{
    struct result result = {0};
    s->indexed = stage_index(r, w, &result) == STAGE_GO_ON;
    if (!s->indexed)
        return;
    const struct lattice *l = w->lattices;
    memcpy(s->A, l->A, sizeof s->A);
    memcpy(s->shift_px, l->shift_px, sizeof s->shift_px);
    s->cell_no = l->cell_no;
    s->n_indexed = l->n_indexed;
}

void frame_survey(const struct recipe *r, struct workspace *w, uint64_t i, struct str *out)
{
    struct result result = {0};
    uint32_t source = 0, number = 0;
    source_list_at(w->reader.list, i, &source, &number);
    struct sighting s = {.frame = i, .rank = sighting_rank(w->reader.list->sources[source].recorded, number)};
    s.hit = look(r, w, i, &result);
    if (s.hit) {
        if (survey_wants_cell(r))
            own_lattice(r, w, &s);
        else
            known_lattice(r, w, &s);
        s.spots = block_reserve(&w->integrated, SPOTS_MOST, sizeof *s.spots);
        s.n_spots = collect(r, w, s.indexed, s.spots);
    }
    s.placed = s.indexed || s.own.accepted;
    if (s.placed) {
        s.id = w->frame.id;
        s.beam = w->frame.beam;
        s.detector = (struct detector *)(uintptr_t)w->frame.detector;
    }
    sighting_pack(&s, out);
}
