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
    json_put_text(w, "name", o->run ? o->run->name : NULL);
    json_put_bool(w, "running", o->running);
    json_put_real(w, "rate_hz", o->running ? o->frames_hz : NAN);
    json_put_real(w, "behind_s", o->behind_s);
    json_put_real(w, "age_s", o->age_s);
    rate_json(&o->hit_now, "hit", w);
    rate_json(&o->indexed_now, "indexed", w);
    json_put_real(w, "lattices_h", o->lattices_h);
    json_put_reals(w, "lattices_h_95", (double[]){o->lattices_h_lo, o->lattices_h_hi}, 2);
    json_put_reals(w, "res_a", o->res_a, 3);
    json_end_object(w);
}

static void put_totals(const struct standing *o, struct json_writer *w)
{
    const struct store_totals *t = &o->in->totals;
    json_object(w, "totals");
    json_put_int(w, "frames", (int64_t)t->frames);
    for (enum outcome k = OUTCOME_BLANK; k < OUTCOME_END; k++)
        json_put_int(w, outcome_word(k), (int64_t)t->by_outcome[k]);
    json_put_int(w, "lattices", (int64_t)t->lattices);
    json_put_int(w, "reflections", (int64_t)t->reflections);
    json_end_object(w);
    json_object(w, "keys");
    rate_json(&o->all.hit_rate, "hit", w);
    rate_json(&o->all.indexing_rate, "indexed", w);
    json_end_object(w);
    json_array(w, "reasons", false);
    for (int r = 1; r < 64; r++)
        if (t->by_reason[r]) {
            json_object(w, NULL);
            json_put_text(w, "reason", reason_word((enum reason)r));
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

static void put_lists(const struct standing *o, struct json_writer *w)
{
    json_array(w, "runs", false);
    for (size_t i = 0; i < o->in->n_runs; i++)
        put_run(o, o->in->runs + i, w);
    json_end_array(w);
    json_array(w, "goals", false);
    for (size_t i = 0; i < o->n_goals; i++) {
        const struct overview_goal *g = o->goals + i;
        json_object(w, NULL);
        json_put_text(w, "dataset", g->dataset);
        json_put_int(w, "have", (int64_t)g->have);
        json_put_int(w, "goal", (int64_t)g->goal);
        json_put_real(w, "left_s", g->left_s);
        json_put_reals(w, "left_s_95", (double[]){g->left_lo_s, g->left_hi_s}, 2);
        json_end_object(w);
    }
    json_end_array(w);
    json_array(w, "alarms", false);
    for (size_t i = 0; i < o->n_alarms; i++) {
        json_object(w, NULL);
        json_put_text(w, "kind", o->alarms[i].kind);
        json_put_text(w, "text", o->alarms[i].text);
        json_put_text(w, "hint", o->alarms[i].hint);
        json_end_object(w);
    }
    json_end_array(w);
    json_array(w, "errors", false);
    for (size_t i = 0; i < o->in->n_errors; i++) {
        const struct store_event *e = o->in->errors + i;
        json_object(w, NULL);
        put_time(w, "t", e->t);
        json_put_text(w, "kind", e->kind);
        json_put_int(w, "job", e->job);
        json_put_text(w, "text", e->body);
        json_end_object(w);
    }
    json_end_array(w);
}

void overview_json(const struct standing *o, const char *experiment, struct json_writer *w)
{
    const struct store_health *h = &o->in->health;
    put_time(w, "t", o->in->now);
    json_put_text(w, "experiment", experiment);
    json_put_text(w, "finding", o->finding);
    json_object(w, "store");
    json_put_text(w, "kind", h->kind);
    json_put_int(w, "schema", h->schema);
    json_put_real(w, "age_s", o->age_s);
    json_put_int(w, "behind_rows", (int64_t)h->pending);
    json_end_object(w);
    put_now(o, w);
    put_totals(o, w);
    put_stages(o, w);
    put_lists(o, w);
    json_object(w, "watch");
    json_put_text(w, "owner", h->lease_owner[0] ? h->lease_owner : NULL);
    json_put_real(w, "age_s", h->lease_renewed ? 1e-9 * (double)(o->in->now - h->lease_renewed) : NAN);
    json_end_object(w);
}
