/* api_cells.c - unit cells of the jobs of a trial, of runs with tags, of one run or one job.
 *
 * Roll-ups only, by the keys of jobs; of very many jobs the newest, and the answer says of how many: a page must not read the samples of
 * a whole beam time.
 */
#include "web/api.h"

#include "report/report.h"

#include <stdlib.h>
#include <string.h>

enum { CELL_JOBS_MOST = 1000, CELL_LATTICES_MOST = 500000 };

struct choice {
    int64_t trial, job, run; /* numbers of the query; -1: any */
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
    *c = (struct choice){.all = target_value(t, "all") != NULL};
    for (size_t i = 0; i < t->n_query; i++)
        if (strcmp(t->query[i].name, "tag") == 0)
            c->tags[c->n_tags++] = t->query[i].value;
    return read_number(t, "trial", &c->trial) && read_number(t, "job", &c->job) &&
           read_number(t, "run", &c->run);
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
    struct store_run_row *runs; /* only with tags chosen; by number of their row */
    struct store_tally *tallies;
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
              store_tallies(s, a, &l->tallies, &l->n_tallies, err) &&
              (c->n_tags == 0 || store_runs(s, &any, a, &l->runs, &l->n_runs, err));
    if (ok && l->n_runs)
        qsort(l->runs, l->n_runs, sizeof *l->runs, by_id);
    return ok;
}

static bool is_chosen(const struct store_tally *t, const struct choice *c, const struct lists *l,
                      int64_t trial)
{
    if (t->lattices == 0 || (c->trial >= 0 && t->trial != trial) || (c->job >= 0 && t->job != c->job) ||
        (c->run >= 0 && t->run != c->run))
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
    int64_t trial = -1;
    uint64_t lattices = 0;
    for (size_t i = 0; i < l->n_trials; i++)
        trial = l->trials[i].num == c->trial ? l->trials[i].id : trial;
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

static void put_pairs(struct json_writer *j, const struct cells *c)
{
    json_put_int(j, "grid", CELLS_GRID);
    json_array(j, "pairs", false);
    for (int i = 0; i < CELLS_PAIRS && c->n_sample > 0; i++) {
        const struct cell_pair *p = c->pairs + i;
        json_object(j, NULL);
        json_put_int(j, "x", p->x);
        json_put_int(j, "y", p->y);
        json_put_reals(j, "from", p->from, 2);
        json_put_reals(j, "to", p->to, 2);
        json_put_int(j, "outside", (int64_t)p->outside);
        json_array(j, "counts", true);
        for (int k = 0; k < CELLS_GRID * CELLS_GRID; k++)
            json_put_int(j, NULL, p->grid[k]);
        json_end_array(j);
        json_end_object(j);
    }
    json_end_array(j);
}

static void put_lists(struct json_writer *j, const struct lists *l)
{
    json_array(j, "trials", true);
    for (size_t i = 0; i < l->n_trials; i++)
        json_put_int(j, NULL, l->trials[i].num);
    json_end_array(j);
    json_array(j, "tags", true);
    for (size_t i = 0; i < l->n_tags; i++)
        json_put_text(j, NULL, l->tags[i].name);
    json_end_array(j);
}

void api_cells(struct web *w, struct store *s, const struct web_request *q, struct web_answer *a)
{
    (void)w;
    struct arena arena = {0};
    struct error err = {0};
    struct choice c;
    struct lists l;
    struct chosen jobs;
    struct store_hist *hists = NULL;
    struct store_sampled *sample = NULL;
    size_t n_hists = 0, n_sample = 0;
    if (!read_choice(q->target, &c)) {
        answer_error(a, 400, "bad_choice", "trial, run and job are numbers", NULL);
        return;
    }
    bool ok = read_lists(s, &c, &arena, &l, &err);
    if (ok)
        choose(&c, &l, &arena, &jobs);
    if (!ok ||
        !store_read_hists(s, (struct store_jobs_of){.jobs = jobs.jobs, .n = jobs.n}, &arena, &hists, &n_hists, &err) ||
        !store_read_sample(s, (struct store_jobs_of){.jobs = jobs.jobs, .n = jobs.n}, &arena, &sample, &n_sample, &err)) {
        api_failed(a, &arena, &err);
        return;
    }
    struct cells *cells = arena_array(&arena, 1, sizeof *cells);
    cells_of(hists, n_hists, sample, n_sample, &arena, cells);
    struct json_writer j = answer_json(a);
    json_put_int(&j, "jobs", (int64_t)jobs.n);
    json_put_int(&j, "jobs_all", (int64_t)jobs.n_all);
    json_put_int(&j, "lattices", (int64_t)cells->lattices);
    json_put_int(&j, "lattices_all", (int64_t)jobs.lattices_all);
    json_put_int(&j, "sample", (int64_t)cells->n_sample);
    put_lists(&j, &l);
    put_axes(&j, cells);
    put_pairs(&j, cells);
    answer_json_end(&j);
    arena_free(&arena);
}
