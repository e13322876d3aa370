/* overview_json.c - the overview as JSON, version 1 (STORE 10): keys are added, never changed. */
#include "report/overview.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void rate_json(const struct rate *r, const char *key, struct json_writer *w)
{
    json_object(w, key);
    json_put_int(w, "k", (int64_t)r->n);
    json_put_int(w, "n", (int64_t)r->of);
    json_put_real(w, "p", r->share);
    json_put_real(w, "lo", r->lo);
    json_put_real(w, "hi", r->hi);
    json_end_object(w);
}

static void put_time(struct json_writer *w, const char *key, int64_t ns)
{
    json_put_real(w, key, ns ? 1e-9 * (double)ns : NAN);
}

static void put_now(const struct standing *o, struct json_writer *w)
{
    json_object(w, "now");
    if (o->run)
        json_put_int(w, "run", o->run->ord);
    else
        json_put_null(w, "run");
    json_put_real(w, "id", o->run ? (double)o->run->id : NAN);
    json_array(w, "tags", true);
    for (size_t i = 0; o->run && i < o->run->n_tags; i++)
        json_put_text(w, NULL, o->run->tags[i]);
    json_end_array(w);
    json_put_text(w, "name", o->run ? o->run->name : NULL);
    json_put_bool(w, "running", o->running);
    json_put_real(w, "rate_hz", o->running ? o->frames_hz : NAN);
    json_put_real(w, "mb_s", o->running ? o->mb_s : NAN);
    json_put_real(w, "behind_s", o->behind_s);
    json_put_real(w, "age_s", o->age_s);
    rate_json(&o->hit_now, "hit", w);
    rate_json(&o->indexed_now, "indexed", w);
    json_put_real(w, "lattices_h", o->lattices_h);
    json_put_reals(w, "lattices_h_95", (double[]){o->lattices_h_lo, o->lattices_h_hi}, 2);
    json_put_reals(w, "res_a", o->res_a, 3);
    json_end_object(w);
}

static void put_pair(struct json_writer *w, const char *key, double lo, double hi)
{
    json_put_reals(w, key, (double[]){lo, hi}, 2);
}

/* The trial that all figures are of, and those that there are. */
static void put_trials(const struct standing *o, struct json_writer *w)
{
    const struct overview_sources *in = o->in;
    if (in->trial)
        json_put_int(w, "trial", in->trial->num);
    else
        json_put_null(w, "trial");
    json_array(w, "trials", false);
    for (size_t i = 0; i < in->n_trials; i++) {
        uint64_t frames = 0;
        for (size_t k = 0; k < in->n_tallies; k++)
            frames += in->tallies[k].trial == in->trials[i].id ? in->tallies[k].frames : 0;
        json_object(w, NULL);
        json_put_int(w, "trial", in->trials[i].num);
        json_put_bool(w, "active", in->trials[i].active);
        json_put_text(w, "comment", in->trials[i].comment);
        json_put_int(w, "frames", (int64_t)frames);
        json_end_object(w);
    }
    json_end_array(w);
}

static void put_usuals(const struct standing *o, struct json_writer *w)
{
    json_array(w, "usual", false);
    for (size_t i = 0; i < o->n_usuals; i++) {
        const struct overview_usual *u = o->usuals + i;
        json_object(w, NULL);
        json_put_text(w, "key", u->key);
        json_put_text(w, "words", u->words);
        json_put_text(w, "unit", u->unit);
        json_put_real(w, "now", u->now);
        put_pair(w, "now_99", u->now_lo, u->now_hi);
        json_put_real(w, "usual", u->usual);
        put_pair(w, "usual_99", u->usual_lo, u->usual_hi);
        json_put_bool(w, "changed", u->changed);
        json_end_object(w);
    }
    json_end_array(w);
}

static void put_funnel(const struct standing *o, struct json_writer *w)
{
    struct overview_step steps[OVERVIEW_STEPS];
    overview_funnel(o->in, steps);
    json_array(w, "funnel", false);
    for (int i = 0; i < OVERVIEW_STEPS; i++) {
        json_object(w, NULL);
        json_put_text(w, "step", steps[i].key);
        json_put_text(w, "words", steps[i].words);
        json_put_text(w, "of", steps[i].of);
        rate_json(&steps[i].rate, "share", w);
        json_array(w, "lost", false);
        for (int r = 1; r < REASON_END; r++)
            if (steps[i].lost[r]) {
                json_object(w, NULL);
                json_put_text(w, "reason", reason_word((enum reason)r));
                json_put_text(w, "text", reason_help((enum reason)r));
                json_put_int(w, "n", (int64_t)steps[i].lost[r]);
                json_end_object(w);
            }
        json_end_array(w);
        json_end_object(w);
    }
    json_end_array(w);
}

static void put_totals(const struct standing *o, struct json_writer *w)
{
    const struct store_totals *t = &o->in->totals;
    json_object(w, "totals");
    json_put_int(w, "frames", (int64_t)t->frames);
    for (enum outcome k = OUTCOME_BLANK; k < OUTCOME_END; k++)
        json_put_int(w, outcome_word(k), (int64_t)t->by_outcome[k]);
    json_put_int(w, "lattices", (int64_t)t->lattices);
    json_put_int(w, "multi", (int64_t)t->multi);
    json_put_int(w, "ice", (int64_t)t->ice);
    json_put_int(w, "solvent", (int64_t)t->solvent);
    json_put_int(w, "reflections", (int64_t)t->reflections);
    json_end_object(w);
    json_object(w, "keys");
    rate_json(&o->all.hit_rate, "hit", w);
    rate_json(&o->all.indexing_rate, "indexed", w);
    const struct rate ice = rate_of(t->ice, t->frames - t->by_outcome[OUTCOME_FAILED]),
                      icy = rate_of(t->ice_hits, o->all.hits), solvent = rate_of(t->solvent, t->n_ring);
    rate_json(&ice, "ice", w);
    rate_json(&icy, "ice_hits", w);
    rate_json(&solvent, "solvent", w);
    json_end_object(w);
    json_array(w, "reasons", false);
    for (int r = 1; r < REASON_END; r++)
        if (t->by_reason[r]) {
            json_object(w, NULL);
            json_put_text(w, "reason", reason_word((enum reason)r));
            json_put_text(w, "text", reason_help((enum reason)r));
            json_put_int(w, "n", (int64_t)t->by_reason[r]);
            json_end_object(w);
        }
    json_end_array(w);
}

static void put_stages(const struct standing *o, struct json_writer *w)
{
    json_array(w, "stages", false);
    for (size_t i = 0; i < o->in->n_hists; i++) {
        const struct store_hist *h = o->in->hists + i;
        int stage = h->kind - STORE_HIST_STAGE;
        if (stage < 0 || stage >= STAGE_MAX)
            continue;
        char number[16];
        snprintf(number, sizeof number, "%d", stage);
        json_object(w, NULL);
        json_put_text(w, "stage", o->in->stages[stage] ? o->in->stages[stage] : number);
        json_put_int(w, "calls", (int64_t)h->n);
        json_put_real(w, "mean_ms", 0.1 * h->total / (double)h->n);
        json_put_real(w, "max_ms", 0.1 * h->peak);
        json_end_object(w);
    }
    json_end_array(w);
}

static void put_run(const struct standing *o, const struct store_run_row *r, struct json_writer *w)
{
    uint64_t frames = 0, hits = 0, indexed = 0;
    json_object(w, NULL);
    json_put_int(w, "run", r->ord);
    json_put_text(w, "name", r->name);
    json_put_text(w, "state", run_state_word((int)r->state));
    put_time(w, "t_begin", r->begin_t);
    json_array(w, "jobs", true);
    for (size_t i = 0; i < o->in->n_tallies; i++) {
        const struct store_tally *t = o->in->tallies + i;
        if (t->run != r->id)
            continue;
        json_put_int(w, NULL, t->job);
        if (o->in->trial && t->trial == o->in->trial->id)
            frames = t->frames, hits = t->hits, indexed = t->indexed; /* of its newest job that has frames */
    }
    json_end_array(w);
    json_put_int(w, "frames", (int64_t)frames);
    json_put_int(w, "hits", (int64_t)hits);
    json_put_int(w, "indexed", (int64_t)indexed);
    json_array(w, "tags", true);
    for (size_t i = 0; i < r->n_tags; i++)
        json_put_text(w, NULL, r->tags[i]);
    json_end_array(w);
    json_end_object(w);
}

void overview_json_runs(const struct standing *o, struct json_writer *w)
{
    json_array(w, "runs", false);
    for (size_t i = 0; i < o->in->n_runs; i++)
        put_run(o, o->in->runs + i, w);
    json_end_array(w);
}

static void put_goals(const struct standing *o, struct json_writer *w)
{
    json_array(w, "goals", false);
    for (size_t i = 0; i < o->n_goals; i++) {
        const struct overview_goal *g = o->goals + i;
        json_object(w, NULL);
        json_put_text(w, "dataset", g->dataset);
        json_put_int(w, "id", g->id);
        json_put_int(w, "have", (int64_t)g->have);
        json_put_int(w, "goal", (int64_t)g->goal);
        json_put_int(w, "trial", g->trial);
        json_put_text(w, "by", g->coverage ? "multiplicity" : "lattices");
        put_pair(w, "goal_95", (double)g->goal_lo, g->goal_hi == UINT64_MAX ? NAN : (double)g->goal_hi);
        if (g->coverage)
            coverage_json(g->coverage, g->have, o->lattices_h, w);
        json_put_real(w, "left_s", g->left_s);
        put_pair(w, "left_s_95", g->left_lo_s, g->left_hi_s);
        json_end_object(w);
    }
    json_end_array(w);
}

static void put_alarms(const struct standing *o, struct json_writer *w)
{
    json_array(w, "alarms", false);
    for (size_t i = 0; i < o->n_alarms; i++) {
        const struct overview_alarm *x = o->alarms + i;
        json_object(w, NULL);
        json_put_text(w, "kind", x->kind);
        json_put_text(w, "text", x->text);
        json_put_text(w, "hint", x->hint);
        json_put_text(w, "with", *x->with ? x->with : NULL);
        put_time(w, "since", x->since);
        put_time(w, "acked", x->acked);
        json_put_real(w, "id", x->id ? (double)x->id : NAN);
        json_end_object(w);
    }
    json_end_array(w);
}

static void put_bad_inputs(const struct standing *o, struct json_writer *w)
{
    json_array(w, "bad_inputs", false);
    for (size_t i = 0; i < o->n_bad_inputs; i++) {
        const struct overview_bad_input *b = o->bad_inputs + i;
        json_object(w, NULL);
        json_put_text(w, "of", b->group ? "rungroup" : "trial");
        json_put_int(w, "number", b->number);
        json_put_text(w, "text", b->text);
        json_put_text(w, "hint", b->hint);
        json_end_object(w);
    }
    json_end_array(w);
}

static void put_errors(const struct standing *o, struct json_writer *w)
{
    json_array(w, "errors", false);
    for (size_t i = 0; i < o->in->n_errors; i++) {
        const struct store_event *e = o->in->errors + i;
        json_object(w, NULL);
        put_time(w, "t", e->t);
        json_put_text(w, "kind", e->kind);
        json_put_int(w, "job", e->job);
        json_put_text(w, "run", *e->run_name ? e->run_name : NULL);
        json_put_text(w, "text", e->body);
        json_end_object(w);
    }
    json_end_array(w);
}

/* Jobs by state, those that run or wait for a scheduler, and the newest that failed. */
static void put_queue(const struct standing *o, struct json_writer *w)
{
    enum { MOST = 20, MOST_FAILED = 5 };
    const struct overview_sources *in = o->in;
    int queued = 0, failed = 0;
    json_object(w, "queue");
    json_object(w, "states");
    for (int s = 1; s < JOB_STATE_END; s++)
        json_put_int(w, job_state_word(s), o->jobs_by[s]);
    json_end_object(w);
    json_array(w, "jobs", false);
    for (size_t i = in->n_jobs; i-- > 0;) {
        const struct store_book_job *j = in->jobs + i;
        const struct store_book_attempt *t = j->n_attempts ? j->attempts + j->n_attempts - 1 : NULL;
        bool open =
            (j->state == JOB_RUNNING || j->state == JOB_QUEUED || j->state == JOB_AGAIN) && queued++ < MOST;
        if (!open && !(j->state == JOB_FAILED && failed++ < MOST_FAILED))
            continue;
        uint64_t done = 0;
        for (size_t k = 0; k < in->n_tallies; k++)
            done = in->tallies[k].job == j->id ? in->tallies[k].frames : done;
        json_object(w, NULL);
        json_put_int(w, "job", j->id);
        json_put_real(w, "run", j->run_ord ? (double)j->run_ord : NAN);
        json_put_int(w, "trial", j->trial);
        json_put_text(w, "state", job_state_word((int)j->state));
        put_time(w, "t", j->state_t);
        json_put_int(w, "done", (int64_t)done);
        json_put_int(w, "expected", j->n_expected);
        json_put_text(w, "reason", t && *t->reason ? t->reason : NULL);
        json_end_object(w);
    }
    json_end_array(w);
    json_end_object(w);
}

static void put_bins(struct json_writer *w, const struct store_minute *m, size_t n, const char *key,
                     bool indexed)
{
    json_array(w, key, true);
    for (size_t i = 0; i < n; i++) {
        const uint32_t *bins = indexed ? m[i].spots_idx : m[i].spots_hit;
        json_array(w, NULL, true);
        for (int k = 0; k < TALLY_SPOT_BINS; k++)
            json_put_int(w, NULL, bins[k]);
        json_end_array(w);
    }
    json_end_array(w);
}

/* Runs of the time shown, so that plots can say which is which. */
static void put_spans(const struct overview_sources *in, const struct store_minute *m, size_t n,
                      struct json_writer *w)
{
    int64_t from = n ? m->minute * INT64_C(60000000000) : INT64_MAX;
    int64_t to = n ? (m[n - 1].minute + 1) * INT64_C(60000000000) : 0;
    json_array(w, "runs", false);
    for (size_t i = 0; i < in->n_runs; i++) {
        const struct store_run_row *r = in->runs + i;
        if (!r->begin_t || r->begin_t >= to || (r->end_t && r->end_t < from))
            continue;
        json_object(w, NULL);
        json_put_int(w, "run", r->ord);
        json_put_int(w, "id", r->id);
        put_time(w, "t0", r->begin_t);
        put_time(w, "t1", r->end_t);
        json_end_object(w);
    }
    json_end_array(w);
}

/* Minutes in columns; a minute of which nothing came is all zeros, and its resolution null. */
static void put_series(const struct overview_sources *in, size_t minutes, struct json_writer *w)
{
    static const char *const names[] = {"frames",    "failed", "hits",     "indexed", "lattices", "multi",
                                        "saturated", "ice",    "ice_hits", "solvent", "n_ring"};
    size_t n = !in->totals.frame_t ? 0 : minutes && minutes < in->n_minutes ? minutes : in->n_minutes;
    const struct store_minute *m = in->minutes + in->n_minutes - n;
    json_object(w, "series");
    put_time(w, "t0", n ? m->minute * INT64_C(60000000000) : 0);
    json_put_int(w, "dt", 60);
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        json_array(w, names[k], true);
        for (size_t i = 0; i < n; i++) {
            const uint64_t v[] = {m[i].frames,   m[i].failed,  m[i].hits,      m[i].indexed,
                                  m[i].lattices, m[i].multi,   m[i].saturated, m[i].ice,
                                  m[i].ice_hits, m[i].solvent, m[i].n_ring};
            json_put_int(w, NULL, (int64_t)v[k]);
        }
        json_end_array(w);
    }
    json_array(w, "res_a", true);
    for (size_t i = 0; i < n; i++)
        json_put_fixed(w, NULL, m[i].res_a, 4);
    json_end_array(w);
    put_bins(w, m, n, "spots_hit", false);
    put_bins(w, m, n, "spots_indexed", true);
    put_spans(in, m, n, w);
    json_end_object(w);
}

static void put_health(const struct standing *o, struct json_writer *w)
{
    const struct store_health *h = &o->in->health;
    json_object(w, "store");
    json_put_text(w, "kind", h->kind);
    json_put_int(w, "schema", h->schema);
    json_put_real(w, "age_s", o->age_s);
    json_put_int(w, "behind_rows", (int64_t)h->pending);
    json_put_real(w, "lag_s", h->live ? 1e-9 * (double)h->lag : NAN);
    json_put_int(w, "attempts", (int64_t)h->live);
    json_end_object(w);
    json_object(w, "disk");
    json_put_real(w, "free", o->in->disk_free);
    json_put_real(w, "free_bytes", o->in->disk_bytes);
    json_end_object(w);
    json_object(w, "watch");
    char owner[OWNER];
    json_put_text(w, "owner", h->lease_owner[0] ? owner_shown(h->lease_owner, owner) : NULL);
    double age_s;
    enum overview_watch watch = overview_watch(o->in, &age_s);
    json_put_real(w, "age_s", age_s);
    json_put_bool(w, "acts", watch == WATCH_ACTS);
    json_put_bool(w, "fine", watch == WATCH_ACTS || watch == WATCH_LOOKED);
    json_end_object(w);
}

void overview_json(const struct standing *o, const char *experiment, size_t minutes, struct json_writer *w)
{
    json_put_int(w, "version", 1);
    put_time(w, "t", o->in->now);
    put_time(w, "t_newest", o->in->totals.frame_t);
    json_put_text(w, "experiment", experiment);
    json_put_text(w, "finding", o->finding);
    put_health(o, w);
    put_trials(o, w);
    put_now(o, w);
    put_usuals(o, w);
    put_totals(o, w);
    put_funnel(o, w);
    put_stages(o, w);
    put_goals(o, w);
    put_alarms(o, w);
    put_bad_inputs(o, w);
    put_errors(o, w);
    put_queue(o, w);
    put_series(o->in, minutes, w);
}

void alarms_json(const struct store_alarm *rows, size_t n, struct json_writer *w)
{
    json_array(w, "alarms", false);
    for (size_t i = 0; i < n; i++) {
        const struct store_alarm *x = rows + i;
        json_object(w, NULL);
        json_put_int(w, "id", x->id);
        json_put_text(w, "kind", x->kind);
        json_put_text(w, "text", x->text);
        json_put_text(w, "with", *x->with ? x->with : NULL);
        json_put_text(w, "hint", overview_alarm_hint(x->kind));
        put_time(w, "since", x->since);
        put_time(w, "until", x->until);
        put_time(w, "acked", x->acked);
        json_put_text(w, "who", *x->who ? x->who : NULL);
        json_end_object(w);
    }
    json_end_array(w);
}
