/* plan.c - one action for every identity; see plan.h.
 *
 * Each identity walks down the reasons in the order of WORDS 4.1 and takes the first that fits; only the limits, which depend
 * on how many there are, come after all identities were sorted.
 */
#include "campaign/plan.h"

#include "campaign/planner.h"
#include "campaign/state.h"

#include <stdlib.h>
#include <string.h>

struct policy policy_default(void)
{
    return (struct policy){.max_tries = 3,
                           .confirm_above = 50,
                           .goal_stops = true,
                           .merge_quiet = INT64_C(300) * 1000000000,
                           .merge_min_runs = 1,
                           .rate_left = UINT32_MAX};
}

static int order(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int key_order(const struct campaign_key *a, const struct campaign_key *b)
{
    int c = order(a->run, b->run);
    c = c != 0 ? c : order(a->trial, b->trial);
    c = c != 0 ? c : order(a->rungroup, b->rungroup);
    c = c != 0 ? c : order(a->task_rev, b->task_rev);
    return c != 0 ? c : order(a->version, b->version);
}

static int by_key(const void *x, const void *y)
{
    const struct planner_job *a = x, *b = y;
    int c = key_order(&a->row->key, &b->row->key);
    return c != 0 ? c : order(a->row->id, b->row->id);
}

static int by_job(const void *x, const void *y)
{
    const struct campaign_attempt *a = *(const struct campaign_attempt *const *)x;
    const struct campaign_attempt *b = *(const struct campaign_attempt *const *)y;
    int c = order(a->job, b->job);
    c = c != 0 ? c : order(a->no, b->no);
    return c != 0 ? c : order(a->id, b->id);
}

/* The order of submission, and a total one: equal identities are neighbours. */
static int by_urgency(const void *x, const void *y)
{
    const struct planned *a = x, *b = y;
    const struct campaign_key *ka = &a->action.key, *kb = &b->action.key;
    int c = order(ka->version == CAMPAIGN_PREVIEW, kb->version == CAMPAIGN_PREVIEW);
    c = c != 0 ? c : order(b->ord, a->ord);
    c = c != 0 ? c : order(kb->run, ka->run);
    c = c != 0 ? c : order(b->trial_num, a->trial_num);
    c = c != 0 ? c : order(kb->trial, ka->trial);
    c = c != 0 ? c : order(ka->rungroup, kb->rungroup);
    c = c != 0 ? c : order(ka->task_rev, kb->task_rev);
    c = c != 0 ? c : order(ka->version, kb->version);
    return c != 0 ? c : order(a->action.dataset, b->action.dataset);
}

struct planner_job *planner_job(const struct planner *p, const struct campaign_key *key)
{
    size_t low = 0, high = p->s->n_jobs;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (key_order(&p->jobs[middle].row->key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < p->s->n_jobs && key_order(&p->jobs[low].row->key, key) == 0 ? &p->jobs[low] : NULL;
}

static const struct campaign_attempt **attempts_of(const struct planner *p, int64_t job, size_t *n)
{
    size_t low = 0, high = p->s->n_attempts;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (p->attempts[middle]->job < job)
            low = middle + 1;
        else
            high = middle;
    }
    for (*n = 0; low + *n < p->s->n_attempts && p->attempts[low + *n]->job == job;)
        (*n)++;
    return p->attempts + low;
}

bool planner_done(const struct planner *p, const struct planner_job *job)
{
    size_t n;
    if (job == NULL)
        return false;
    const struct campaign_attempt **attempts = attempts_of(p, job->row->id, &n);
    return job_is_done(job->row, attempts, n);
}

const struct campaign_trial *planner_trial(const struct planner *p, int64_t id)
{
    for (size_t i = 0; i < p->s->n_trials; i++)
        if (p->s->trials[i].id == id)
            return &p->s->trials[i];
    return NULL;
}

const struct campaign_rungroup *planner_rungroup(const struct planner *p, int64_t id)
{
    for (size_t i = 0; i < p->s->n_rungroups; i++)
        if (p->s->rungroups[i].id == id)
            return &p->s->rungroups[i];
    return NULL;
}

static int by_id(const void *x, const void *y)
{
    return order((*(const struct campaign_run *const *)x)->id, (*(const struct campaign_run *const *)y)->id);
}

const struct campaign_run *planner_run(const struct planner *p, int64_t id)
{
    const struct campaign_run key = {.id = id}, *at = &key;
    const struct campaign_run **found =
        p->s->n_runs > 0 ? bsearch(&at, p->runs, p->s->n_runs, sizeof *p->runs, by_id) : NULL;
    return found != NULL ? *found : NULL;
}

void planner_because(struct planned *x, enum action_reason reason)
{
    x->action.reason = reason;
    x->action.kind = reason_row(reason)->action;
}

static void make_room(struct planner *p, size_t n)
{
    struct planned *more = arena_rows(p->arena, n, sizeof *more);
    if (p->n > 0)
        memcpy(more, p->list, p->n * sizeof *more);
    p->list = more;
    p->room = n;
}

void planner_add(struct planner *p, const struct planned *x)
{
    if (p->n == p->room)
        make_room(p, 2 * p->room);
    p->list[p->n++] = *x;
}

static void live(const struct planner *p, struct planned *x, const struct campaign_job *job,
                 const struct campaign_attempt *attempt)
{
    planner_because(x, WHY_LIVE);
    x->action.attempt = attempt->id;
    x->action.no = attempt->no;
    x->action.t = attempt->since_t;
    x->action.text = attempt_state_word(attempt->state);
    if (job->cancelled) {
        planner_because(x, WHY_ASKED);
        x->action.text = job->cancelled_by;
    } else if (attempt->state == ATTEMPT_BLOCKED && p->policy->cancel_blocked) {
        planner_because(x, WHY_BLOCKED_ACTION);
        x->action.text = attempt->reason;
    }
}

bool planner_history(struct planner *p, struct planned *x, enum action_reason fresh)
{
    struct planner_job *job = planner_job(p, &x->action.key);
    size_t n;
    planner_because(x, fresh);
    if (job == NULL)
        return false;
    const struct campaign_attempt **attempts = attempts_of(p, job->row->id, &n);
    const struct campaign_attempt *alive = job_live(attempts, n);
    job->planned = true;
    x->action.job = job->row->id;
    x->action.no = n > 0 ? attempts[n - 1]->no : job->row->n_tries;
    if (job_is_done(job->row, attempts, n)) {
        planner_because(x, WHY_DONE);
        x->action.n = job->row->n_final, x->action.of = job->row->n_expected;
        return true;
    }
    if (alive != NULL)
        return live(p, x, job->row, alive), true;
    if (job->row->cancelled) {
        planner_because(x, WHY_CANCELLED);
        x->action.text = job->row->cancelled_by, x->action.t = job->row->state_t;
        return true;
    }
    struct verdict v = job_verdict(job->row, attempts, n, p->policy->max_tries);
    x->action.n = v.counted;
    x->action.text = v.kind == VERDICT_FAILED ? v.why : v.kind == VERDICT_NEW ? NULL : end_kind_word(v.last);
    if (v.kind == VERDICT_FAILED)
        return planner_because(x, WHY_TRIES_USED), true;
    if (v.kind == VERDICT_RETRY && v.t > p->s->now)
        return planner_because(x, WHY_LATER), x->action.t = v.t, true;
    if (v.kind != VERDICT_NEW)
        planner_because(x, v.kind == VERDICT_RETRY ? WHY_RETRY : WHY_RESUME);
    return false;
}

/* What the run's state says: 0 = it may start. */
static enum action_reason not_yet(const struct policy *policy, const struct campaign_run *run)
{
    switch (run->state) {
    case RUN_PRESENT:
        return run->n_here > 0 ? 0 : WHY_EMPTY;
    case RUN_TRANSFERRING:
        return policy->start_at_complete && run->n_here > 0 ? 0 : WHY_TRANSFERRING;
    case RUN_EMPTY:
        return WHY_EMPTY;
    case RUN_VANISHED:
        return WHY_VANISHED;
    default:
        return WHY_ONGOING;
    }
}

/* Whether every active dataset that has the run, at least one, has what it wanted. */
static bool wanted_no_more(const struct planner *p, const struct planned *x)
{
    size_t n = 0, reached = 0;
    if (!p->policy->goal_stops || !p->any_goal_reached || p->followed == NULL ||
        x->action.key.trial != p->followed->id)
        return false;
    for (size_t i = 0; i < p->s->n_datasets; i++)
        if (p->s->datasets[i].active &&
            members_dataset_has(&p->members, &p->s->datasets[i], x->action.key.run)) {
            n++;
            reached += p->goal_reached[i];
        }
    return n > 0 && reached == n;
}

/* What one trial wants of one run: its rungroup, as far as the run belongs to it. */
struct wanting {
    const struct campaign_use *use;
    const struct campaign_trial *trial;
    const struct campaign_rungroup *group;
    const struct campaign_run *run;
    bool member;
};

int plan_bad_run_order(const void *x, const void *y)
{
    const struct campaign_bad_run *a = x, *b = y;
    if (a->trial != b->trial)
        return a->trial < b->trial ? -1 : 1;
    if (a->rungroup != b->rungroup)
        return a->rungroup < b->rungroup ? -1 : 1;
    return (a->run > b->run) - (a->run < b->run);
}

/* What is wrong with the files that a job would read, as far as it is known. NULL: nothing. */
static const char *bad_input(const struct planner *p, const struct wanting *w)
{
    const struct campaign_bad_run key = {.trial = w->trial->id, .rungroup = w->group->id, .run = w->run->id};
    if (!w->use->opened)
        return w->trial->bad_input != NULL ? w->trial->bad_input : w->group->bad_input;
    if (w->use->bad_input || p->s->n_bad_runs == 0)
        return w->use->bad_input;
    const struct campaign_bad_run *run =
        bsearch(&key, p->s->bad_runs, p->s->n_bad_runs, sizeof key, plan_bad_run_order);
    return run ? run->why : NULL;
}

/* Why nothing is started, whatever its history; true: something stands against it. on: the trial wants it at all. */
static bool stands_against(const struct planner *p, const struct wanting *w, bool on, struct planned *x)
{
    enum action_reason wait = not_yet(p->policy, w->run);
    const char *bad = bad_input(p, w);
    if (w->run->ignored)
        return planner_because(x, WHY_IGNORED), true;
    if (!on)
        return planner_because(x, WHY_TRIAL_OFF), true;
    if (!w->group->active || !w->use->active)
        return planner_because(x, WHY_RUNGROUP_OFF), true;
    if (!w->member)
        return planner_because(x, WHY_NOT_IN_RUNGROUP), true;
    if (wait != 0) {
        planner_because(x, wait);
        x->action.n = w->run->n_here, x->action.of = w->run->n_files;
        return true;
    }
    if (!w->run->readable)
        return planner_because(x, WHY_UNREADABLE), x->action.text = w->run->why_unreadable, true;
    if (bad != NULL)
        return planner_because(x, WHY_BAD_INPUT), x->action.text = bad, true;
    return false;
}

static void index_run(struct planner *p, const struct wanting *w)
{
    struct planned x = {.action.key = {.trial = w->trial->id, .rungroup = w->group->id, .run = w->run->id},
                        .ord = w->run->ord,
                        .trial_num = w->trial->num};
    if (!planner_history(p, &x, WHY_NEW_RUN) && !stands_against(p, w, w->trial->active, &x) &&
        wanted_no_more(p, &x))
        planner_because(&x, WHY_GOAL);
    planner_add(p, &x);
}

/* A share of the run's frames, for a trial that is to be looked at, active or not; nothing more once the full job is done. */
static void preview_run(struct planner *p, const struct wanting *w)
{
    struct planned x = {.action.key = {.trial = w->trial->id, .rungroup = w->group->id, .run = w->run->id},
                        .ord = w->run->ord,
                        .trial_num = w->trial->num};
    bool replaced = planner_done(p, planner_job(p, &x.action.key));
    x.action.key.version = CAMPAIGN_PREVIEW;
    if (!planner_history(p, &x, WHY_PREVIEW) && !stands_against(p, w, true, &x) && replaced)
        planner_because(&x, WHY_REPLACED);
    planner_add(p, &x);
}

/* The list is long, and is not to be copied while it grows: room for all at once, of which only what is used counts. */
static void expect_identities(struct planner *p)
{
    size_t all = 64 + p->s->n_jobs;
    struct arena work = {0};
    for (size_t i = 0; i < p->s->n_uses; i++) {
        const struct campaign_rungroup *group = planner_rungroup(p, p->s->uses[i].rungroup);
        size_t n = 0;
        if (group != NULL)
            members_of_rungroup(&p->members, group, &work, &n);
        all += n;
    }
    arena_free(&work);
    make_room(p, all);
}

static void want_run(struct planner *p, const struct wanting *w)
{
    index_run(p, w);
    if (w->trial->preview > 0)
        preview_run(p, w);
}

static void index_runs(struct planner *p)
{
    for (size_t i = 0; i < p->s->n_uses; i++) {
        const struct campaign_use *use = &p->s->uses[i];
        const struct campaign_trial *trial = planner_trial(p, use->trial);
        const struct campaign_rungroup *group = planner_rungroup(p, use->rungroup);
        const struct campaign_run *asked = planner_run(p, p->policy->explain_run);
        size_t n;
        if (trial == NULL || group == NULL)
            continue;
        const struct campaign_run **runs = members_of_rungroup(&p->members, group, p->arena, &n);
        for (size_t k = 0; k < n; k++)
            want_run(p, &(struct wanting){use, trial, group, runs[k], true});
        if (asked != NULL && !members_rungroup_has(&p->members, group, asked))
            want_run(p, &(struct wanting){use, trial, group, asked, false});
    }
}

/* Jobs that nothing above asks for any more: their history counts; without one they rest. */
static void rest_of_jobs(struct planner *p)
{
    for (size_t i = 0; i < p->s->n_jobs; i++) {
        const struct campaign_key *key = &p->jobs[i].row->key;
        if (p->jobs[i].planned)
            continue;
        const struct campaign_run *run = planner_run(p, key->run);
        const struct campaign_trial *trial = planner_trial(p, key->trial);
        struct planned x = {.action.key = *key,
                            .ord = run != NULL ? run->ord : INT64_MAX,
                            .trial_num = trial != NULL ? trial->num : 0};
        if (!planner_history(p, &x, WHY_NEW_RUN)) {
            x.action.text = NULL;
            planner_because(&x, key->version == CAMPAIGN_PREVIEW ? WHY_TRIAL_OFF
                                : key->task_rev == 0             ? WHY_NOT_IN_RUNGROUP
                                                                 : WHY_DATASET_OFF);
        }
        planner_add(p, &x);
    }
}

struct used { /* by a job */
    int64_t trial, rungroup;
};

static int by_use(const void *x, const void *y)
{
    const struct used *a = x, *b = y;
    int c = order(a->trial, b->trial);
    return c != 0 ? c : order(a->rungroup, b->rungroup);
}

/* Whether the sorted uses[n] hold the trial; with rungroup not 0, this rungroup of it. */
static bool was_used(const struct used *uses, size_t n, int64_t trial, int64_t rungroup)
{
    const struct used key = {trial, rungroup};
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (by_use(&uses[middle], &key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < n && uses[low].trial == trial && (rungroup == 0 || uses[low].rungroup == rungroup);
}

static bool run_has_jobs(const struct planner *p, int64_t run)
{
    size_t low = 0, high = p->s->n_jobs;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (p->jobs[middle].row->key.run < run)
            low = middle + 1;
        else
            high = middle;
    }
    return low < p->s->n_jobs && p->jobs[low].row->key.run == run;
}

/* What made an indexing job new: the run, when it never had one; else the trial or its rungroup, when they never had. */
static void say_what_is_new(struct planner *p)
{
    struct used *uses = arena_rows(p->arena, p->s->n_jobs, sizeof *uses);
    size_t n = 0;
    for (size_t i = 0; i < p->s->n_jobs; i++)
        if (p->s->jobs[i].key.run != 0)
            uses[n++] = (struct used){p->s->jobs[i].key.trial, p->s->jobs[i].key.rungroup};
    if (n > 1)
        qsort(uses, n, sizeof *uses, by_use);
    for (size_t i = 0; i < p->n; i++) {
        const struct campaign_key *key = &p->list[i].action.key;
        if (p->list[i].action.reason != WHY_NEW_RUN || !run_has_jobs(p, key->run))
            continue;
        if (!was_used(uses, n, key->trial, 0))
            planner_because(&p->list[i], WHY_NEW_TRIAL);
        else if (!was_used(uses, n, key->trial, key->rungroup))
            planner_because(&p->list[i], WHY_NEW_RUNGROUP);
    }
}

/* Sort; where two datasets want the same task of a run, the one of the lower id is named. */
static void sort(struct planner *p)
{
    size_t n = 0;
    if (p->n > 1)
        qsort(p->list, p->n, sizeof *p->list, by_urgency);
    for (size_t i = 0; i < p->n; i++) {
        const struct campaign_key *key = &p->list[i].action.key;
        if (n > 0 && key->run != 0 && key_order(key, &p->list[n - 1].action.key) == 0)
            continue;
        p->list[n++] = p->list[i];
    }
    p->n = n;
}

static bool is_new(const struct action *x)
{
    return x->kind == ACTION_SUBMIT && x->reason != WHY_RETRY && x->reason != WHY_RESUME;
}

static void limit(struct planner *p)
{
    const struct policy *policy = p->policy;
    uint64_t n_new = 0, alive = 0;
    uint32_t rate = policy->rate_left;
    for (size_t i = 0; i < p->s->n_attempts; i++)
        alive += p->s->attempts[i].live;
    for (size_t i = 0; i < p->n; i++)
        n_new += is_new(&p->list[i].action);
    bool many = !policy->yes && n_new > policy->confirm_above;

    for (size_t i = 0; i < p->n; i++) {
        struct planned *x = &p->list[i];
        if (x->action.kind != ACTION_SUBMIT)
            continue;
        if (policy->max_queued > 0 && alive >= policy->max_queued) {
            planner_because(x, WHY_MAX_QUEUED);
            x->action.n = policy->max_queued;
        } else if (policy->site_down != NULL) {
            planner_because(x, WHY_SITE_DOWN);
            x->action.text = policy->site_down;
        } else if (rate == 0) {
            planner_because(x, WHY_RATE);
            x->action.n = policy->rate_left;
        } else if (many && is_new(&x->action)) {
            planner_because(x, WHY_MANY);
            x->action.n = n_new;
        } else {
            alive++;
            rate -= rate != UINT32_MAX;
        }
    }
}

static void start(struct planner *p)
{
    const struct snapshot *s = p->s;
    members_make(s, p->arena, &p->members);
    p->runs = arena_array(p->arena, s->n_runs, sizeof *p->runs);
    for (size_t i = 0; i < s->n_runs; i++)
        p->runs[i] = &s->runs[i];
    if (s->n_runs > 1)
        qsort(p->runs, s->n_runs, sizeof *p->runs, by_id);
    p->jobs = arena_array(p->arena, s->n_jobs, sizeof *p->jobs);
    for (size_t i = 0; i < s->n_jobs; i++)
        p->jobs[i].row = &s->jobs[i];
    if (s->n_jobs > 1)
        qsort(p->jobs, s->n_jobs, sizeof *p->jobs, by_key);
    p->attempts = arena_array(p->arena, s->n_attempts, sizeof *p->attempts);
    for (size_t i = 0; i < s->n_attempts; i++)
        p->attempts[i] = &s->attempts[i];
    if (s->n_attempts > 1)
        qsort(p->attempts, s->n_attempts, sizeof *p->attempts, by_job);
    for (size_t i = 0; i < s->n_trials; i++)
        if (s->trials[i].active && (p->followed == NULL || s->trials[i].num > p->followed->num))
            p->followed = &s->trials[i];
    planner_goals(p);
}

struct action *plan(const struct snapshot *s, const struct policy *policy, struct arena *a, size_t *n)
{
    struct planner p = {.s = s, .policy = policy, .arena = a};
    start(&p);
    expect_identities(&p);
    index_runs(&p);
    planner_datasets(&p);
    rest_of_jobs(&p);
    say_what_is_new(&p);
    sort(&p);
    limit(&p);
    /* in place: an action is the first part of what was planned, and comes to lie before it */
    char *out = (char *)p.list;
    for (size_t i = 0; i < p.n; i++)
        memmove(out + i * sizeof(struct action), &p.list[i].action, sizeof(struct action));
    *n = p.n;
    return (struct action *)(void *)out;
}
