/* states.c - the states of jobs as the plan found them, for pages (WORDS 4). */
#include "cycle/states.h"

#include <stdlib.h>

static int by_job(const void *x, const void *y)
{
    const struct campaign_attempt *a = *(const struct campaign_attempt *const *)x;
    const struct campaign_attempt *b = *(const struct campaign_attempt *const *)y;
    if (a->job != b->job)
        return a->job < b->job ? -1 : 1;
    if (a->no != b->no)
        return a->no < b->no ? -1 : 1;
    return (a->id > b->id) - (a->id < b->id);
}

static int by_action(const void *x, const void *y)
{
    const struct action *a = *(const struct action *const *)x, *b = *(const struct action *const *)y;
    return (a->job > b->job) - (a->job < b->job);
}

static bool waits_for_input(enum action_reason reason)
{
    return reason == WHY_ONGOING || reason == WHY_TRANSFERRING || reason == WHY_EMPTY ||
           reason == WHY_VANISHED || reason == WHY_UNREADABLE || reason == WHY_BAD_INPUT ||
           reason == WHY_TASK_BEFORE || reason == WHY_NOT_PUBLISHED;
}

static const struct action *action_of(const struct action *const *sorted, size_t n, int64_t job)
{
    const struct action key = {.job = job}, *at = &key;
    const struct action *const *found = n ? bsearch(&at, sorted, n, sizeof *sorted, by_action) : NULL;
    return found ? *found : NULL;
}

/* The attempts of a job among the sorted ones. */
static const struct campaign_attempt *const *attempts_of(const struct campaign_attempt *const *sorted,
                                                         size_t n, int64_t job, size_t *count)
{
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (sorted[middle]->job < job)
            low = middle + 1;
        else
            high = middle;
    }
    for (*count = 0; low + *count < n && sorted[low + *count]->job == job;)
        (*count)++;
    return sorted + low;
}

bool cycle_store_states(struct cycle *c, const struct cycle_plan *plan, struct error *err)
{
    const struct snapshot *s = &plan->snapshot;
    struct arena a = {0};
    const struct campaign_attempt **attempts = arena_array(&a, s->n_attempts, sizeof *attempts);
    const struct action **actions = arena_array(&a, plan->n, sizeof *actions);
    struct store_job_state *states = arena_array(&a, s->n_jobs, sizeof *states);
    size_t n = 0;
    for (size_t i = 0; i < s->n_attempts; i++)
        attempts[i] = &s->attempts[i];
    for (size_t i = 0; i < plan->n; i++)
        actions[i] = &plan->actions[i];
    if (s->n_attempts > 1)
        qsort(attempts, s->n_attempts, sizeof *attempts, by_job);
    if (plan->n > 1)
        qsort(actions, plan->n, sizeof *actions, by_action);
    for (size_t i = 0; i < s->n_jobs; i++) {
        const struct campaign_job *job = &s->jobs[i];
        const struct action *x = action_of(actions, plan->n, job->id);
        size_t count;
        const struct campaign_attempt *const *own = attempts_of(attempts, s->n_attempts, job->id, &count);
        if (!x || x->kind == ACTION_SUBMIT || job_live(own, count))
            continue; /* it has just changed, or will with the next news of its attempt */
        enum job_state state = job_state(job, own, count, c->policy.max_tries, !waits_for_input(x->reason));
        int64_t retry_t = x->reason == WHY_LATER ? x->t : 0;
        if (state != job->state || retry_t != job->retry_t)
            states[n++] = (struct store_job_state){.job = job->id, .state = state, .retry_t = retry_t};
    }
    bool good = n == 0 || store_set_job_states(c->store, states, n, err);
    arena_free(&a);
    return good;
}
