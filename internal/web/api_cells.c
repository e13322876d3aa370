/* api_cells.c - unit cells of the jobs of a trial, of runs with tags, of one run or one job.
 *
 * Roll-ups only, by the keys of jobs; of very many jobs the newest, and the answer says of how many: a page must not read the samples of
 * a whole beam time.
 */
#include "web/api.h"

#include "report/report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CELL_JOBS_MOST = 1000, CELL_LATTICES_MOST = 500000 };

struct choice {
    int64_t trial, job, run; /* numbers of the query; -1: any */
    double eps;              /* Å; NaN: as found */
    const char *tags[TARGET_QUERY];
    size_t n_tags;
    bool all; /* of the tags, else any */
};

static bool read_number(const struct target *t, const char *name, int64_t *out)
{
    const char *text = target_value(t, name);
    *out = -1;
    return !text || (str_to_i64(text, out) && *out >= 0);
}

static bool read_choice(const struct target *t, struct choice *c)
{
    const char *eps = target_value(t, "eps");
    *c = (struct choice){.all = target_value(t, "all") != NULL, .eps = NAN};
    if (eps && (!str_to_double(eps, &c->eps) || !(c->eps >= 0 && c->eps < 1e6)))
        return false;
    for (size_t i = 0; i < t->n_query; i++)
        if (strcmp(t->query[i].name, "tag") == 0)
            c->tags[c->n_tags++] = t->query[i].value;
    return read_number(t, "trial", &c->trial) && read_number(t, "job", &c->job);
}

static bool has_tags(const struct store_run_row *r, const struct choice *c)
{
    size_t found = 0;
    for (size_t i = 0; i < c->n_tags; i++) {
        bool has = false;
        for (size_t k = 0; k < r->n_tags && !has; k++)
            has = strcmp(r->tags[k], c->tags[i]) == 0;
        found += has;
    }
    return c->all ? found == c->n_tags : found > 0;
}

/* What is chosen from: all of them are rows of lists that are short beside frames. */
struct lists {
    struct store_trial_row *trials;
    struct store_tag_row *tags;
    struct store_run_row
        *runs; /* by their row: all with tags chosen, else none until they are asked for by name */
    struct store_tally *tallies;
    const struct store_trial_row *trial; /* the one that is asked for, else meant; NULL: none */
    size_t n_trials, n_tags, n_runs, n_tallies;
};

static int by_id(const void *a, const void *b)
{
    int64_t x = ((const struct store_run_row *)a)->id, y = ((const struct store_run_row *)b)->id;
    return x < y ? -1 : x > y;
}

static bool read_lists(struct store *s, const struct choice *c, struct arena *a, struct lists *l,
                       struct error *err)
{
    const struct store_run_filter any = {0};
    *l = (struct lists){0};
    bool ok = store_trials(s, a, &l->trials, &l->n_trials, err) &&
              store_tags(s, a, &l->tags, &l->n_tags, err) &&
              store_tally_counts(s, a, &l->tallies, &l->n_tallies, err) &&
              (c->n_tags == 0 || store_runs(s, &any, a, &l->runs, &l->n_runs, err));
    for (size_t i = 0; ok && i < l->n_trials; i++)
        l->trial = l->trials[i].num == c->trial ? l->trials + i : l->trial;
    if (ok && c->trial < 0)
        l->trial = overview_trial(l->trials, l->n_trials, l->tallies, l->n_tallies);
    if (ok && l->n_runs)
        qsort(l->runs, l->n_runs, sizeof *l->runs, by_id);
    return ok;
}

/* The lattices of a frame are others in each trial: they are of one, unless one job is asked for. */
static bool trial_matters(const struct choice *c)
{
    return c->trial >= 0 || c->job < 0;
}

static bool is_chosen(const struct store_tally *t, const struct choice *c, const struct lists *l,
                      int64_t trial)
{
    if (t->lattices == 0 || (t->preview && c->job < 0) || (trial_matters(c) && t->trial != trial) ||
        (c->job >= 0 && t->job != c->job) || (c->run >= 0 && t->run != c->run))
        return false;
    const struct store_run_row key = {.id = t->run};
    const struct store_run_row *r = l->n_runs ? bsearch(&key, l->runs, l->n_runs, sizeof key, by_id) : NULL;
    return c->n_tags == 0 || (r && has_tags(r, c));
}

struct chosen {
    int64_t *jobs;
    size_t n, n_all;
    uint64_t lattices_all;
};

static void choose(const struct choice *c, const struct lists *l, struct arena *a, struct chosen *out)
{
    int64_t trial = l->trial ? l->trial->id : -1;
    uint64_t lattices = 0;
    *out = (struct chosen){.jobs = arena_array(a, CELL_JOBS_MOST, sizeof *out->jobs)};
    for (size_t i = l->n_tallies; i-- > 0;) { /* the newest first */
        const struct store_tally *t = l->tallies + i;
        if (!is_chosen(t, c, l, trial))
            continue;
        out->n_all++;
        out->lattices_all += t->lattices;
        if (out->n < CELL_JOBS_MOST && (out->n == 0 || lattices + t->lattices <= CELL_LATTICES_MOST)) {
            out->jobs[out->n++] = t->job;
            lattices += t->lattices;
        }
    }
}

static void put_spread(struct json_writer *j, const char *key, const struct cell_spread *s)
{
    json_object(j, key);
    json_put_fixed(j, "median", s->median, 5);
    json_put_fixed(j, "lo", s->lo, 5);
    json_put_fixed(j, "hi", s->hi, 5);
    json_end_object(j);
}

static void put_axes(struct json_writer *j, const struct cells *c)
{
    static const char *const names[] = {"a", "b", "c", "alpha", "beta", "gamma"};
    json_array(j, "axes", false);
    for (int i = 0; i < 6; i++) {
        const struct cell_axis *x = c->axes + i;
        json_object(j, NULL);
        json_put_text(j, "name", names[i]);
        put_spread(j, "cell", &x->cell);
        put_spread(j, "free", &x->free);
        json_put_bool(j, "fixed", x->fixed);
        json_put_fixed(j, "from", x->from, 6);
        json_put_fixed(j, "width", x->width, 6);
        json_put_fixed(j, "below", x->below, 2);
        json_put_fixed(j, "above", x->above, 2);
        json_array(j, "bins", true);
        for (size_t k = 0; k < x->n_bins; k++)
            json_put_fixed(j, NULL, x->bins[k], 2);
        json_end_array(j);
        json_end_object(j);
    }
    json_end_array(j);
}

static void put_forms(struct json_writer *j, const struct cell_forms *f)
{
    json_object(j, "forms");
    json_array(j, "free", true);
    for (int i = 0; i < f->n_free; i++)
        json_put_int(j, NULL, f->free[i]);
    json_end_array(j);
    json_put_fixed(j, "eps", f->eps, 5);
    json_put_fixed(j, "eps_found", f->eps_found, 5);
    json_put_int(j, "least", (int64_t)f->least);
    json_put_int(j, "cells", (int64_t)f->n_points);
    json_put_int(j, "neither", (int64_t)f->n_neither);
    json_put_int(j, "groups", (int64_t)f->n_groups);
    json_array(j, "list", false);
    for (size_t i = 0; i < f->n; i++) {
        json_object(j, NULL);
        json_put_int(j, "n", (int64_t)f->form[i].n);
        json_put_reals(j, "mean", f->form[i].mean, 6);
        json_put_reals(j, "sd", f->form[i].sd, 6);
        json_end_object(j);
    }
    json_end_array(j);
    json_end_object(j);
}

/* Few places of a grid are not empty: [place, layer, count, …]. */
static void put_grid(struct json_writer *j, const uint32_t *grid, int n, int layers)
{
    json_array(j, "counts", true);
    for (int layer = 0; layer < layers; layer++)
        for (int i = 0; i < n; i++)
            if (grid[layer * n + i]) {
                json_put_int(j, NULL, i);
                json_put_int(j, NULL, layer);
                json_put_int(j, NULL, grid[layer * n + i]);
            }
    json_end_array(j);
}

static void put_pairs(struct json_writer *j, const struct store_sampled *sample, size_t n,
                      const struct cell_forms *f, struct arena *a)
{
    struct cell_pair *pairs = arena_array(a, PAIRS_MOST, sizeof *pairs);
    size_t n_pairs = pairs_of(sample, n, f, a, pairs);
    json_put_int(j, "grid", PAIR_GRID);
    json_array(j, "pairs", false);
    for (size_t i = 0; i < n_pairs; i++) {
        json_object(j, NULL);
        json_put_int(j, "x", pairs[i].x);
        json_put_int(j, "y", pairs[i].y);
        json_put_reals(j, "from", pairs[i].from, 2);
        json_put_reals(j, "to", pairs[i].to, 2);
        json_put_int(j, "outside", (int64_t)pairs[i].outside);
        put_grid(j, pairs[i].grid[0], PAIR_GRID * PAIR_GRID, PAIR_LAYERS);
        json_end_object(j);
    }
    json_end_array(j);
}

static void put_poles(struct json_writer *j, const struct store_sampled *sample, size_t n,
                      const struct cell_forms *f, struct arena *a)
{
    struct cell_pole *poles = arena_array(a, POLES_MOST, sizeof *poles);
    size_t n_poles = poles_of(sample, n, f, poles);
    json_put_int(j, "pole_grid", POLE_GRID);
    json_array(j, "poles", false);
    for (size_t i = 0; i < n_poles; i++) {
        json_object(j, NULL);
        json_put_text(j, "name", poles[i].name);
        json_put_int(j, "n", (int64_t)poles[i].n);
        json_put_real(j, "eigen", poles[i].eigen);
        json_put_real(j, "bingham", poles[i].bingham);
        put_grid(j, poles[i].grid, POLE_GRID * POLE_GRID, 1);
        json_end_object(j);
    }
    json_end_array(j);
}

/* The number of a run as lists show it; its row where it is not known. */
static int64_t number_of(const struct lists *l, int64_t run)
{
    const struct store_run_row key = {.id = run},
                               *r = l->n_runs ? bsearch(&key, l->runs, l->n_runs, sizeof key, by_id) : NULL;
    return r ? r->ord : run;
}

/* Of ten thousand runs those that are named: ends of rows. */
static bool read_ends(struct store *s, const struct cell_run *runs, size_t n, struct lists *l,
                      struct arena *a, struct error *err)
{
    int64_t *ids = arena_array(a, 2 * n + 1, sizeof *ids);
    for (size_t i = 0; i < n; i++) {
        ids[2 * i] = runs[i].run;
        ids[2 * i + 1] = runs[i].last;
    }
    const struct store_run_filter these = {.ids = ids, .n_ids = 2 * n};
    bool ok = n == 0 || l->n_runs > 0 || store_runs(s, &these, a, &l->runs, &l->n_runs, err);
    if (ok && l->n_runs)
        qsort(l->runs, l->n_runs, sizeof *l->runs, by_id);
    return ok;
}

static void put_runs(struct json_writer *j, const struct cell_run *runs, size_t n_rows, size_t n_runs,
                     const struct cell_forms *f, const struct lists *l)
{
    json_put_int(j, "runs_all", (int64_t)n_runs);
    json_array(j, "runs", false);
    for (size_t i = 0; i < n_rows; i++) {
        json_object(j, NULL);
        json_put_int(j, "first", number_of(l, runs[i].run));
        json_put_int(j, "last", number_of(l, runs[i].last));
        json_put_int(j, "n", (int64_t)runs[i].n);
        json_array(j, "forms", true);
        for (size_t k = 0; k <= f->n; k++)
            json_put_int(j, NULL, (int64_t)runs[i].counts[k]);
        json_end_array(j);
        const char *const parts[] = {"median", "lo", "hi"};
        for (int part = 0; part < 3; part++) {
            json_array(j, parts[part], true);
            for (int k = 0; k < f->n_free; k++) {
                const struct cell_spread *m = runs[i].median + f->free[k];
                json_put_fixed(j, NULL, part == 0 ? m->median : part == 1 ? m->lo : m->hi, 4);
            }
            json_end_array(j);
        }
        json_end_object(j);
    }
    json_end_array(j);
}

static void put_lists(struct json_writer *j, const struct lists *l)
{
    if (l->trial)
        json_put_int(j, "trial", l->trial->num);
    else
        json_put_null(j, "trial");
    json_array(j, "trials", true);
    for (size_t i = 0; i < l->n_trials; i++)
        json_put_int(j, NULL, l->trials[i].num);
    json_end_array(j);
    json_array(j, "tags", true);
    for (size_t i = 0; i < l->n_tags; i++)
        json_put_text(j, NULL, l->tags[i].name);
    json_end_array(j);
}

/* What both answers are made of. false: the answer says why. */
struct found {
    struct choice choice;
    struct lists lists;
    struct chosen jobs;
    struct store_sampled *sample;
    size_t n_sample;
    struct cell_forms forms;
};

static bool find(struct store *s, const struct web_request *q, struct arena *arena, struct found *f,
                 struct web_answer *a)
{
    struct error err = {0};
    *f = (struct found){0};
    if (!read_choice(q->target, &f->choice)) {
        answer_error(a, 400, "bad_choice", "trial, run and job are numbers, eps is one of Å",
                     "eps from 0 to 1000000; without it it is found from the cells");
        return false;
    }
    if (!api_there(s, q, arena, a) || !api_run_asked(s, q, arena, &f->choice.run, a))
        return false;
    if (!read_lists(s, &f->choice, arena, &f->lists, &err))
        return api_failed(a, arena, &err);
    choose(&f->choice, &f->lists, arena, &f->jobs);
    if (!store_read_sample(s, (struct store_jobs_of){.jobs = f->jobs.jobs, .n = f->jobs.n}, arena, &f->sample,
                           &f->n_sample, &err))
        return api_failed(a, arena, &err);
    forms_of(f->sample, f->n_sample, f->choice.eps, arena, &f->forms);
    return true;
}

void api_cells(struct web *w, struct store *s, const struct web_request *q, struct web_answer *a)
{
    (void)w;
    struct arena arena = {0};
    struct error err = {0};
    struct found f;
    enum { ROWS_MOST = 60 };
    struct store_hist *hists = NULL;
    struct cell_run *runs;
    size_t n_hists = 0, n_rows, n_runs;
    if (!find(s, q, &arena, &f, a))
        return;
    forms_by_run(f.sample, f.n_sample, &f.forms, f.lists.tallies, f.lists.n_tallies, ROWS_MOST, &arena, &runs,
                 &n_rows, &n_runs);
    if (!read_ends(s, runs, n_rows, &f.lists, &arena, &err) ||
        !store_read_hists(s, (struct store_jobs_of){.jobs = f.jobs.jobs, .n = f.jobs.n}, &arena, &hists,
                          &n_hists, &err)) {
        api_failed(a, &arena, &err);
        return;
    }
    struct cells *cells = arena_array(&arena, 1, sizeof *cells);
    cells_of(hists, n_hists, f.sample, f.n_sample, &arena, cells);
    struct json_writer j = answer_json(a);
    json_put_int(&j, "jobs", (int64_t)f.jobs.n);
    json_put_int(&j, "jobs_all", (int64_t)f.jobs.n_all);
    json_put_int(&j, "lattices", (int64_t)cells->lattices);
    json_put_int(&j, "lattices_all", (int64_t)f.jobs.lattices_all);
    json_put_int(&j, "sample", (int64_t)cells->n_sample);
    put_lists(&j, &f.lists);
    put_axes(&j, cells);
    put_forms(&j, &f.forms);
    put_pairs(&j, f.sample, f.n_sample, &f.forms, &arena);
    put_poles(&j, f.sample, f.n_sample, &f.forms, &arena);
    put_runs(&j, runs, n_rows, n_runs, &f.forms, &f.lists);
    answer_json_end(&j);
    arena_free(&arena);
}

void api_cells_file(struct web *w, struct store *s, const struct web_request *q, struct web_answer *a)
{
    (void)w;
    struct arena arena = {0};
    struct error err = {0};
    struct found f;
    if (!find(s, q, &arena, &f, a))
        return;
    const char *name = q->parts[0];
    bool json = strcmp(name, "covariance.json") == 0;
    if (!json && strcmp(name, "covariance.pickle") != 0)
        answer_error(a, 404, "no_such_file", "there are covariance.pickle and covariance.json", NULL);
    else if (!covariance_text(&f.forms, "unit cells", json, &a->body, &err))
        answer_failed(a, &err);
    else
        a->type = json ? WEB_JSON : "application/octet-stream";
    arena_free(&arena);
}
