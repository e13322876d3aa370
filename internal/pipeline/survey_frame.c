/* survey_frame.c - a frame of the sample: what is seen of it, and that as bytes. See survey.h. */
#include "pipeline/sighting.h"
#include "pipeline/stages.h"

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
    const double v[] = {s->px[0], s->px[1], s->mm[0], s->mm[1], s->cov[0], s->cov[1], s->cov[2]};
    for (size_t k = 0; k < 7; k++)
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
    wire_u8(out, s->indexed);
    if (!s->indexed)
        return;
    for (int i = 0; i < 9; i++)
        wire_real(out, s->A[i]);
    wire_real(out, s->shift_px[0]);
    wire_real(out, s->shift_px[1]);
    wire_u32(out, (uint32_t)s->cell_no);
    wire_u32(out, (uint32_t)s->n_indexed);
    wire_text(out, s->id.path);
    wire_u32(out, s->id.frame);
    wire_u8(out, s->id.single);
    beam_pack(&s->beam, out);
    detector_pack(s->detector, out);
}

static bool get_spot(struct unwire *in, struct sighted *s)
{
    double v[7];
    s->panel = unwire_u32(in);
    bool ok = true;
    for (int k = 0; k < 7; k++) {
        v[k] = unwire_real(in);
        ok = ok && isfinite(v[k]);
    }
    memcpy(s->px, v, sizeof s->px);
    memcpy(s->mm, v + 2, sizeof s->mm);
    memcpy(s->cov, v + 4, sizeof s->cov);
    for (int k = 0; k < 3; k++)
        s->hkl[k] = (int32_t)unwire_u32(in);
    return ok && v[4] >= 0 && v[5] >= 0 && v[6] * v[6] <= v[4] * v[5];
}

static bool get_lattice(struct unwire *in, const struct recipe *r, struct arena *a, struct sighting *s)
{
    for (int i = 0; i < 9; i++)
        s->A[i] = unwire_real(in);
    s->shift_px[0] = unwire_real(in);
    s->shift_px[1] = unwire_real(in);
    s->cell_no = unwire_u32(in);
    s->n_indexed = unwire_u32(in);
    s->id.path = unwire_text(in, a);
    s->id.frame = unwire_u32(in);
    s->id.single = unwire_u8(in);
    beam_unpack(in, &s->beam);
    s->detector = in->bad ? NULL : detector_unpack(in, a);
    bool ok = s->detector && s->id.path && s->cell_no < r->n_cells && s->beam.v.wavelength > 0;
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
        out->indexed = ok && unwire_u8(&in);
        if (out->indexed)
            ok = get_lattice(&in, r, a, out);
    }
    return ok && !in.bad && in.at == in.end;
}

/* The stages up to indexing; false when the frame shows nothing. */
static bool look(const struct recipe *r, struct workspace *w, uint64_t i, struct result *result)
{
    enum stage_end (*const run[])(const struct recipe *, struct workspace *, struct result *) = {
        stage_decode, stage_threshold, stage_label, stage_filter, stage_hit};
    workspace_begin(w, i);
    for (size_t s = 0; s < sizeof run / sizeof *run; s++)
        if (run[s](r, w, result) == STAGE_END)
            return false;
    return !w->below;
}

/* The spots of the best lattice and of none, at most SPOTS_MOST. */
static size_t collect(const struct workspace *w, bool indexed, struct sighted *out)
{
    const struct ray *rays = w->rays.data;
    const int32_t *owner = w->owner.data;
    const int32_t(*hkl)[3] = w->hkl.data;
    size_t n = 0;
    for (size_t i = 0; i < w->n_rays && n < SPOTS_MOST; i++) {
        const struct ray *ray = &rays[i];
        if ((indexed && owner[i] > 0) || !(ray->var_px[0] >= 0) || !(ray->var_px[1] >= 0) ||
            !isfinite(ray->var_px[0]) || !isfinite(ray->var_px[1]))
            continue;
        out[n] = (struct sighted){.panel = ray->panel,
                                  .px = {ray->px[0], ray->px[1]},
                                  .mm = {ray->mm[0], ray->mm[1]},
                                  .cov = {ray->var_px[0], ray->var_px[1], 0}};
        if (indexed && owner[i] == 0)
            memcpy(out[n].hkl, hkl[i], sizeof out[n].hkl);
        n++;
    }
    return n;
}

void frame_survey(const struct recipe *r, struct workspace *w, uint64_t i, struct str *out)
{
    struct result result = {0};
    uint32_t source = 0, number = 0;
    source_list_at(w->reader.list, i, &source, &number);
    struct sighting s = {.frame = i, .rank = sighting_rank(w->reader.list->sources[source].recorded, number)};
    s.hit = look(r, w, i, &result);
    if (s.hit) {
        s.indexed = stage_index(r, w, &result) == STAGE_GO_ON;
        s.spots = block_reserve(&w->integrated, SPOTS_MOST, sizeof *s.spots);
        s.n_spots = collect(w, s.indexed, s.spots);
    }
    if (s.indexed) {
        memcpy(s.A, w->lattices[0].A, sizeof s.A);
        memcpy(s.shift_px, w->lattices[0].shift_px, sizeof s.shift_px);
        s.cell_no = w->lattices[0].cell_no;
        s.n_indexed = w->lattices[0].n_indexed;
        s.id = w->frame.id;
        s.beam = w->frame.beam;
        s.detector = (struct detector *)(uintptr_t)w->frame.detector;
    }
    sighting_pack(&s, out);
}
