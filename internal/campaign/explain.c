/* explain.c - a plan in words; see explain.h. */
#include "campaign/explain.h"

#include <inttypes.h>
#include <time.h>

static const int64_t second = 1000000000;

static void add_visible(struct str *out, const char *text)
{
    char visible[NAME_VISIBLE];
    str_add(out, str_visible(text, visible, sizeof visible));
}

static void add_time(struct str *out, int64_t now, int64_t t)
{
    time_t at = (time_t)(t / second), today = (time_t)(now / second);
    struct tm a, b;
    char text[32];
    if (gmtime_r(&at, &a) == NULL || gmtime_r(&today, &b) == NULL)
        return;
    bool same_day = a.tm_year == b.tm_year && a.tm_yday == b.tm_yday;
    strftime(text, sizeof text, same_day ? "%H:%M" : "%Y-%m-%d %H:%M", &a);
    str_add(out, text);
}

static void add_because(struct str *out, const char *text)
{
    if (text == NULL)
        return;
    str_add(out, ": ");
    add_visible(out, text);
}

static const char *dataset_name(const struct snapshot *s, int64_t id)
{
    for (size_t i = 0; i < s->n_datasets; i++)
        if (s->datasets[i].id == id)
            return s->datasets[i].name;
    return "?";
}

static void since(const struct snapshot *s, const struct action *x, struct str *out)
{
    str_printf(out, "attempt %" PRIu32 " is %s", x->no, x->text);
    if (x->t != 0) {
        str_add(out, ", since ");
        add_time(out, s->now, x->t);
    }
}

static void cancelled(const struct snapshot *s, const struct action *x, struct str *out)
{
    str_add(out, "cancelled");
    if (x->text != NULL) {
        str_add(out, " by ");
        add_visible(out, x->text);
    }
    if (x->t != 0) {
        str_add(out, ", ");
        add_time(out, s->now, x->t);
    }
    str_add(out, "; `xfelx job retry` starts it again");
}

static void quiet(const struct snapshot *s, const struct action *x, struct str *out)
{
    str_add(out, "merge of ");
    add_visible(out, dataset_name(s, x->dataset));
    if (x->t != 0)
        str_printf(out, " waits until no run is new (%" PRId64 " s to go)",
                   (x->t - s->now + second - 1) / second);
    else
        str_printf(out, " waits for new runs (%" PRIu64 " of %" PRIu64 ")", x->n, x->of);
}

void explain_reason(const struct snapshot *s, const struct action *x, struct str *out)
{
    switch (x->reason) {
    case WHY_DONE:
        str_printf(out, "done in attempt %" PRIu32, x->no);
        if (x->of > 0)
            str_printf(out, " (%" PRIu64 " of %" PRIu64 " frames)", x->n, x->of);
        return;
    case WHY_LIVE:
        since(s, x, out);
        return;
    case WHY_CANCELLED:
        cancelled(s, x, out);
        return;
    case WHY_TRIES_USED:
        str_printf(out, "failed in attempt %" PRIu32, x->no);
        add_because(out, x->text);
        str_add(out, "; `xfelx job retry` after changing what it needs");
        return;
    case WHY_LATER:
        str_add(out, "next try at ");
        add_time(out, s->now, x->t);
        str_printf(out, " (%s, try %" PRIu64 ")", x->text, x->n + 1);
        return;
    case WHY_TRANSFERRING:
        str_printf(out, "%" PRIu64 " of %" PRIu64 " files here", x->n, x->of);
        return;
    case WHY_TASK_BEFORE:
        str_add(out, x->key.run != 0 ? "waits for task " : "no run has passed all tasks of ");
        add_visible(out, x->text);
        return;
    case WHY_NOT_PUBLISHED:
        str_add(out, "waits for the files of task ");
        add_visible(out, x->text);
        return;
    case WHY_QUIET:
        quiet(s, x, out);
        return;
    case WHY_MAX_QUEUED:
        str_printf(out, "mp.max_queued=%" PRIu64 " jobs are alive", x->n);
        return;
    case WHY_RATE:
        str_printf(out, "%" PRIu64 " submissions in one cycle are enough", x->n);
        return;
    case WHY_MANY:
        str_printf(out, "would start %" PRIu64 " new jobs: `--yes`", x->n);
        return;
    case WHY_NEW_VERSION:
        str_add(out, "new version of dataset ");
        add_visible(out, dataset_name(s, x->dataset));
        if (x->n_inputs > 0)
            str_printf(out, " from %s", COUNT(x->n_inputs, "job"));
        return;
    case WHY_RETRY:
    case WHY_RESUME:
        str_printf(out, "attempt %" PRIu32 " after: %s", x->no + 1, x->text);
        return;
    default:
        str_add(out, reason_row(x->reason)->text);
        add_because(out, x->text);
    }
}

void explain_identity(const struct snapshot *s, const struct action *x, struct str *out)
{
    if (x->key.run == 0) {
        str_add(out, "dataset ");
        add_visible(out, dataset_name(s, x->dataset));
    }
    for (size_t i = 0; i < s->n_runs; i++)
        if (x->key.run != 0 && s->runs[i].id == x->key.run) {
            if (!str_starts(s->runs[i].name, "run")) /* "run run_0012" says it twice */
                str_add(out, "run ");
            add_visible(out, s->runs[i].name);
        }
    for (size_t i = 0; i < s->n_trials; i++)
        if (s->trials[i].id == x->key.trial)
            str_printf(out, ", trial %" PRIu32, s->trials[i].num);
    if (x->key.rungroup != 0)
        str_printf(out, ", rungroup %" PRId64, x->key.rungroup);
    for (size_t i = 0; i < s->n_tasks; i++)
        if (x->key.task_rev != 0 && s->tasks[i].rev == x->key.task_rev) {
            str_add(out, ", task ");
            add_visible(out, s->tasks[i].name);
        }
    for (size_t i = 0; i < s->n_versions; i++)
        if (x->key.version != 0 && s->versions[i].id == x->key.version)
            str_printf(out, ", version %" PRIu32, s->versions[i].version);
    if (x->key.version == CAMPAIGN_PREVIEW)
        str_add(out, ", preview");
    if (x->new_version > 0)
        str_printf(out, ", version %" PRIu32, x->new_version);
}

void explain_plan(const struct snapshot *s, const struct action *actions, size_t n, int64_t run,
                  struct str *out)
{
    size_t said = 0;
    for (size_t i = 0; i < n; i++) {
        if (run != 0 && actions[i].key.run != run)
            continue;
        said++;
        explain_identity(s, &actions[i], out);
        str_add(out, ": ");
        if (actions[i].kind != ACTION_NONE)
            str_printf(out, "%s ", action_word(actions[i].kind));
        str_printf(out, "%s: ", reason_row(actions[i].reason)->word);
        explain_reason(s, &actions[i], out);
        str_addc(out, '\n');
    }
    if (said == 0)
        str_add(out,
                run != 0 ? "no trial has a rungroup: `xfelx group add` makes one\n" : "nothing to plan\n");
}
