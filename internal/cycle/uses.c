/* uses.c - see uses.h. A trial and a rungroup together say which geometry, reference and masks a job reads; each such pair is opened
 * once in a cycle, however many runs it has. What is kept in the rows is for people: the next cycle opens the files again, and goes on
 * by itself when they are well. Where calibrations are named by label the files are a run's: uses_calibs.c. */
#include "cycle/uses.h"

#include "cycle/script.h"
#include "cycle/uses_calibs.h"

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

static bool open_one(struct cycle *c, struct arena *a, struct cycle_plan *plan, struct campaign_use *use,
                     bool *changed, struct error *err)
{
    struct arena work = {0};
    const struct action x = {.key = {.trial = use->trial, .rungroup = use->rungroup}};
    struct recipe_of_job j;
    struct error own = {0};
    char why[512] = "";
    if (c->pause && !c->pause(c->arg, 0))
        return error_set(err, ERROR_BUSY, "this watcher is ending, or another one has taken over");
    bool labelled = false, good = script_prepare(c, &work, &x, 0, &j, &own);
    if (good && !uses_calibs_open(c, a, plan, use, j.phil_text, &labelled, changed, err)) {
        arena_free(&work);
        return false;
    }
    good = good && (labelled || c->inputs(c->arg, j.phil_text, why, sizeof why));
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
        good = open_one(c, a, plan, use, changed, err);
        *changed = *changed || (use->opened && !same(use->bad_input, was));
    }
    s->uses = uses;
    arena_free(&work);
    return good && uses_calibs_look(c, a, plan, changed, err);
}

/* ---- for people ---- */

static void put(struct store_bad_input *found, size_t *n, bool rungroup, int64_t id, const char *was,
                const char *text)
{
    if (strcmp(was ? was : "", text) != 0)
        found[(*n)++] = (struct store_bad_input){rungroup, id, text};
}

/* What is to be said of each use, "" for nothing: of all its runs, or of those that the plan refuses for files of their own. */
static const char **texts_of(const struct cycle_plan *plan, struct arena *a)
{
    const struct snapshot *s = &plan->snapshot;
    const char **texts = arena_array(a, s->n_uses + 1, sizeof *texts);
    const struct action **first = arena_array(a, s->n_uses + 1, sizeof *first);
    size_t *n = arena_array(a, s->n_uses + 1, sizeof *n);
    for (size_t i = 0; i < plan->n; i++) {
        const struct action *x = &plan->actions[i];
        for (size_t k = 0; x->reason == WHY_BAD_INPUT && k < s->n_uses; k++)
            if (s->uses[k].trial == x->key.trial && s->uses[k].rungroup == x->key.rungroup && n[k]++ == 0)
                first[k] = x;
    }
    for (size_t k = 0; k < s->n_uses; k++) {
        texts[k] = s->uses[k].bad_input ? s->uses[k].bad_input : "";
        for (size_t r = 0; !*texts[k] && n[k] && r < s->n_runs; r++)
            if (s->runs[r].id == first[k]->key.run)
                texts[k] = n[k] > 1 ? arena_printf(a, "%s, the first of %s: %s", COUNT(n[k], "job"),
                                                   s->runs[r].name, first[k]->text)
                                    : arena_printf(a, "%s: %s", s->runs[r].name, first[k]->text);
    }
    return texts;
}

/* The error that all opened uses of a trial have, when it is the trial's: one alone whose rungroup has parameters of its own may as well
 * be the rungroup's. *any: one of it was opened. */
static const char *of_trial(const struct snapshot *s, const char *const *texts, int64_t trial, bool *any)
{
    const char *text = NULL;
    size_t n = 0, plain = 0;
    bool alike = true;
    for (size_t i = 0; i < s->n_uses; i++) {
        const struct campaign_use *u = &s->uses[i];
        if (u->trial != trial || !u->opened)
            continue;
        alike = alike && *texts[i] && (n == 0 || strcmp(text, texts[i]) == 0);
        text = alike ? texts[i] : "";
        n++, plain += !u->own;
    }
    *any = n > 0;
    return alike && (n > 1 || plain) ? text : "";
}

static const char *of_rungroup(const struct snapshot *s, const char *const *texts, int64_t rungroup,
                               bool *any)
{
    const char *text = "";
    bool opened;
    *any = false;
    for (size_t i = 0; i < s->n_uses; i++) {
        const struct campaign_use *u = &s->uses[i];
        if (u->rungroup != rungroup || !u->opened)
            continue;
        *any = true;
        if (!*text && !*of_trial(s, texts, u->trial, &opened))
            text = texts[i];
    }
    return text;
}

size_t uses_found(const struct cycle_plan *plan, struct arena *a, struct store_bad_input **found)
{
    const struct snapshot *s = &plan->snapshot;
    const char *const *texts = texts_of(plan, a);
    size_t n = 0;
    bool any;
    *found = arena_array(a, s->n_trials + s->n_rungroups + 1, sizeof **found);
    for (size_t i = 0; i < s->n_trials; i++) {
        const char *text = of_trial(s, texts, s->trials[i].id, &any);
        if (any)
            put(*found, &n, false, s->trials[i].id, s->trials[i].bad_input, text);
    }
    for (size_t i = 0; i < s->n_rungroups; i++) {
        const char *text = of_rungroup(s, texts, s->rungroups[i].id, &any);
        if (any)
            put(*found, &n, true, s->rungroups[i].id, s->rungroups[i].bad_input, text);
    }
    return n;
}
