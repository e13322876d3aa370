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
    return r->index && r->n_cells > 0 && r->survey.wish != GEOMETRY_OFF;
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
    size_t fair = 4 * s->recipe->survey.min_hits;
    return s->n_hits >= s->recipe->survey.max_hits || (s->n_hits >= fair && s->next >= s->n / 8);
}

bool survey_next(struct survey *s, const uint64_t **frames, size_t *n)
{
    if (s->next >= s->n || enough(s))
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
    s->n_hits += seen->indexed && seen->n_indexed >= ENOUGH_SPOTS;
    return true;
}

static int by_order(const void *pa, const void *pb)
{
    const struct sighting *a = *(struct sighting *const *)pa, *b = *(struct sighting *const *)pb;
    return by_rank(&(struct place){a->rank, a->frame}, &(struct place){b->rank, b->frame});
}

bool survey_conclude(struct survey *s, struct finding *out, struct arena *a, const char **text,
                     struct error *err)
{
    struct found found = {0};
    struct str bytes = {0};
    if (s->n_seen)
        qsort(s->seen, s->n_seen, sizeof *s->seen, by_order);
    survey_geometry(s->recipe, s->seen, s->n_seen, &found, a, text);
    found_pack(&found, &bytes);
    *out = (struct finding){malloc(bytes.len), bytes.len};
    if (out->data)
        memcpy(out->data, bytes.text, bytes.len);
    str_free(&bytes);
    return out->data || error_set(err, ERROR_INTERNAL, "no memory for what a survey found");
}
