/* plan_test.c - the plan against an independent definition, and its laws, on random campaigns. */
#include "campaign/campaign.h"

#include "../../support.h"

#include <string.h>

enum { N_RUNS = 12, N_TRIALS = 4, N_GROUPS = 4, N_TAGS = 3, ROOM = 2048 };
static const int64_t second = 1000000000;

/* A campaign whose rows may be changed. */
struct world {
    uint64_t dice;
    struct campaign_run runs[N_RUNS];
    struct campaign_trial trials[N_TRIALS];
    struct campaign_rungroup groups[N_GROUPS];
    struct campaign_exception exceptions[8];
    struct campaign_use uses[N_TRIALS * N_GROUPS];
    struct campaign_run_tag run_tags[N_RUNS * N_TAGS];
    struct campaign_task tasks[4];
    struct campaign_dataset datasets[2];
    struct campaign_dataset_tag dataset_tags[4];
    struct campaign_dataset_task dataset_tasks[8];
    struct campaign_version versions[64];
    struct campaign_input inputs[ROOM];
    struct campaign_job jobs[ROOM];
    struct campaign_attempt attempts[ROOM];
    struct snapshot s;
    struct policy policy;
};

static uint64_t roll(struct world *w, uint64_t n)
{
    w->dice = w->dice * 6364136223846793005u + 1442695040888963407u;
    return (w->dice >> 33) % n;
}

static void make_runs(struct world *w)
{
    static const enum run_state states[] = {RUN_ONGOING, RUN_TRANSFERRING, RUN_PRESENT,
                                            RUN_PRESENT, RUN_EMPTY,        RUN_VANISHED};
    for (int i = 0; i < N_RUNS; i++) {
        w->runs[i] = (struct campaign_run){.id = i + 1,
                                           .ord = (int64_t)roll(w, 20), /* some twice */
                                           .name = "run",
                                           .state = states[roll(w, 6)],
                                           .n_files = 2,
                                           .n_here = (uint32_t)roll(w, 3),
                                           .readable = roll(w, 8) > 0,
                                           .ignored = roll(w, 8) == 0};
        for (int k = 0; k < N_TAGS; k++)
            if (roll(w, 2) == 0)
                w->run_tags[w->s.n_run_tags++] = (struct campaign_run_tag){i + 1, k + 1};
    }
    w->s.n_runs = N_RUNS;
}

static void make_trials(struct world *w)
{
    for (uint32_t i = 0; i < N_TRIALS; i++)
        w->trials[i] = (struct campaign_trial){i + 1, i + 1, roll(w, 4) > 0, roll(w, 10) == 0 ? "mask" : NULL,
                                               roll(w, 4) == 0 ? 5 : 0};
    for (int64_t i = 0; i < N_GROUPS; i++)
        w->groups[i] = (struct campaign_rungroup){.id = i + 1,
                                                  .first_ord = (int64_t)roll(w, 15),
                                                  .last_ord = (int64_t)roll(w, 20),
                                                  .open = roll(w, 2) == 0,
                                                  .active = roll(w, 4) > 0};
    for (int64_t i = 1; i <= N_TRIALS; i++)
        for (int64_t k = 1; k <= N_GROUPS; k++)
            if (roll(w, 2) == 0)
                w->uses[w->s.n_uses++] =
                    (struct campaign_use){.trial = i, .rungroup = k, .active = roll(w, 5) > 0};
    for (int64_t i = 0; i < 8; i++)
        w->exceptions[w->s.n_exceptions++] =
            (struct campaign_exception){1 + (i % 2), 1 + (i / 2) * 3, roll(w, 2) == 0};
    w->s.n_trials = N_TRIALS, w->s.n_rungroups = N_GROUPS;
}

static void make_datasets(struct world *w)
{
    static const struct campaign_task tasks[] = {
        {11, "scaling", TASK_SCALE}, {12, "merging", TASK_MERGE}, {13, "phenix", TASK_PHENIX}};
    memcpy(w->tasks, tasks, sizeof tasks);
    for (int64_t i = 0; i < 2; i++) {
        w->datasets[i] = (struct campaign_dataset){i + 1, "dark", i == 1, roll(w, 4) > 0, 0};
        w->dataset_tags[w->s.n_dataset_tags++] = (struct campaign_dataset_tag){i + 1, 1};
        w->dataset_tags[w->s.n_dataset_tags++] = (struct campaign_dataset_tag){i + 1, 2};
        for (uint32_t k = 0; k < 3; k++)
            w->dataset_tasks[w->s.n_dataset_tasks++] = (struct campaign_dataset_task){i + 1, 11 + k, k};
    }
    w->s.n_tasks = 3, w->s.n_datasets = 2;
}

static struct world *make(uint64_t seed)
{
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    w->dice = seed * 7919 + 1;
    w->s = (struct snapshot){.now = INT64_C(1764082812) * second,
                             .runs = w->runs,
                             .trials = w->trials,
                             .rungroups = w->groups,
                             .exceptions = w->exceptions,
                             .uses = w->uses,
                             .run_tags = w->run_tags,
                             .tasks = w->tasks,
                             .datasets = w->datasets,
                             .dataset_tags = w->dataset_tags,
                             .dataset_tasks = w->dataset_tasks,
                             .versions = w->versions,
                             .inputs = w->inputs,
                             .jobs = w->jobs,
                             .attempts = w->attempts};
    w->policy = policy_default();
    w->policy.yes = true;
    w->policy.start_at_complete = roll(w, 2) == 0;
    make_runs(w);
    make_trials(w);
    make_datasets(w);
    return w;
}

static int64_t find_job(const struct world *w, const struct campaign_key *key)
{
    for (size_t i = 0; i < w->s.n_jobs; i++)
        if (memcmp(&w->jobs[i].key, key, sizeof *key) == 0)
            return w->jobs[i].id;
    return 0;
}

/* What the acting part does with a submission. */
static void submit(struct world *w, const struct action *x)
{
    struct campaign_key key = x->key;
    uint32_t no = 1;
    if (x->new_version > 0) {
        key.version = (int64_t)w->s.n_versions + 1;
        assert_true(w->s.n_versions < 64 && w->s.n_inputs + x->n_inputs < ROOM);
        w->versions[w->s.n_versions++] = (struct campaign_version){key.version, x->dataset, x->new_version};
        for (size_t i = 0; i < x->n_inputs; i++)
            w->inputs[w->s.n_inputs++] = (struct campaign_input){key.version, x->inputs[i]};
    }
    int64_t job = find_job(w, &key);
    assert_int_equal(job, x->job);
    assert_true(w->s.n_jobs < ROOM && w->s.n_attempts < ROOM);
    if (job == 0) {
        job = (int64_t)w->s.n_jobs + 1;
        w->jobs[w->s.n_jobs++] = (struct campaign_job){.id = job, .key = key};
    }
    for (size_t i = 0; i < w->s.n_attempts; i++)
        if (w->attempts[i].job == job) {
            assert_false(w->attempts[i].live); /* no two live attempts */
            no++;
        }
    w->attempts[w->s.n_attempts] = (struct campaign_attempt){
        .id = (int64_t)w->s.n_attempts + 1, .job = job, .no = no, .live = true, .state = ATTEMPT_CLAIMED};
    w->s.n_attempts++;
}

static size_t apply(struct world *w)
{
    struct arena a = {0};
    size_t n, submitted = 0;
    const struct action *actions = plan(&w->s, &w->policy, &a, &n);
    for (size_t i = 0; i < n; i++)
        if (actions[i].kind == ACTION_SUBMIT) {
            submit(w, &actions[i]);
            submitted++;
        }
    arena_free(&a);
    return submitted;
}

/* Let an attempt end: most well, some on a dead node or by a signal, few with an error. */
static void end(struct world *w, struct campaign_attempt *x)
{
    struct campaign_job *job = &w->jobs[x->job - 1];
    uint64_t fate = roll(w, 10);
    job->n_expected = 10;
    x->live = false, x->state = ATTEMPT_ENDED, x->end_t = w->s.now;
    if (fate < 6) {
        x->end_kind = END_OK, x->n_new = 10 - job->n_final;
        job->n_final = 10, job->outputs = job->published = true, job->state_t = w->s.now;
    } else {
        x->end_kind = fate < 8 ? END_NODE : fate < 9 ? END_SIGNAL : END_EXIT;
        x->exit_code = 1, x->n_new = job->n_final < 9;
        job->n_final += x->n_new;
    }
}

static void some_end(struct world *w)
{
    for (size_t i = 0; i < w->s.n_attempts; i++)
        if (w->attempts[i].live && roll(w, 2) == 0)
            end(w, &w->attempts[i]);
    w->s.now += (int64_t)roll(w, 600) * second;
}

/* An independent definition of what indexing jobs are submitted: no sorting, no reasons, history by its own rules. */
static bool should_run(const struct world *w, int64_t trial, int64_t group, int64_t run, int64_t version)
{
    const struct campaign_run *r = &w->runs[run - 1];
    const struct campaign_rungroup *g = &w->groups[group - 1];
    bool linked = false, in = r->ord >= g->first_ord && (g->open || r->ord <= g->last_ord);
    for (size_t i = 0; i < w->s.n_uses; i++)
        linked = linked || (w->uses[i].trial == trial && w->uses[i].rungroup == group && w->uses[i].active);
    for (size_t i = 0; i < w->s.n_exceptions; i++)
        if (w->exceptions[i].rungroup == group && w->exceptions[i].run == run)
            in = w->exceptions[i].include;
    bool there = r->n_here > 0 &&
                 (r->state == RUN_PRESENT || (r->state == RUN_TRANSFERRING && w->policy.start_at_complete));
    int64_t full = find_job(w, &(struct campaign_key){trial, group, run, 0, 0});
    bool done =
        full && w->jobs[full - 1].n_expected > 0 && w->jobs[full - 1].n_final == w->jobs[full - 1].n_expected;
    bool wanted = version ? w->trials[trial - 1].preview > 0 && !done : w->trials[trial - 1].active;
    if (!linked || !in || !there || r->ignored || !r->readable || !g->active || !wanted ||
        w->trials[trial - 1].bad_input != NULL)
        return false;
    int64_t job = find_job(w, &(struct campaign_key){trial, group, run, 0, version});
    if (job == 0)
        return true;
    if (w->jobs[job - 1].n_expected > 0 && w->jobs[job - 1].n_final == w->jobs[job - 1].n_expected)
        return false;
    int signals = 0, idle = 0;
    bool again = true;
    for (size_t i = 0; i < w->s.n_attempts; i++) { /* made in order of their numbers */
        const struct campaign_attempt *a = &w->attempts[i];
        if (a->job != job)
            continue;
        signals += a->end_kind == END_SIGNAL;
        idle = a->n_new > 0 ? 0 : idle + (a->end_kind == END_NODE);
        again = !a->live && a->end_kind != END_EXIT && signals < 2 && idle < 6 &&
                !(a->end_kind == END_SIGNAL && w->s.now < a->end_t + 60 * second);
        if (a->end_kind == END_EXIT)
            return false;
    }
    return again && signals < 2;
}

static void the_plan_is_the_plain_definition(struct world *w)
{
    struct arena a = {0};
    size_t n, expected = 0, found = 0;
    bool behind = false;
    const struct action *actions = plan(&w->s, &w->policy, &a, &n);
    for (int64_t trial = 1; trial <= N_TRIALS; trial++)
        for (int64_t group = 1; group <= N_GROUPS; group++)
            for (int64_t run = 1; run <= N_RUNS; run++)
                expected +=
                    should_run(w, trial, group, run, 0) + should_run(w, trial, group, run, CAMPAIGN_PREVIEW);
    for (size_t i = 0; i < n; i++) {
        const struct campaign_key *key = &actions[i].key;
        assert_int_equal(actions[i].kind, reason_row(actions[i].reason)->action);
        for (size_t k = 0; k < i && key->run != 0; k++) /* one action an identity */
            assert_memory_not_equal(key, &actions[k].key, sizeof *key);
        if (actions[i].kind == ACTION_SUBMIT && key->task_rev == 0) {
            found++;
            assert_true(should_run(w, key->trial, key->rungroup, key->run, key->version));
            behind = behind || key->version == CAMPAIGN_PREVIEW;
            assert_true(!behind || key->version == CAMPAIGN_PREVIEW); /* previews come last */
        }
    }
    assert_int_equal(found, expected);
    arena_free(&a);
}

static void random_campaigns_are_planned_as_the_plain_definition_says(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 100; seed++) {
        struct world *w = make(seed);
        for (int cycle = 0; cycle < 6; cycle++) {
            the_plan_is_the_plain_definition(w);
            apply(w);
            assert_int_equal(apply(w), 0); /* its own actions are all there is to do */
            some_end(w);
        }
        free(w);
    }
}

#define SHUFFLE(w, rows, n)                                                                                  \
    for (size_t i_ = (n); i_ > 1; i_--) {                                                                    \
        size_t k_ = roll((w), i_);                                                                           \
        unsigned char t_[sizeof(rows)[0]];                                                                   \
        memcpy(t_, &(rows)[i_ - 1], sizeof t_);                                                              \
        memmove(&(rows)[i_ - 1], &(rows)[k_], sizeof t_);                                                    \
        memcpy(&(rows)[k_], t_, sizeof t_);                                                                  \
    }

static char *told(const struct world *w)
{
    struct arena a = {0};
    struct str out = {0};
    size_t n;
    const struct action *actions = plan(&w->s, &w->policy, &a, &n);
    explain_plan(&w->s, actions, n, 0, &out);
    arena_free(&a);
    return out.text;
}

static void the_order_of_rows_does_not_matter(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        struct world *w = make(seed);
        for (int cycle = 0; cycle < 4; cycle++) {
            apply(w);
            some_end(w);
        }
        w->policy.max_queued = (uint32_t)w->s.n_attempts; /* a limit picks by order */
        w->policy.rate_left = 3;
        char *before = told(w);
        SHUFFLE(w, w->runs, w->s.n_runs)
        SHUFFLE(w, w->trials, w->s.n_trials)
        SHUFFLE(w, w->groups, w->s.n_rungroups)
        SHUFFLE(w, w->exceptions, w->s.n_exceptions)
        SHUFFLE(w, w->uses, w->s.n_uses)
        SHUFFLE(w, w->run_tags, w->s.n_run_tags)
        SHUFFLE(w, w->tasks, w->s.n_tasks)
        SHUFFLE(w, w->datasets, w->s.n_datasets)
        SHUFFLE(w, w->dataset_tags, w->s.n_dataset_tags)
        SHUFFLE(w, w->dataset_tasks, w->s.n_dataset_tasks)
        SHUFFLE(w, w->versions, w->s.n_versions)
        SHUFFLE(w, w->inputs, w->s.n_inputs)
        SHUFFLE(w, w->jobs, w->s.n_jobs)
        SHUFFLE(w, w->attempts, w->s.n_attempts)
        char *after = told(w);
        assert_string_equal(before, after);
        free(before);
        free(after);
        free(w);
    }
}

/* One trial, one open group, runs 1 and 2 present with tag 1, a dataset of it: scaling, merging, phenix. */
static struct world *small(void)
{
    struct world *w = make(1);
    w->s.n_runs = 2, w->s.n_trials = 1, w->s.n_rungroups = 1, w->s.n_uses = 1, w->s.n_exceptions = 0;
    w->s.n_datasets = 1, w->s.n_dataset_tags = 1, w->s.n_dataset_tasks = 3, w->s.n_run_tags = 2;
    for (int i = 0; i < 2; i++) {
        w->runs[i] = (struct campaign_run){.id = i + 1,
                                           .ord = i + 1,
                                           .name = i ? "2" : "1",
                                           .state = RUN_PRESENT,
                                           .n_here = 1,
                                           .readable = true};
        w->run_tags[i] = (struct campaign_run_tag){i + 1, 1};
    }
    w->trials[0] = (struct campaign_trial){1, 1, true, NULL, 0};
    w->groups[0] = (struct campaign_rungroup){.id = 1, .open = true, .active = true};
    w->uses[0] = (struct campaign_use){.trial = 1, .rungroup = 1, .active = true};
    w->datasets[0].active = true;
    w->policy.start_at_complete = false;
    return w;
}

static void all_end_well(struct world *w)
{
    for (size_t i = 0; i < w->s.n_attempts; i++)
        if (w->attempts[i].live) {
            struct campaign_job *job = &w->jobs[w->attempts[i].job - 1];
            w->attempts[i].live = false, w->attempts[i].state = ATTEMPT_ENDED,
            w->attempts[i].end_kind = END_OK;
            w->attempts[i].end_t = job->state_t = w->s.now;
            job->n_expected = job->n_final = 10, job->n_lattices = 5, job->outputs = job->published = true;
        }
}

/* The first action with the reason; NULL: none. Lives until the next call. */
static const struct action *with(const struct world *w, enum action_reason reason)
{
    static struct action found;
    struct arena a = {0};
    size_t n;
    bool there = false;
    const struct action *actions = plan(&w->s, &w->policy, &a, &n);
    for (size_t i = n; i-- > 0;)
        if (actions[i].reason == reason)
            found = actions[i], there = true;
    arena_free(&a);
    found.inputs = NULL;
    return there ? &found : NULL;
}

static void a_chain_goes_on_task_after_task_and_merges_when_it_is_quiet(void **state)
{
    (void)state;
    struct world *w = small();
    assert_non_null(with(w, WHY_TASK_BEFORE));
    assert_int_equal(apply(w), 2); /* indexing */
    all_end_well(w);
    w->jobs[0].published = false;
    assert_non_null(with(w, WHY_NOT_PUBLISHED));
    w->jobs[0].published = true;
    assert_int_equal(apply(w), 2); /* scaling */
    all_end_well(w);
    assert_int_equal(apply(w), 0);
    assert_int_equal(with(w, WHY_QUIET)->t, w->s.now + 300 * second);
    w->s.now += 300 * second;
    assert_int_equal(with(w, WHY_NEW_VERSION)->n_inputs, 2);
    assert_int_equal(apply(w), 1);
    assert_int_equal(w->s.n_versions, 1);
    all_end_well(w);
    assert_int_equal(apply(w), 1); /* phenix on the same version */
    all_end_well(w);
    assert_int_equal(apply(w), 0);
    assert_int_equal(w->s.n_versions, 1);

    w->s.n_run_tags = 1; /* run 2 is untagged: a version without it */
    assert_int_equal(with(w, WHY_NEW_VERSION)->new_version, 2);
    assert_int_equal(with(w, WHY_NEW_VERSION)->n_inputs, 1);
    free(w);
}

static void a_merge_waits_for_enough_new_runs(void **state)
{
    (void)state;
    struct world *w = small();
    w->policy.merge_min_runs = 3;
    for (int i = 0; i < 2; i++) {
        apply(w);
        all_end_well(w);
    }
    w->s.now += 1000 * second;
    assert_int_equal(apply(w), 0);
    assert_int_equal(with(w, WHY_QUIET)->of, 3);
    w->policy.merge_min_runs = 2;
    assert_int_equal(apply(w), 1);
    free(w);
}

static void a_version_never_mixes_trials(void **state)
{
    (void)state;
    struct world *w = small();
    for (int i = 0; i < 3; i++) {
        apply(w);
        all_end_well(w);
        w->s.now += 1000 * second;
    }
    assert_int_equal(w->s.n_versions, 1);
    w->trials[1] = (struct campaign_trial){2, 2, true, NULL, 0};
    w->uses[1] = (struct campaign_use){.trial = 2, .rungroup = 1, .active = true};
    w->s.n_trials = w->s.n_uses = 2;
    assert_int_equal(apply(w), 2); /* indexing of the new trial; the old version's phenix rests */
    for (int i = 0; i < 2; i++) {
        all_end_well(w);
        w->s.now += 1000 * second;
        apply(w);
    }
    assert_int_equal(w->s.n_versions, 2);
    for (size_t i = 0; i < w->s.n_inputs; i++)
        if (w->inputs[i].version == 2)
            assert_int_equal(w->jobs[w->inputs[i].job - 1].key.trial, 2);
    free(w);
}

static void newest_runs_come_first_and_limits_hold(void **state)
{
    (void)state;
    struct world *w = small();
    assert_int_equal(with(w, WHY_NEW_RUN)->key.run, 2);
    w->policy.max_queued = 1;
    assert_int_equal(with(w, WHY_MAX_QUEUED)->key.run, 1);
    assert_int_equal(apply(w), 1);
    assert_int_equal(apply(w), 0);
    w->policy.max_queued = 0;
    w->policy.rate_left = 0;
    assert_int_equal(with(w, WHY_RATE)->key.run, 1);
    w->policy.site_down = "slurm_load_jobs error";
    assert_string_equal(with(w, WHY_SITE_DOWN)->text, w->policy.site_down);
    free(w);
}

static void many_new_jobs_ask_but_retries_do_not(void **state)
{
    (void)state;
    struct world *w = small();
    w->policy.yes = false;
    w->policy.confirm_above = 1;
    assert_int_equal(with(w, WHY_MANY)->n, 2);
    assert_int_equal(apply(w), 0);
    w->policy.yes = true;
    assert_int_equal(apply(w), 2);
    w->policy.yes = false;
    for (int i = 0; i < 2; i++)
        w->attempts[i].live = false, w->attempts[i].state = ATTEMPT_ENDED, w->attempts[i].end_kind = END_NODE;
    assert_non_null(with(w, WHY_RESUME));
    assert_int_equal(apply(w), 2);
    free(w);
}

static void a_reached_goal_ends_new_runs(void **state)
{
    (void)state;
    struct world *w = small();
    w->s.n_runs = 1;
    apply(w);
    all_end_well(w);
    w->s.n_runs = 2;
    w->datasets[0].goal = 5;
    assert_int_equal(with(w, WHY_GOAL)->key.run, 2);
    w->datasets[0].goal = 6;
    assert_null(with(w, WHY_GOAL));
    w->datasets[0].goal = 5;
    w->policy.goal_stops = false;
    assert_null(with(w, WHY_GOAL));
    free(w);
}

static void what_is_new_is_named(void **state)
{
    (void)state;
    struct world *w = small();
    apply(w);
    w->trials[1] = (struct campaign_trial){2, 2, true, NULL, 0};
    w->uses[1] = (struct campaign_use){.trial = 2, .rungroup = 1, .active = true};
    w->s.n_trials = w->s.n_uses = 2;
    assert_int_equal(with(w, WHY_NEW_TRIAL)->key.trial, 2);
    w->uses[1] = (struct campaign_use){.trial = 1, .rungroup = 2, .active = true};
    w->groups[1] = (struct campaign_rungroup){.id = 2, .open = true, .active = true};
    w->s.n_rungroups = 2;
    assert_int_equal(with(w, WHY_NEW_RUNGROUP)->key.rungroup, 2);
    free(w);
}

static void a_person_and_a_blocked_job_cancel(void **state)
{
    (void)state;
    struct world *w = small();
    apply(w);
    w->jobs[0].cancelled = true;
    assert_int_equal(with(w, WHY_ASKED)->attempt, 1);
    w->jobs[0].cancelled = false;
    w->attempts[0].state = ATTEMPT_BLOCKED;
    assert_null(with(w, WHY_BLOCKED_ACTION));
    w->policy.cancel_blocked = true;
    assert_int_equal(with(w, WHY_BLOCKED_ACTION)->attempt, 1);
    free(w);
}

static void a_job_that_nothing_asks_for_keeps_its_history_and_rests(void **state)
{
    (void)state;
    struct world *w = small();
    apply(w);
    w->s.n_uses = 0;
    assert_non_null(with(w, WHY_LIVE));
    for (int i = 0; i < 2; i++)
        w->attempts[i].live = false, w->attempts[i].state = ATTEMPT_ENDED, w->attempts[i].end_kind = END_NODE;
    assert_non_null(with(w, WHY_NOT_IN_RUNGROUP));
    assert_int_equal(apply(w), 0);
    free(w);
}

static enum action_reason of_run_1(const struct world *w)
{
    struct arena a = {0};
    size_t n;
    enum action_reason reason = 0;
    const struct action *actions = plan(&w->s, &w->policy, &a, &n);
    for (size_t i = 0; i < n; i++)
        if (actions[i].key.run == 1 && actions[i].key.task_rev == 0)
            reason = actions[i].reason;
    arena_free(&a);
    return reason;
}

/* Everything that could stop a run does; taken away one after the other, the next one in the order of WORDS 4.1 shows. */
static void the_first_reason_that_fits_is_given(void **state)
{
    (void)state;
    struct world *w = small();
    struct campaign_run *run = &w->runs[0];
    run->ignored = true, run->readable = false, run->state = RUN_ONGOING;
    w->trials[0].active = w->groups[0].active = false;
    w->groups[0].bad_input = "mask";
    w->groups[0].first_ord = 2;
    assert_int_equal(of_run_1(w), 0); /* not in the rungroup: only of interest to who asks */
    w->policy.explain_run = 1;
    assert_int_equal(of_run_1(w), WHY_IGNORED);
    run->ignored = false;
    assert_int_equal(of_run_1(w), WHY_TRIAL_OFF);
    w->trials[0].active = true;
    assert_int_equal(of_run_1(w), WHY_RUNGROUP_OFF);
    w->groups[0].active = true;
    assert_int_equal(of_run_1(w), WHY_NOT_IN_RUNGROUP);
    w->groups[0].first_ord = 1;
    assert_int_equal(of_run_1(w), WHY_ONGOING);
    run->state = RUN_EMPTY;
    assert_int_equal(of_run_1(w), WHY_EMPTY);
    run->state = RUN_VANISHED;
    assert_int_equal(of_run_1(w), WHY_VANISHED);
    run->state = RUN_TRANSFERRING;
    assert_int_equal(of_run_1(w), WHY_TRANSFERRING);
    w->policy.start_at_complete = true;
    assert_int_equal(of_run_1(w), WHY_UNREADABLE);
    run->n_here = 0; /* one file must be here in any case */
    assert_int_equal(of_run_1(w), WHY_TRANSFERRING);
    run->state = RUN_PRESENT;
    assert_int_equal(of_run_1(w), WHY_EMPTY);
    run->n_here = 1;
    run->readable = true;
    assert_int_equal(of_run_1(w), WHY_BAD_INPUT);
    w->uses[0].opened = true; /* its files are well now */
    assert_int_equal(of_run_1(w), WHY_NEW_RUN);
    w->groups[0].bad_input = NULL;
    w->uses[0].bad_input = "geometry";
    assert_int_equal(of_run_1(w), WHY_BAD_INPUT);
    w->uses[0].opened = false;
    assert_int_equal(of_run_1(w), WHY_NEW_RUN);
    const int64_t trial = w->uses[0].trial, group = w->uses[0].rungroup;
    const struct campaign_bad_run bad[] = {{trial, group, 1, "mask"}, {trial, group, 2, "mask"}};
    w->uses[0].opened = true, w->uses[0].bad_input = NULL;
    w->s.bad_runs = bad + 1, w->s.n_bad_runs = 1; /* another run reads another file */
    assert_int_equal(of_run_1(w), WHY_NEW_RUN);
    w->s.bad_runs = bad, w->s.n_bad_runs = 2;
    assert_int_equal(of_run_1(w), WHY_BAD_INPUT);
    free(w);
}

static void an_empty_campaign_has_an_empty_plan(void **state)
{
    (void)state;
    struct arena a = {0};
    size_t n = 1;
    const struct policy policy = policy_default();
    plan(&(struct snapshot){0}, &policy, &a, &n);
    assert_int_equal(n, 0);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_campaigns_are_planned_as_the_plain_definition_says),
        cmocka_unit_test(the_order_of_rows_does_not_matter),
        cmocka_unit_test(a_chain_goes_on_task_after_task_and_merges_when_it_is_quiet),
        cmocka_unit_test(a_merge_waits_for_enough_new_runs),
        cmocka_unit_test(a_version_never_mixes_trials),
        cmocka_unit_test(newest_runs_come_first_and_limits_hold),
        cmocka_unit_test(many_new_jobs_ask_but_retries_do_not),
        cmocka_unit_test(a_reached_goal_ends_new_runs),
        cmocka_unit_test(what_is_new_is_named),
        cmocka_unit_test(a_person_and_a_blocked_job_cancel),
        cmocka_unit_test(a_job_that_nothing_asks_for_keeps_its_history_and_rests),
        cmocka_unit_test(the_first_reason_that_fits_is_given),
        cmocka_unit_test(an_empty_campaign_has_an_empty_plan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
