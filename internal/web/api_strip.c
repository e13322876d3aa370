/* api_strip.c - the frames of a job along its run, in at most some hundred stretches: ?from=, to= (places of frames), bins=.
 *
 * The one page that reads frame rows, by the key of one job; 100,000 of them take 0.2 s, so the page asks seldom while a job runs, and
 * the answer is the same for all for a second.
 */
#include "web/api.h"

#include "report/report.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BINS_USUAL = 400 };

/* A column a figure, a value a stretch. */
typedef void put_one(struct json_writer *j, const struct strip_bin *b, const struct store_shot *shots);

static void put_column(struct json_writer *j, const char *key, const struct strip *s,
                       const struct store_shot *shots, put_one *put)
{
    json_array(j, key, true);
    for (size_t i = 0; i < s->n_bins; i++)
        put(j, s->bins + i, shots);
    json_end_array(j);
}

static void put_frames(struct json_writer *j, const struct strip_bin *b, const struct store_shot *shots)
{
    (void)shots;
    json_put_int(j, NULL, (int64_t)b->frames);
}

static void put_failed(struct json_writer *j, const struct strip_bin *b, const struct store_shot *shots)
{
    (void)shots;
    json_put_int(j, NULL, (int64_t)b->failed);
}

static void put_multi(struct json_writer *j, const struct strip_bin *b, const struct store_shot *shots)
{
    (void)shots;
    json_put_int(j, NULL, (int64_t)b->multi);
}

static void put_saturated(struct json_writer *j, const struct strip_bin *b, const struct store_shot *shots)
{
    (void)shots;
    json_put_int(j, NULL, (int64_t)b->saturated);
}

static void put_ice(struct json_writer *j, const struct strip_bin *b, const struct store_shot *shots)
{
    (void)shots;
    json_put_int(j, NULL, (int64_t)b->ice);
}

static void put_solvent(struct json_writer *j, const struct strip_bin *b, const struct store_shot *shots)
{
    (void)shots;
    json_put_int(j, NULL, (int64_t)b->solvent);
}

static void put_when(struct json_writer *j, const struct strip_bin *b, const struct store_shot *shots)
{
    const struct store_shot *x = shots + b->first;
    put_time(j, NULL, b->frames == 0 ? 0 : x->event_t ? x->event_t : x->done_t);
}

/* "source/frame": its link to the frame viewer; null: none. */
static void put_frame_of(struct json_writer *j, const struct strip_value *v, size_t at,
                         const struct store_shot *shots)
{
    char text[32];
    snprintf(text, sizeof text, "%u/%u", v->n ? shots[at].source : 0, v->n ? shots[at].frame : 0);
    json_put_text(j, NULL, v->n ? text : NULL);
}

/* {n, mean, lo, hi, spread, at}: at is the frame that has hi (of a resolution lo, which is the better one). */
static void put_value(struct json_writer *j, const char *key, const struct strip *s,
                      const struct store_shot *shots, size_t offset, int decimals, bool low_is_good)
{
#define VALUE(i) ((const struct strip_value *)(const void *)((const char *)(s->bins + (i)) + offset))
    json_object(j, key);
    json_array(j, "n", true);
    for (size_t i = 0; i < s->n_bins; i++)
        json_put_int(j, NULL, (int64_t)VALUE(i)->n);
    json_end_array(j);
    static const char *const names[] = {"mean", "lo", "hi", "spread"};
    for (int k = 0; k < 4; k++) {
        json_array(j, names[k], true);
        for (size_t i = 0; i < s->n_bins; i++) {
            const struct strip_value *v = VALUE(i);
            json_put_fixed(j, NULL, k == 0 ? v->mean : k == 1 ? v->lo : k == 2 ? v->hi : v->spread, decimals);
        }
        json_end_array(j);
    }
    json_array(j, "at", true);
    for (size_t i = 0; i < s->n_bins; i++)
        put_frame_of(j, VALUE(i), low_is_good ? VALUE(i)->lo_at : VALUE(i)->hi_at, shots);
    json_end_array(j);
    json_end_object(j);
#undef VALUE
}

static void put_drift(struct json_writer *j, const char *key, const struct strip_drift *d)
{
    json_object(j, key);
    json_put_int(j, "n", (int64_t)d->n);
    json_put_fixed(j, "mean", d->mean, 5);
    json_put_fixed(j, "spread", d->spread, 5);
    json_put_fixed(j, "drift", d->drift, 5);
    json_put_fixed(j, "sigma", d->sigma, 5);
    json_end_object(j);
}

static void put_strip(struct json_writer *j, const struct strip *s, const struct store_shot *shots)
{
    json_put_int(j, "total", (int64_t)s->total);
    json_put_int(j, "frames", (int64_t)s->frames);
    json_put_int(j, "from", (int64_t)s->from);
    json_put_int(j, "to", (int64_t)s->to);
    json_put_int(j, "step", (int64_t)s->step);
    put_fraction(j, "multi", s->multi, s->indexed);
    put_fraction(j, "saturated", s->saturated, s->hits);
    put_fraction(j, "ice", s->ice, s->frames - s->failed);
    put_fraction(j, "ice_hits", s->ice_hits, s->hits);
    put_fraction(j, "solvent", s->solvent, s->n_ring);
    json_object(j, "drift");
    put_drift(j, "dx_px", &s->dx_px);
    put_drift(j, "dy_px", &s->dy_px);
    put_drift(j, "energy_ev", &s->energy_ev);
    put_drift(j, "distance_mm", &s->distance_mm);
    put_drift(j, "ring", &s->ring);
    put_drift(j, "len_px", &s->len_px);
    json_end_object(j);
    json_object(j, "bins");
    put_column(j, "frames", s, shots, put_frames);
    put_column(j, "failed", s, shots, put_failed);
    put_column(j, "multi", s, shots, put_multi);
    put_column(j, "saturated", s, shots, put_saturated);
    put_column(j, "ice", s, shots, put_ice);
    put_column(j, "solvent", s, shots, put_solvent);
    put_column(j, "t", s, shots, put_when);
    static const char *const classes[STRIP_CLASSES] = {"blank", "hit", "indexed"};
    for (size_t k = 0; k < STRIP_CLASSES; k++)
        put_value(j, classes[k], s, shots,
                  offsetof(struct strip_bin, strong) + k * sizeof(struct strip_value), 0, false);
    put_value(j, "res_a", s, shots, offsetof(struct strip_bin, res_a), 3, true);
    put_value(j, "energy_ev", s, shots, offsetof(struct strip_bin, energy_ev), 2, false);
    put_value(j, "distance_mm", s, shots, offsetof(struct strip_bin, distance_mm), 4, false);
    put_value(j, "dx_px", s, shots, offsetof(struct strip_bin, dx_px), 4, false);
    put_value(j, "dy_px", s, shots, offsetof(struct strip_bin, dy_px), 4, false);
    put_value(j, "ring", s, shots, offsetof(struct strip_bin, ring), 3, false);
    put_value(j, "len_px", s, shots, offsetof(struct strip_bin, len_px), 2, false);
    json_end_object(j);
}

/* A number of the query; otherwise when it is not there. */
static bool read_number(const struct web_request *q, const char *name, int64_t otherwise, int64_t *out)
{
    const char *text = target_value(q->target, name);
    *out = otherwise;
    return !text || (str_to_i64(text, out) && *out >= 0);
}

/* The cut of the ratio: what the last of these texts says of it; NaN: nothing. A line for the eye: flags say what was decided. */
static double solvent_cut(const char *trial, const char *rungroup)
{
    const char *const texts[] = {trial, rungroup};
    static const char name[] = "solvent_ratio";
    double cut = NAN;
    for (int i = 0; i < 2; i++)
        for (const char *at = strstr(texts[i], name); at; at = strstr(at, name)) {
            char *end = NULL;
            at += sizeof name - 1;
            at += strspn(at, " ");
            double v = *at == '=' ? strtod(at + 1, &end) : NAN;
            cut = end && end > at + 1 && v > 0 ? v : cut;
        }
    return cut;
}

void api_strip(struct web *w, struct store *s, const struct web_request *q, struct web_answer *a)
{
    (void)w;
    struct arena arena = {0};
    struct error err = {0};
    struct store_shot *shots;
    struct strip strip;
    const char *trial, *rungroup;
    int64_t job, from, to, bins;
    size_t n;
    uint64_t total = 0;
    if (!api_number(q, a, &job))
        return;
    if (!read_number(q, "from", 0, &from) || !read_number(q, "to", 0, &to) ||
        !read_number(q, "bins", BINS_USUAL, &bins) || bins < 1 || bins > STRIP_BINS_MOST ||
        (to && to <= from)) {
        answer_error(a, 400, "bad_choice", "from and to are places of frames, bins is 1 to 2000", NULL);
        return;
    }
    if (!store_shots(s, job, &arena, &shots, &n, &total, &err) ||
        !store_job_phil(s, job, &arena, &trial, &rungroup, &err)) {
        api_failed(a, &arena, &err);
        return;
    }
    strip_of(shots, n, total, (uint64_t)from, (uint64_t)to, (size_t)bins, &arena, &strip);
    struct json_writer j = answer_json(a);
    json_put_int(&j, "job", job);
    json_put_fixed(&j, "solvent_ratio", solvent_cut(trial, rungroup), 3);
    put_strip(&j, &strip, shots);
    answer_json_end(&j);
    arena_free(&arena);
}
