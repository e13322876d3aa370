/* plan_datasets.c - chains of tasks on runs, and versions of datasets; see planner.h.
 *
 * A chain: indexing, then the dataset's tasks on a run in their order, each when the one before it is done and published. What
 * the last of them made goes into versions: merging waits until no run came for a while, and until there are enough.
 */
#include "campaign/planner.h"

#include <stdlib.h>

struct input {
    int64_t job, run, since;
};

/* A dataset as it is walked through. */
struct chain {
    const struct campaign_dataset *dataset;
    const struct campaign_task **tasks; /* in their order */
    size_t n_tasks;
    struct input *ready; /* done and published, by job */
    int64_t *known;      /* last jobs of all its runs, done or not */
    size_t n_ready, n_known;
    uint64_t lattices; /* of its runs' indexing jobs */
};

static int order(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int by_input(const void *x, const void *y)
{
    return order(((const struct input *)x)->job, ((const struct input *)y)->job);
}

static int by_value(const void *x, const void *y)
{
    return order(*(const int64_t *)x, *(const int64_t *)y);
}

static int by_position(const void *x, const void *y)
{
    const struct campaign_dataset_task *a = *(const struct campaign_dataset_task *const *)x;
    const struct campaign_dataset_task *b = *(const struct campaign_dataset_task *const *)y;
    int c = order(a->pos, b->pos);
    return c != 0 ? c : order(a->rev, b->rev);
}

static const struct campaign_task *task_of(const struct snapshot *s, int64_t rev)
{
    for (size_t i = 0; i < s->n_tasks; i++)
        if (s->tasks[i].rev == rev)
            return &s->tasks[i];
    return NULL;
}

static void tasks_of(struct planner *p, struct chain *c)
{
    const struct campaign_dataset_task **rows = arena_array(p->arena, p->s->n_dataset_tasks, sizeof *rows);
    size_t n = 0;
    for (size_t i = 0; i < p->s->n_dataset_tasks; i++)
        if (p->s->dataset_tasks[i].dataset == c->dataset->id)
            rows[n++] = &p->s->dataset_tasks[i];
    if (n > 1)
        qsort(rows, n, sizeof *rows, by_position);
    c->tasks = arena_array(p->arena, n, sizeof *c->tasks);
    for (size_t i = 0; i < n; i++) {
        const struct campaign_task *task = task_of(p->s, rows[i]->rev);
        if (task != NULL && task->kind != TASK_INDEXING)
            c->tasks[c->n_tasks++] = task;
    }
}

/* The tasks on one run; the last one's job is an input of versions. */
static void walk_run(struct planner *p, struct chain *c, const struct campaign_rungroup *group,
                     const struct campaign_run *run)
{
    struct campaign_key key = {.trial = p->followed->id, .rungroup = group->id, .run = run->id};
    struct planner_job *before = planner_job(p, &key);
    const char *name = "indexing";
    for (size_t i = 0; i < c->n_tasks; i++) {
        if (task_kind_row(c->tasks[i]->kind)->per_dataset)
            continue;
        key.task_rev = c->tasks[i]->rev;
        struct planned x = {.action.key = key, .ord = run->ord, .trial_num = p->followed->num};
        x.action.dataset = c->dataset->id;
        x.action.before = before != NULL ? before->row->id : 0;
        if (!planner_history(p, &x, WHY_NEW_TASK)) {
            if (run->ignored) {
                planner_because(&x, WHY_IGNORED);
            } else if (!planner_done(p, before)) {
                planner_because(&x, WHY_TASK_BEFORE);
                x.action.text = name;
            } else if (!before->row->published) {
                planner_because(&x, WHY_NOT_PUBLISHED);
                x.action.text = name;
            }
        }
        planner_add(p, &x);
        before = planner_job(p, &key);
        name = c->tasks[i]->name;
    }
    if (before == NULL || run->ignored)
        return;
    c->known = arena_grow(p->arena, c->known, c->n_known, sizeof *c->known);
    c->known[c->n_known++] = before->row->id;
    if (planner_done(p, before) && before->row->published) {
        c->ready = arena_grow(p->arena, c->ready, c->n_ready, sizeof *c->ready);
        c->ready[c->n_ready++] = (struct input){before->row->id, run->id, before->row->state_t};
    }
}

/* Calls visit for every run of the dataset in every active rungroup of the trial that datasets follow. */
static void each_run(struct planner *p, struct chain *c,
                     void (*visit)(struct planner *, struct chain *, const struct campaign_rungroup *,
                                   const struct campaign_run *))
{
    for (size_t i = 0; i < p->s->n_uses; i++) {
        const struct campaign_use *use = &p->s->uses[i];
        const struct campaign_rungroup *group = planner_rungroup(p, use->rungroup);
        size_t n;
        if (use->trial != p->followed->id || !use->active || group == NULL || !group->active)
            continue;
        const struct campaign_run **runs = members_of_rungroup(&p->members, group, p->arena, &n);
        for (size_t k = 0; k < n; k++)
            if (members_dataset_has(&p->members, c->dataset, runs[k]->id))
                visit(p, c, group, runs[k]);
    }
}

static const struct campaign_version *newest(const struct snapshot *s, int64_t dataset)
{
    const struct campaign_version *best = NULL;
    for (size_t i = 0; i < s->n_versions; i++) {
        const struct campaign_version *v = &s->versions[i];
        if (v->dataset == dataset && (best == NULL || v->version > best->version))
            best = v;
    }
    return best;
}

/* How the inputs that are ready differ from those of the newest version. */
struct change {
    size_t new_runs, gone;
    int64_t last; /* when the newest of the new ones became ready */
};

static struct change compare(struct planner *p, const struct chain *c, const struct campaign_version *version)
{
    struct change change = {0};
    int64_t *had = arena_array(p->arena, p->s->n_inputs, sizeof *had), *runs;
    size_t n_had = 0, n_runs = 0;
    for (size_t i = 0; version != NULL && i < p->s->n_inputs; i++)
        if (p->s->inputs[i].version == version->id)
            had[n_had++] = p->s->inputs[i].job;
    if (n_had > 1)
        qsort(had, n_had, sizeof *had, by_value);
    for (size_t i = 0; i < n_had; i++)
        change.gone +=
            c->n_known == 0 || bsearch(&had[i], c->known, c->n_known, sizeof *had, by_value) == NULL;
    runs = arena_array(p->arena, c->n_ready, sizeof *runs);
    for (size_t i = 0; i < c->n_ready; i++)
        if (n_had == 0 || bsearch(&c->ready[i].job, had, n_had, sizeof *had, by_value) == NULL) {
            runs[n_runs++] = c->ready[i].run;
            change.last = c->ready[i].since > change.last ? c->ready[i].since : change.last;
        }
    if (n_runs > 1)
        qsort(runs, n_runs, sizeof *runs, by_value);
    for (size_t i = 0; i < n_runs; i++)
        change.new_runs += i == 0 || runs[i] != runs[i - 1];
    return change;
}

/* The version that is to be made, or what it waits for, becomes an action; without a change there is none. True when the newest
 * version still stands: all its inputs are the dataset's (of the trial that datasets follow), and no other takes its place. */
static bool newest_stands(struct planner *p, struct chain *c, const struct campaign_task *first,
                          const struct campaign_version *version)
{
    struct change change = compare(p, c, version);
    struct planned x = {.ord = INT64_MAX, .trial_num = p->followed->num};
    x.action.key = (struct campaign_key){.trial = p->followed->id, .task_rev = first->rev};
    x.action.dataset = c->dataset->id;
    if (version != NULL && change.new_runs == 0 && change.gone == 0)
        return true;
    x.action.n = change.new_runs, x.action.of = p->policy->merge_min_runs;
    if (c->n_ready == 0) {
        planner_because(&x, WHY_TASK_BEFORE);
        x.action.text = c->dataset->name;
    } else if (change.gone == 0 && change.new_runs < p->policy->merge_min_runs) {
        planner_because(&x, WHY_QUIET);
    } else if (change.new_runs > 0 && p->s->now - change.last < p->policy->merge_quiet) {
        planner_because(&x, WHY_QUIET);
        x.action.t = change.last + p->policy->merge_quiet;
    } else {
        int64_t *inputs = arena_array(p->arena, c->n_ready, sizeof *inputs);
        for (size_t i = 0; i < c->n_ready; i++)
            inputs[i] = c->ready[i].job;
        planner_because(&x, WHY_NEW_VERSION);
        x.action.inputs = inputs, x.action.n_inputs = c->n_ready;
        x.action.new_version = version != NULL ? version->version + 1 : 1;
    }
    planner_add(p, &x);
    return change.gone == 0 && x.action.reason != WHY_NEW_VERSION;
}

/* The newest version's tasks, each when the one before it is done and published. */
static void walk_version(struct planner *p, const struct chain *c, const struct campaign_version *version)
{
    struct campaign_key key = {.trial = p->followed->id, .version = version->id};
    struct planner_job *before = NULL;
    const char *name = NULL;
    for (size_t i = 0; i < c->n_tasks; i++) {
        if (!task_kind_row(c->tasks[i]->kind)->per_dataset)
            continue;
        key.task_rev = c->tasks[i]->rev;
        struct planned x = {.action.key = key, .ord = INT64_MAX, .trial_num = p->followed->num};
        x.action.dataset = c->dataset->id;
        x.action.before = before != NULL ? before->row->id : 0;
        if (!planner_history(p, &x, name == NULL ? WHY_NEW_VERSION : WHY_NEW_TASK) && name != NULL) {
            if (!planner_done(p, before)) {
                planner_because(&x, WHY_TASK_BEFORE);
                x.action.text = name;
            } else if (!before->row->published) {
                planner_because(&x, WHY_NOT_PUBLISHED);
                x.action.text = name;
            }
        }
        planner_add(p, &x);
        before = planner_job(p, &key);
        name = c->tasks[i]->name;
    }
}

static void plan_dataset(struct planner *p, struct chain *c)
{
    const struct campaign_task *first = NULL;
    tasks_of(p, c);
    each_run(p, c, walk_run);
    for (size_t i = c->n_tasks; i-- > 0;)
        if (task_kind_row(c->tasks[i]->kind)->per_dataset)
            first = c->tasks[i];
    if (first == NULL)
        return;
    if (c->n_ready > 1)
        qsort(c->ready, c->n_ready, sizeof *c->ready, by_input);
    if (c->n_known > 1)
        qsort(c->known, c->n_known, sizeof *c->known, by_value);
    const struct campaign_version *version = newest(p->s, c->dataset->id);
    if (newest_stands(p, c, first, version) && version != NULL)
        walk_version(p, c, version);
}

void planner_datasets(struct planner *p)
{
    for (size_t i = 0; p->followed != NULL && i < p->s->n_datasets; i++)
        if (p->s->datasets[i].active)
            plan_dataset(p, &(struct chain){.dataset = &p->s->datasets[i]});
}

static void count_lattices(struct planner *p, struct chain *c, const struct campaign_rungroup *group,
                           const struct campaign_run *run)
{
    const struct campaign_key key = {.trial = p->followed->id, .rungroup = group->id, .run = run->id};
    const struct planner_job *job = planner_job(p, &key);
    c->lattices += job != NULL ? job->row->n_lattices : 0;
}

void planner_goals(struct planner *p)
{
    p->goal_reached = arena_array(p->arena, p->s->n_datasets, sizeof *p->goal_reached);
    for (size_t i = 0; p->followed != NULL && i < p->s->n_datasets; i++) {
        struct chain c = {.dataset = &p->s->datasets[i]};
        if (!c.dataset->active || c.dataset->goal == 0)
            continue;
        each_run(p, &c, count_lattices);
        p->goal_reached[i] = c.lattices >= c.dataset->goal;
        p->any_goal_reached = p->any_goal_reached || p->goal_reached[i];
    }
}
