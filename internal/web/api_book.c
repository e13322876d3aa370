/* api_book.c - what persons have set up and written: trials and rungroups, tags, the log book. */
#include "web/api.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void put_trial(struct json_writer *j, const struct store_trial_row *t)
{
    char hash[65];
    json_object(j, NULL);
    json_put_int(j, "trial", t->num);
    json_put_text(j, "recipe", hash_hex(t->recipe_hash, 8, hash));
    json_put_bool(j, "active", t->active);
    json_put_bool(j, "used", t->used);
    put_time(j, "t", t->created_t);
    json_put_text(j, "who", t->who);
    json_put_text(j, "comment", t->comment);
    json_put_text(j, "bad_input", *t->bad_input ? t->bad_input : NULL);
    json_put_text(j, "phil", t->phil);
    json_array(j, "rungroups", true);
    for (size_t i = 0; i < t->n_rungroups; i++)
        json_put_int(j, NULL, t->rungroups[i]);
    json_end_array(j);
    put_job_states(j, "jobs", &t->jobs);
    json_end_object(j);
}

/* Trials are few and their numbers are rows: the figures of each are summed here. */
static void put_trial_figures(struct json_writer *j, const struct store_trial_row *t, size_t n,
                              const struct store_tally *tallies, size_t n_tallies)
{
    json_array(j, "figures", false);
    for (size_t i = 0; i < n; i++) {
        struct store_tally sum = {0};
        int64_t runs = 0;
        for (size_t k = 0; k < n_tallies; k++)
            if (tallies[k].trial == t[i].id) {
                runs++;
                sum.frames += tallies[k].frames;
                sum.failed += tallies[k].failed;
                sum.hits += tallies[k].hits;
                sum.indexed += tallies[k].indexed;
                sum.lattices += tallies[k].lattices;
            }
        json_object(j, NULL);
        json_put_int(j, "trial", t[i].num);
        json_put_int(j, "runs", runs);
        json_put_int(j, "frames", (int64_t)sum.frames);
        put_fraction(j, "hit", sum.hits, sum.frames - sum.failed);
        put_fraction(j, "indexed", sum.indexed, sum.hits);
        json_put_int(j, "lattices", (int64_t)sum.lattices);
        json_end_object(j);
    }
    json_end_array(j);
}

static void put_group(struct json_writer *j, const struct store_group_row *g)
{
    json_object(j, NULL);
    json_put_int(j, "rungroup", g->id);
    json_put_int(j, "first", g->first);
    json_put_real(j, "last", g->last < 0 ? NAN : (double)g->last);
    json_put_bool(j, "active", g->active);
    json_put_bool(j, "used", g->used);
    put_time(j, "t", g->created_t);
    json_put_text(j, "who", g->who);
    json_put_text(j, "comment", g->comment);
    json_put_text(j, "bad_input", *g->bad_input ? g->bad_input : NULL);
    json_put_text(j, "phil", g->phil);
    json_put_int(j, "runs", g->n_runs);
    json_array(j, "trials", true);
    for (size_t i = 0; i < g->n_uses; i++)
        if (g->uses[i].active)
            json_put_int(j, NULL, g->uses[i].trial);
    json_end_array(j);
    put_job_states(j, "jobs", &g->jobs);
    json_end_object(j);
}

void api_trials(struct web *w, struct store *s, const struct web_request *q, struct web_answer *a)
{
    (void)w, (void)q;
    struct arena arena = {0};
    struct error err = {0};
    struct store_trial_row *trials;
    struct store_group_row *groups;
    struct store_tally *tallies;
    size_t n, n_groups, n_tallies;
    if (!store_trials(s, &arena, &trials, &n, &err) || !store_groups(s, &arena, &groups, &n_groups, &err) ||
        !store_tallies(s, &arena, &tallies, &n_tallies, &err)) {
        api_failed(a, &arena, &err);
        return;
    }
    struct json_writer j = answer_json(a);
    json_array(&j, "trials", false);
    for (size_t i = 0; i < n; i++)
        put_trial(&j, trials + i);
    json_end_array(&j);
    put_trial_figures(&j, trials, n, tallies, store_tallies_full(tallies, n_tallies));
    json_array(&j, "rungroups", false);
    for (size_t i = 0; i < n_groups; i++)
        put_group(&j, groups + i);
    json_end_array(&j);
    answer_json_end(&j);
    arena_free(&arena);
}

void api_tags(struct web *w, struct store *s, const struct web_request *q, struct web_answer *a)
{
    (void)w, (void)q;
    struct arena arena = {0};
    struct error err = {0};
    struct store_tag_row *tags;
    size_t n;
    if (!store_tags(s, &arena, &tags, &n, &err)) {
        api_failed(a, &arena, &err);
        return;
    }
    struct json_writer j = answer_json(a);
    json_array(&j, "tags", false);
    for (size_t i = 0; i < n; i++) {
        json_object(&j, NULL);
        json_put_text(&j, "name", tags[i].name);
        json_put_real(&j, "colour", tags[i].colour < 0 ? NAN : (double)tags[i].colour);
        json_put_text(&j, "comment", tags[i].comment);
        json_put_bool(&j, "auto", tags[i].automatic);
        json_put_int(&j, "runs", tags[i].n_runs);
        json_put_int(&j, "datasets", tags[i].n_datasets);
        json_end_object(&j);
    }
    json_end_array(&j);
    answer_json_end(&j);
    arena_free(&arena);
}
