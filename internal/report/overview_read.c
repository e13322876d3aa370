/* overview_read.c - what the overview is made of, from the store and the disk; see overview.h. */
#include "report/overview.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

enum { COVERAGES = 8, /* datasets whose curve is read */ EVENTS = 8, AUDITS = 40, ALARMS = 50 };

const struct store_trial_row *overview_trial(const struct store_trial_row *trials, size_t n_trials,
                                             const struct store_tally *tallies, size_t n_tallies)
{
    const struct store_trial_row *best = NULL;
    int best_rank = -1;
    for (size_t i = 0; i < n_trials; i++) {
        bool frames = false;
        for (size_t k = 0; k < n_tallies && !frames; k++)
            frames = tallies[k].trial == trials[i].id && tallies[k].frames;
        int rank = frames ? 1 + trials[i].active : 0;
        if (!best || rank > best_rank || (rank == best_rank && trials[i].num > best->num))
            best = trials + i, best_rank = rank;
    }
    return best;
}

static bool find_trial(uint32_t num, struct overview_sources *o, struct error *err)
{
    if (num == 0) {
        o->trial = overview_trial(o->trials, o->n_trials, o->tallies, o->n_tallies);
        return true;
    }
    for (size_t i = 0; i < o->n_trials; i++)
        if (o->trials[i].num == num)
            o->trial = o->trials + i;
    return o->trial || (error_set(err, ERROR_USAGE, "there is no trial %u", num),
                        error_hint(err, "xfelx trial list shows them"));
}

/* A process of this machine that died without a word runs no more. */
static void forget_dead(struct store *s, struct arena *a, struct store_book_job *jobs, size_t n)
{
    const char *here = proc_host(a);
    for (size_t i = 0; i < n; i++) {
        const struct store_book_attempt *t = jobs[i].n_attempts ? jobs[i].attempts : NULL;
        if (t && jobs[i].state == JOB_RUNNING && strcmp(t->host, here) == 0 && !store_is_alive(s, jobs[i].id))
            jobs[i].state = JOB_AGAIN;
    }
}

static bool read_lists(struct store *s, struct arena *a, struct overview_sources *o, struct error *err)
{
    const struct store_job_filter any_job = {.trial = -1, .stale = true};
    const struct store_run_filter any_run = {0};
    struct store_trial_row *trials;
    struct store_group_row *groups;
    struct store_book_job *jobs;
    struct store_tally *tallies;
    struct store_run_row *runs;
    struct store_dataset_row *datasets;
    struct store_event *errors;
    struct store_audit *audits;
    struct store_alarm *log;
    bool ok = store_trials(s, a, &trials, &o->n_trials, err) &&
              store_groups(s, a, &groups, &o->n_groups, err) &&
              store_book_jobs(s, &any_job, a, &jobs, &o->n_jobs, err) &&
              store_tally_counts(s, a, &tallies, &o->n_tallies, err) &&
              store_runs(s, &any_run, a, &runs, &o->n_runs, err) &&
              store_datasets(s, a, &datasets, &o->n_datasets, err) &&
              store_newest_events(s, 3, EVENTS, a, &errors, &o->n_errors, err) &&
              store_audits(s, NULL, AUDITS, a, &audits, &o->n_audits, err) &&
              store_alarms(s, ALARMS, a, &log, &o->n_log, err);
    if (!ok)
        return false;
    forget_dead(s, a, jobs, o->n_jobs);
    o->trials = trials, o->groups = groups, o->jobs = jobs, o->tallies = tallies, o->runs = runs;
    o->datasets = datasets, o->errors = errors, o->audits = audits, o->log = log;
    return true;
}

static int newest_first(const void *a, const void *b)
{
    const struct store_tally *x = a, *y = b;
    if (x->frame_t != y->frame_t)
        return x->frame_t > y->frame_t ? -1 : 1;
    return x->job > y->job ? -1 : x->job < y->job;
}

/* Minutes have no photon energy; the histograms of jobs have. */
static bool read_energy(struct store *s, int64_t job, struct arena *a, struct overview_energy *out,
                        struct error *err)
{
    struct store_hist *hists = NULL;
    size_t n = 0;
    double total = 0;
    *out = (struct overview_energy){.mean_ev = NAN};
    if (!store_read_hists(s, (struct store_jobs_of){.jobs = &job, .n = 1}, a, &hists, &n, err))
        return false;
    for (size_t i = 0; i < n; i++)
        if (hists[i].kind == STORE_HIST_ENERGY) {
            out->n += hists[i].n;
            total += hists[i].total;
        }
    out->mean_ev = out->n ? total / (double)out->n : NAN;
    return true;
}

/* Times of stages are of the newest jobs: all of a week's would say how it was, and take longer than all the rest. */
static bool read_stages(struct store *s, struct arena *a, struct overview_sources *o, struct error *err)
{
    struct store_hist *hists = NULL;
    struct store_tally *newest = arena_array(a, o->n_tallies + 1, sizeof *newest);
    int64_t ids[OVERVIEW_JOBS];
    size_t n = 0;
    for (size_t i = 0; i < o->n_tallies; i++)
        if (o->trial && o->tallies[i].trial == o->trial->id)
            newest[n++] = o->tallies[i];
    qsort(newest, n, sizeof *newest, newest_first);
    n = n < OVERVIEW_JOBS ? n : OVERVIEW_JOBS;
    for (size_t i = 0; i < n; i++)
        ids[i] = newest[i].job;
    bool ok = store_read_hists(s, (struct store_jobs_of){.jobs = ids, .n = n}, a, &hists, &o->n_hists, err);
    o->hists = hists;
    for (size_t i = 0; i < 2 && i < n && ok; i++)
        ok = read_energy(s, ids[i], a, o->energy + i, err);
    return ok;
}

static bool read_live(struct store *s, struct arena *a, struct overview_sources *o, struct error *err)
{
    struct store_jobs_of live = {.jobs = NULL};
    int64_t *ids = arena_array(a, o->n_jobs + 1, sizeof *ids);
    for (size_t i = 0; i < o->n_jobs; i++)
        if (o->jobs[i].state == JOB_RUNNING && o->trial && o->jobs[i].key.trial == o->trial->id)
            ids[live.n++] = o->jobs[i].id;
    live.jobs = ids;
    return store_read_totals(s, live, &o->live, err);
}

static bool read_minutes(struct store *s, size_t asked, struct arena *a, struct overview_sources *o,
                         struct error *err)
{
    o->n_minutes = asked > OVERVIEW_MINUTES ? asked : OVERVIEW_MINUTES;
    struct store_minute *minutes = arena_array(a, o->n_minutes, sizeof *minutes);
    o->minutes = minutes;
    int64_t newest = o->totals.frame_t ? o->totals.frame_t : o->now;
    int64_t first = newest / INT64_C(60000000000) - (int64_t)o->n_minutes + 1;
    return store_trial_minutes(s, o->trial ? o->trial->id : -1, first, o->n_minutes, minutes, err);
}

/* Of active datasets that say no goal of their own: what it takes is predicted. */
static bool read_coverages(struct store *s, struct arena *a, struct overview_sources *o, struct error *err)
{
    struct coverage *c = arena_array(a, o->n_datasets + 1, sizeof *c);
    o->coverages = c;
    for (size_t i = 0, n = 0; i < o->n_datasets; i++) {
        c[i] = (struct coverage){.why = "not looked at"};
        if (o->datasets[i].active && !o->datasets[i].goal && n++ < COVERAGES &&
            !coverage_read(s, o, o->datasets + i, a, c + i, err))
            return false;
    }
    return true;
}

static void look_at_disk(const char *folder, struct overview_sources *o)
{
    struct statvfs disk;
    o->disk_free = o->disk_bytes = NAN;
    if (folder && statvfs(folder, &disk) == 0 && disk.f_blocks) {
        o->disk_free = (double)disk.f_bavail / (double)disk.f_blocks;
        o->disk_bytes = (double)disk.f_bavail * (double)disk.f_frsize;
    }
}

bool overview_read(struct store *s, const struct overview_asked *asked, struct arena *a,
                   struct overview_sources *out, struct error *err)
{
    *out = (struct overview_sources){.disk_free = NAN, .limits = asked->limits};
    if (!store_read_health(s, a, &out->health, err) || !read_lists(s, a, out, err) ||
        !find_trial(asked->trial, out, err))
        return false;
    out->now = out->health.now;
    if (out->trial &&
        !store_read_totals(s, (struct store_jobs_of){.trial = out->trial->id}, &out->totals, err))
        return false;
    for (size_t i = 0; i < asked->n_stages && i < STAGE_MAX; i++)
        out->stages[i] = asked->stages[i];
    look_at_disk(asked->folder, out);
    return read_minutes(s, asked->minutes, a, out, err) && read_stages(s, a, out, err) &&
           read_live(s, a, out, err) && read_coverages(s, a, out, err);
}
