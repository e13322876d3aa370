/* uses.c - see uses.h. A trial and a rungroup together say which geometry, reference and masks a job reads; each such pair is opened
 * once in a cycle, however many runs it has. What is kept in the rows is for people: the next cycle opens the files again, and goes on
 * by itself when they are well. */
#include "cycle/uses.h"

#include "cycle/script.h"

#include <string.h>

static struct campaign_use *use_of(struct campaign_use *uses, size_t n, int64_t trial, int64_t rungroup)
{
    for (size_t i = 0; i < n; i++)
        if (uses[i].trial == trial && uses[i].rungroup == rungroup)
            return &uses[i];
    return NULL;
}

/* What the rows say of a use, which the plan believes until its files are opened. NULL: nothing bad. */
static const char *marked(const struct snapshot *s, const struct campaign_use *use)
{
    for (size_t i = 0; i < s->n_trials; i++)
        if (s->trials[i].id == use->trial && s->trials[i].bad_input)
            return s->trials[i].bad_input;
    for (size_t i = 0; i < s->n_rungroups; i++)
        if (s->rungroups[i].id == use->rungroup && s->rungroups[i].bad_input)
            return s->rungroups[i].bad_input;
    return NULL;
}

static bool same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Which uses the plan would submit something of, or refuses. */
static bool *wanted(const struct cycle_plan *plan, struct campaign_use *uses, struct arena *a)
{
    const struct snapshot *s = &plan->snapshot;
    bool *of = arena_array(a, s->n_uses, sizeof *of);
    struct campaign_use *use = NULL;
    for (size_t i = 0; i < plan->n; i++) {
        const struct action *x = &plan->actions[i];
        if ((x->kind != ACTION_SUBMIT && x->kind != ACTION_REFUSE) || x->key.task_rev != 0)
            continue;
        if (!use || use->trial != x->key.trial || use->rungroup != x->key.rungroup)
            use = use_of(uses, s->n_uses, x->key.trial, x->key.rungroup);
        if (use)
            of[use - uses] = true;
    }
    return of;
}

static bool open_one(struct cycle *c, struct arena *a, struct campaign_use *use, struct error *err)
{
    struct arena work = {0};
    const struct action x = {.key = {.trial = use->trial, .rungroup = use->rungroup}};
    struct recipe_of_job j;
    struct error own = {0};
    char why[512] = "";
    if (c->pause && !c->pause(c->arg, 0))
        return error_set(err, ERROR_BUSY, "this watcher is ending, or another one has taken over");
    bool good = script_prepare(c, &work, &x, 0, &j, &own) && c->inputs(c->arg, j.phil_text, why, sizeof why);
    use->opened = good || why[0]; /* what else stands in the way is said when the job is made */
    use->own = use->opened && j.making.rungroup_text[strspn(j.making.rungroup_text, " \t\r\n")];
    use->bad_input = use->opened && !good ? arena_strdup(a, why) : NULL;
    arena_free(&work);
    return true;
}

bool uses_open(struct cycle *c, struct arena *a, struct cycle_plan *plan, bool *changed, struct error *err)
{
    struct snapshot *s = &plan->snapshot;
    struct arena work = {0};
    bool good = true;
    *changed = false;
    if (!c->inputs || s->n_uses == 0)
        return true;
    struct campaign_use *uses = arena_memdup(a, s->uses, s->n_uses * sizeof *uses);
    const bool *of = wanted(plan, uses, &work);
    for (size_t i = 0; good && i < s->n_uses; i++) {
        struct campaign_use *use = &uses[i];
        const char *was = marked(s, use);
        if (use->opened || !(of[i] || (use->active && was)))
            continue;
        good = open_one(c, a, use, err);
        *changed = *changed || (use->opened && !same(use->bad_input, was));
    }
    s->uses = uses;
    arena_free(&work);
    return good;
}

/* ---- for people ---- */

static void put(struct store_bad_input *found, size_t *n, bool rungroup, int64_t id, const char *was,
                const char *text)
{
    if (strcmp(was ? was : "", text) != 0)
        found[(*n)++] = (struct store_bad_input){rungroup, id, text};
}

/* The error that all opened uses of a trial have, when it is the trial's: one alone whose rungroup has parameters of its own may as well
 * be the rungroup's. *any: one of it was opened. */
static const char *of_trial(const struct snapshot *s, int64_t trial, bool *any)
{
    const char *text = NULL;
    size_t n = 0, plain = 0;
    bool alike = true;
    for (size_t i = 0; i < s->n_uses; i++) {
        const struct campaign_use *u = &s->uses[i];
        if (u->trial != trial || !u->opened)
            continue;
        alike = alike && u->bad_input && (n == 0 || strcmp(text, u->bad_input) == 0);
        text = alike ? u->bad_input : "";
        n++, plain += !u->own;
    }
    *any = n > 0;
    return alike && (n > 1 || plain) ? text : "";
}

static const char *of_rungroup(const struct snapshot *s, int64_t rungroup, bool *any)
{
    const char *text = "";
    bool opened;
    *any = false;
    for (size_t i = 0; i < s->n_uses; i++) {
        const struct campaign_use *u = &s->uses[i];
        if (u->rungroup != rungroup || !u->opened)
            continue;
        *any = true;
        if (u->bad_input && !*text && !*of_trial(s, u->trial, &opened))
            text = u->bad_input;
    }
    return text;
}

size_t uses_found(const struct snapshot *s, struct arena *a, struct store_bad_input **found)
{
    size_t n = 0;
    bool any;
    *found = arena_array(a, s->n_trials + s->n_rungroups + 1, sizeof **found);
    for (size_t i = 0; i < s->n_trials; i++) {
        const char *text = of_trial(s, s->trials[i].id, &any);
        if (any)
            put(*found, &n, false, s->trials[i].id, s->trials[i].bad_input, text);
    }
    for (size_t i = 0; i < s->n_rungroups; i++) {
        const char *text = of_rungroup(s, s->rungroups[i].id, &any);
        if (any)
            put(*found, &n, true, s->rungroups[i].id, s->rungroups[i].bad_input, text);
    }
    return n;
}
