/* survey.c - the sample: which frames, when they are enough, and from what they showed to a finding. See survey.h. */
#include "pipeline/sighting.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK = 32 }; /* frames asked for at once */

/* Spots that a still must have inside to vote; fewer indexed ones are not counted as enough. */
static const size_t ENOUGH_SPOTS = GEOMETRY_STILL_SPOTS;

struct place {
    uint64_t rank, frame;
};

struct survey {
    const struct recipe *recipe;
    struct arena arena;
    uint64_t *order; /* the frames as they are asked for */
    uint64_t n, next;
    struct sighting **seen;
    size_t n_seen, n_hits;
};

bool survey_wanted(const struct recipe *r)
{
    return survey_wants_cell(r) || (r->index && r->n_cells > 0 && r->survey.wish != GEOMETRY_OFF);
}

static int by_rank(const void *pa, const void *pb)
{
    const struct place *a = pa, *b = pb;
    if (a->rank != b->rank)
        return a->rank < b->rank ? -1 : 1;
    return a->frame < b->frame ? -1 : a->frame > b->frame;
}

bool survey_open(const struct recipe *r, const struct source_list *l, const uint64_t *frames, uint64_t n,
                 struct survey **out, struct error *err)
{
    struct survey *s = *out = calloc(1, sizeof *s);
    if (!s)
        return error_set(err, ERROR_INTERNAL, "no memory for a survey");
    s->recipe = r;
    s->n = n;
    struct place *places = arena_array(&s->arena, (size_t)n + 1, sizeof *places);
    s->order = arena_array(&s->arena, (size_t)n + 1, sizeof *s->order);
    for (uint64_t i = 0; i < n; i++) {
        uint32_t source = 0, number = 0;
        source_list_at(l, frames[i], &source, &number);
        places[i] = (struct place){sighting_rank(l->sources[source].recorded, number), frames[i]};
    }
    qsort(places, (size_t)n, sizeof *places, by_rank);
    for (uint64_t i = 0; i < n; i++)
        s->order[i] = places[i].frame;
    return true;
}

void survey_close(struct survey *s)
{
    if (!s)
        return;
    arena_free(&s->arena);
    free(s);
}

/* max_hits hits; or, where hits are few, a fair number once an eighth of the frames was looked at: a survey shall not cost as much
 * as the job. */
static bool enough(const struct survey *s)
{
    size_t fair = 8 * s->recipe->survey.min_hits;
    if (survey_wants_cell(s->recipe) && s->n_hits < survey_cell_shots(s->recipe))
        return false;
    return s->n_hits >= s->recipe->survey.max_hits || (s->n_hits >= fair && s->next >= s->n / 8);
}

/* Fewer frames than the geometry needs hits: they would be looked at twice for nothing. */
static bool hopeless(const struct survey *s)
{
    return s->n < s->recipe->survey.min_hits && !survey_wants_cell(s->recipe);
}

bool survey_next(struct survey *s, const uint64_t **frames, size_t *n)
{
    if (s->next >= s->n || enough(s) || hopeless(s))
        return false;
    *frames = s->order + s->next;
    *n = s->n - s->next < BLOCK ? (size_t)(s->n - s->next) : BLOCK;
    s->next += *n;
    return true;
}

bool survey_take(struct survey *s, const void *data, size_t n, struct error *err)
{
    struct sighting *seen = arena_alloc(&s->arena, sizeof *seen);
    if (!sighting_unpack(data, n, s->recipe, &s->arena, seen))
        return error_set(err, ERROR_INTERNAL, "what was seen of a frame of the survey cannot be read");
    s->seen = arena_grow(&s->arena, s->seen, s->n_seen, sizeof *s->seen);
    s->seen[s->n_seen++] = seen;
    s->n_hits += seen->own.accepted || (seen->indexed && seen->n_indexed >= ENOUGH_SPOTS);
    return true;
}

static int by_order(const void *pa, const void *pb)
{
    const struct sighting *a = *(struct sighting *const *)pa, *b = *(struct sighting *const *)pb;
    return by_rank(&(struct place){a->rank, a->frame}, &(struct place){b->rank, b->frame});
}

/* ---- without a known cell ---- */

/* Decide the cell from the shots' own lattices; after a correction they are first seen again at the corrected place. When they then
 * show none the cell stays. */
static bool decide(struct survey *s, const struct found *after, struct found_cell *out)
{
    struct free_lattice *lattices = arena_array(&s->arena, s->n_seen + 1, sizeof *lattices);
    struct block memory = {0};
    size_t n = 0;
    for (size_t k = 0; k < s->n_seen; k++) {
        struct sighting *seen = s->seen[k];
        if (!seen->hit)
            continue;
        if (after && seen->own.accepted && seen->detector->n_panels == after->n_panels) {
            struct arena a = {0};
            size_t n_panels = after->n_panels;
            struct panel *panels = arena_array(&a, n_panels, sizeof *panels);
            struct ray *rays = arena_array(&a, seen->n_spots + 1, sizeof *rays);
            geometry_correct(&after->correction, seen->detector->panels, n_panels, panels);
            size_t n_rays = sighting_rays(seen, panels, rays, &a);
            survey_lattice_again(s->recipe, &memory, &seen->beam.v, rays, n_rays, &seen->own);
            arena_free(&a);
        }
        lattices[n++] = seen->own;
    }
    free(memory.data);
    struct found_cell found;
    bool is = survey_cell_decide(s->recipe, lattices, n, after != NULL, &found);
    if (is || !after)
        *out = found;
    return is;
}

/* Index a sighting with the cells of r. */
static void index_again(const struct recipe *r, struct sighting *s, struct block *memory)
{
    struct arena a = {0};
    struct lattice lattices[INDEX_MAX_LATTICES] = {0};
    struct ray *rays = arena_array(&a, s->n_spots + 1, sizeof *rays);
    size_t n = sighting_rays(s, s->detector->panels, rays, &a);
    struct index_found found = {.lattices = lattices,
                                .capacity = INDEX_MAX_LATTICES,
                                .owner = arena_array(&a, n + 1, sizeof(int32_t)),
                                .hkl = arena_array(&a, n + 1, sizeof(int32_t[3]))};
    void *work = block_reserve(memory, index_work_size(r->cells, r->n_cells, n), 1);
    s->indexed = index_frame(&r->indexing, r->cells, r->n_cells, &s->beam.v, rays, n, &found, work) > 0;
    if (s->indexed) {
        memcpy(s->A, lattices[0].A, sizeof s->A);
        memcpy(s->shift_px, lattices[0].shift_px, sizeof s->shift_px);
        s->cell_no = lattices[0].cell_no;
        s->n_indexed = lattices[0].n_indexed;
    }
    arena_free(&a);
}

/* Cell, then geometry with it, then the cell once more where the detector moved. */
static bool find_both(struct survey *s, struct found *found, struct str *said, struct arena *a,
                      struct error *err)
{
    struct recipe with = *s->recipe;
    struct block memory = {0};
    const char *text = "";
    bool ok = true;
    found->has_cell = true;
    if (decide(s, NULL, &found->cell) && with.survey.wish != GEOMETRY_OFF) {
        ok = recipe_take_found(&with, &found->cell, &s->arena, err);
        for (size_t k = 0; ok && k < s->n_seen; k++)
            if (s->seen[k]->placed)
                index_again(&with, s->seen[k], &memory);
        if (ok)
            survey_geometry(&with, s->seen, s->n_seen, found, a, &text);
        if (found->corrected)
            decide(s, found, &found->cell);
    }
    free(memory.data);
    survey_cell_say(s->recipe, &found->cell, said);
    str_add(said, text);
    return ok;
}

bool survey_conclude(struct survey *s, struct finding *out, struct arena *a, const char **text,
                     struct error *err)
{
    struct found found = {0};
    struct str bytes = {0};
    if (s->n_seen)
        qsort(s->seen, s->n_seen, sizeof *s->seen, by_order);
    if (survey_wants_cell(s->recipe)) {
        struct str said = {0};
        bool ok = find_both(s, &found, &said, a, err);
        *text = arena_strdup(a, said.text ? said.text : "");
        str_free(&said);
        if (!ok)
            return false;
    } else {
        survey_geometry(s->recipe, s->seen, s->n_seen, &found, a, text);
    }
    found_pack(&found, &bytes);
    *out = (struct finding){malloc(bytes.len), bytes.len};
    if (out->data)
        memcpy(out->data, bytes.text, bytes.len);
    str_free(&bytes);
    return out->data || error_set(err, ERROR_INTERNAL, "no memory for what a survey found");
}
