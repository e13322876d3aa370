/* uses_calibs.c - see uses_calibs.h. A label without a version for a run is seen in memory, for all runs at once: there may be thousands,
 * and each cycle asks anew until somebody adds one. */
#include "cycle/uses_calibs.h"

#include <stdlib.h>
#include <string.h>

/* Versions that some runs read together, as lines of PHIL, and what is wrong with them. */
struct variant {
    const char *lines, *why;
};

struct uses_labelled {
    int64_t trial, rungroup;
    const char *phil;
    struct params *params;
    struct variant *variants;
    size_t n_variants;
};

/* A list that grows: what the snapshot has is not ours to change. */
struct bad_runs {
    struct campaign_bad_run *rows;
    size_t n;
};

static struct bad_runs begin(const struct snapshot *s, size_t more, struct arena *a)
{
    struct bad_runs out = {arena_array(a, s->n_bad_runs + more + 1, sizeof *out.rows), s->n_bad_runs};
    if (out.n)
        memcpy(out.rows, s->bad_runs, out.n * sizeof *out.rows);
    return out;
}

/* *changed: there are more than before. */
static void put(struct snapshot *s, const struct bad_runs *found, bool *changed)
{
    if (found->n == s->n_bad_runs)
        return;
    qsort(found->rows, found->n, sizeof *found->rows, plan_bad_run_order);
    s->bad_runs = found->rows, s->n_bad_runs = found->n;
    *changed = true;
}

static bool is_known(const struct snapshot *s, const struct campaign_bad_run *key)
{
    return s->n_bad_runs && bsearch(key, s->bad_runs, s->n_bad_runs, sizeof *key, plan_bad_run_order);
}

static int by_number(const void *x, const void *y)
{
    const int64_t *a = x, *b = y;
    return (*a > *b) - (*a < *b);
}

/* Runs that have a job of this use already, in order: what such a job began with it goes on with. */
static int64_t *with_jobs(const struct snapshot *s, const struct campaign_use *use, struct arena *a,
                          size_t *n)
{
    int64_t *runs = arena_array(a, s->n_jobs + 1, sizeof *runs);
    *n = 0;
    for (size_t i = 0; i < s->n_jobs; i++)
        if (s->jobs[i].key.trial == use->trial && s->jobs[i].key.rungroup == use->rungroup &&
            s->jobs[i].key.task_rev == 0)
            runs[(*n)++] = s->jobs[i].key.run;
    if (*n > 1)
        qsort(runs, *n, sizeof *runs, by_number);
    return runs;
}

static void find_lacking(struct arena *a, struct snapshot *s, const struct campaign_use *use,
                         const struct calibs_named *named, size_t n_named, bool *changed)
{
    struct arena work = {0};
    size_t n_begun;
    const int64_t *begun = with_jobs(s, use, &work, &n_begun);
    struct bad_runs found = begin(s, s->n_runs, a);
    for (size_t i = 0; i < s->n_runs; i++) {
        const struct campaign_run *r = &s->runs[i];
        if (n_begun && bsearch(&r->id, begun, n_begun, sizeof *begun, by_number))
            continue;
        const char *why = calibs_lacking(named, n_named, r->ord, a);
        if (why)
            found.rows[found.n++] = (struct campaign_bad_run){use->trial, use->rungroup, r->id, why};
    }
    put(s, &found, changed);
    arena_free(&work);
}

bool uses_calibs_open(struct cycle *c, struct arena *a, struct cycle_plan *plan,
                      const struct campaign_use *use, const char *phil, bool *labelled, bool *changed,
                      struct error *err)
{
    struct calibs_named named[CALIBS_NAMED];
    size_t n = 0;
    struct error own = {0};
    struct params *p = strstr(phil, "calib:") ? params_make(a) : NULL;
    *labelled = false;
    if (!p || !params_merge_text(p, "the job", phil, &own)) /* what cannot be read is said by who opens it */
        return true;
    if (!calibs_named(c->store, p, a, named, &n, err))
        return false;
    *labelled = n > 0;
    if (n == 0)
        return true;
    plan->labelled = arena_grow(a, plan->labelled, plan->n_labelled, sizeof *plan->labelled);
    plan->labelled[plan->n_labelled++] = (struct uses_labelled){
        .trial = use->trial, .rungroup = use->rungroup, .phil = arena_strdup(a, phil), .params = p};
    find_lacking(a, &plan->snapshot, use, named, n, changed);
    return true;
}

/* ---- the files ---- */

/* What is wrong with the files that a run reads; NULL: nothing. lines: its versions. */
static const char *look(struct cycle *c, struct arena *a, struct uses_labelled *use, const struct action *x,
                        const char *lines)
{
    struct arena work = {0};
    struct str checked = {0};
    struct error own = {0};
    char why[512] = "";
    for (size_t i = 0; i < use->n_variants; i++)
        if (strcmp(use->variants[i].lines, lines) == 0)
            return use->variants[i].why;
    if (!calibs_resolve(c->store, use->params, x->key.run, x->job, &work, &checked, &own))
        error_line(&own, why, sizeof why);
    else
        c->inputs(c->arg, arena_printf(&work, "%s%s", use->phil, lines), why, sizeof why);
    use->variants = arena_grow(a, use->variants, use->n_variants, sizeof *use->variants);
    struct variant *v = &use->variants[use->n_variants++];
    *v = (struct variant){arena_strdup(a, lines), *why ? arena_strdup(a, why) : NULL};
    str_free(&checked);
    arena_free(&work);
    return v->why;
}

static const char *bad_of(struct cycle *c, struct arena *a, struct uses_labelled *use, const struct action *x)
{
    struct arena work = {0};
    struct str lines = {0};
    struct error own = {0};
    char why[512];
    const char *bad = calibs_find(c->store, use->params, x->key.run, x->job, &work, &lines, &own)
                          ? look(c, a, use, x, lines.text ? lines.text : "")
                          : arena_strdup(a, error_line(&own, why, sizeof why));
    str_free(&lines);
    arena_free(&work);
    return bad;
}

static struct uses_labelled *use_of(const struct cycle_plan *plan, const struct action *x)
{
    for (size_t i = 0; i < plan->n_labelled; i++)
        if (plan->labelled[i].trial == x->key.trial && plan->labelled[i].rungroup == x->key.rungroup)
            return &plan->labelled[i];
    return NULL;
}

bool uses_calibs_look(struct cycle *c, struct arena *a, struct cycle_plan *plan, bool *changed,
                      struct error *err)
{
    if (plan->n_labelled == 0)
        return true;
    struct bad_runs found = begin(&plan->snapshot, plan->n, a);
    for (size_t i = 0; i < plan->n; i++) {
        const struct action *x = &plan->actions[i];
        const struct campaign_bad_run key = {x->key.trial, x->key.rungroup, x->key.run, NULL};
        struct uses_labelled *use = x->kind == ACTION_SUBMIT && x->key.task_rev == 0 ? use_of(plan, x) : NULL;
        if (!use || is_known(&plan->snapshot, &key))
            continue;
        if (c->pause && !c->pause(c->arg, 0))
            return error_set(err, ERROR_BUSY, "this watcher is ending, or another one has taken over");
        const char *why = bad_of(c, a, use, x);
        if (why)
            found.rows[found.n++] = (struct campaign_bad_run){key.trial, key.rungroup, key.run, why};
    }
    put(&plan->snapshot, &found, changed);
    return true;
}
