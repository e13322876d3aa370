/* api_overview.c - the first page: the last ten minutes, the rates over some hours, all frames so far. */
#include "web/api.h"

#include "report/report.h"

#include <math.h>
#include <stdlib.h>

enum { MINUTE_LEAST = 10, RECENT = 10 };
#define MINUTE INT64_C(60000000000)

struct overview {
    struct arena arena;
    struct store_tally *tallies, all;
    size_t n_tallies, n_minutes;
    struct store_minute *minutes;
    uint64_t reasons[64], jobs[JOB_STATE_END];
};

static void add(struct store_tally *sum, const struct store_tally *t)
{
    sum->frames += t->frames;
    sum->failed += t->failed;
    sum->hits += t->hits;
    sum->indexed += t->indexed;
    sum->integrated += t->integrated;
    sum->lattices += t->lattices;
    sum->multi += t->multi;
    sum->frame_t = t->frame_t > sum->frame_t ? t->frame_t : sum->frame_t;
}

/* The window ends with the newest frame: of an experiment that is over, its last hours are shown, not an empty plot. */
static bool read_all(struct store *s, struct overview *o, size_t minutes, struct error *err)
{
    if (!store_tallies(s, &o->arena, &o->tallies, &o->n_tallies, err))
        return false;
    for (size_t i = 0; i < o->n_tallies; i++)
        add(&o->all, o->tallies + i);
    int64_t last = o->all.frame_t / MINUTE, first = last - (int64_t)minutes + 1;
    if (first < 0)
        first = 0;
    o->n_minutes = o->all.frame_t ? minutes : 0;
    o->minutes = arena_array(&o->arena, minutes, sizeof *o->minutes);
    return store_minutes(s, 0, first, o->n_minutes, o->minutes, err) &&
           store_reasons(s, 0, o->reasons, err) && store_job_states(s, o->jobs, JOB_STATE_END, err);
}

static void put_keys(struct json_writer *j, const struct overview *o)
{
    struct store_tally recent = {0};
    size_t from = o->n_minutes > RECENT ? o->n_minutes - RECENT : 0;
    double n = 0, sum = 0;
    for (size_t i = from; i < o->n_minutes; i++) {
        const struct store_minute *m = o->minutes + i;
        add(&recent, &(struct store_tally){.frames = m->frames,
                                           .failed = m->failed,
                                           .hits = m->hits,
                                           .indexed = m->indexed,
                                           .lattices = m->lattices});
        if (m->lattices && isfinite(m->res_a))
            n += (double)m->lattices, sum += (double)m->lattices / (m->res_a * m->res_a);
    }
    json_object(j, "recent");
    json_put_int(j, "minutes", RECENT);
    json_put_int(j, "frames", (int64_t)recent.frames);
    put_fraction(j, "hit", recent.hits, recent.frames - recent.failed);
    put_fraction(j, "indexed", recent.indexed, recent.hits);
    json_put_real(j, "lattices_h", (double)recent.lattices * 60 / RECENT);
    json_put_real(j, "res_a", n > 0 ? sqrt(n / sum) : NAN);
    json_end_object(j);
    json_object(j, "keys");
    put_fraction(j, "hit", o->all.hits, o->all.frames - o->all.failed);
    put_fraction(j, "indexed", o->all.indexed, o->all.hits);
    json_end_object(j);
}

static void put_bins(struct json_writer *j, const struct overview *o, const char *key, bool indexed)
{
    json_array(j, key, false);
    for (size_t i = 0; i < o->n_minutes; i++) {
        const uint32_t *bins = indexed ? o->minutes[i].spots_idx : o->minutes[i].spots_hit;
        json_array(j, NULL, true);
        for (int k = 0; k < TALLY_SPOT_BINS; k++)
            json_put_int(j, NULL, bins[k]);
        json_end_array(j);
    }
    json_end_array(j);
}

static void put_series(struct json_writer *j, const struct overview *o)
{
    json_object(j, "series");
    put_time(j, "t0", o->n_minutes ? o->minutes[0].minute * MINUTE : 0);
    json_put_int(j, "dt", 60);
    static const char *const names[] = {"frames", "failed", "hits", "indexed", "lattices", "multi"};
    for (int k = 0; k < 6; k++) {
        json_array(j, names[k], true);
        for (size_t i = 0; i < o->n_minutes; i++) {
            const struct store_minute *m = o->minutes + i;
            const uint64_t v[] = {m->frames, m->failed, m->hits, m->indexed, m->lattices, m->multi};
            json_put_int(j, NULL, (int64_t)v[k]);
        }
        json_end_array(j);
    }
    json_array(j, "res_a", true);
    for (size_t i = 0; i < o->n_minutes; i++)
        json_put_fixed(j, NULL, o->minutes[i].res_a, 4);
    json_end_array(j);
    put_bins(j, o, "spots_hit", false);
    put_bins(j, o, "spots_indexed", true);
    json_end_object(j);
}

static void put_jobs(struct json_writer *j, const struct overview *o)
{
    json_object(j, "jobs");
    uint64_t all = 0;
    for (int i = 1; i < JOB_STATE_END; i++) {
        all += o->jobs[i];
        json_put_int(j, job_state_word(i), (int64_t)o->jobs[i]);
    }
    json_put_int(j, "all", (int64_t)all);
    json_end_object(j);
}

void api_overview(struct web *w, struct store *s, const struct web_request *q, struct web_answer *a)
{
    struct overview o = {0};
    struct error err = {0};
    int64_t minutes = 180;
    const char *asked = target_value(q->target, "minutes");
    if (asked && (!str_to_i64(asked, &minutes) || minutes < MINUTE_LEAST || minutes > TALLY_MINUTES)) {
        answer_error(a, 400, "bad_minutes", "minutes is a number from 10 to 10080", NULL);
        return;
    }
    if (!read_all(s, &o, (size_t)minutes, &err)) {
        api_failed(a, &o.arena, &err);
        return;
    }
    struct json_writer j = answer_json(a);
    json_put_int(&j, "version", 1);
    json_put_text(&j, "experiment", w->options.title);
    json_put_int(&j, "seq", watch_seq(w->watch));
    put_time(&j, "t_newest", o.all.frame_t);
    json_object(&j, "totals");
    json_put_int(&j, "frames", (int64_t)o.all.frames);
    json_put_int(&j, "failed", (int64_t)o.all.failed);
    json_put_int(&j, "hits", (int64_t)o.all.hits);
    json_put_int(&j, "indexed", (int64_t)o.all.indexed);
    json_put_int(&j, "integrated", (int64_t)o.all.integrated);
    json_put_int(&j, "lattices", (int64_t)o.all.lattices);
    json_put_int(&j, "multi", (int64_t)o.all.multi);
    json_end_object(&j);
    put_keys(&j, &o);
    put_reasons(&j, o.reasons);
    put_jobs(&j, &o);
    put_series(&j, &o);
    answer_json_end(&j);
    arena_free(&o.arena);
}
