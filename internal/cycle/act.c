/* act.c - what the plan says is done: claim, pin, render, submit, write down (STORE 7.5, FACILITY 6.1).
 *
 * The order is the safety. The claim is in the store before the scheduler is called, so whoever dies in between leaves an attempt that
 * the next cycle looks up by its name. The state `submitting` is stored before the call, so an attempt that is only claimed was
 * certainly never submitted. */
#include "cycle/files.h"
#include "cycle/uses.h"
#include "cycle/script.h"
#include "cycle/states.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { BURST = 10 }; /* submissions at once, before submit.rate counts */

/* What goes on through one call of cycle_act. */
struct acting {
    struct cycle *c;
    const struct cycle_plan *plan;
    struct cycle_report *r;
    const struct action *now; /* what is being done; NULL: nothing of one run */
    size_t n_calls;
    bool stop; /* no more submissions in this cycle: r->limit says why */
};

static void stop(struct acting *w, const char *why)
{
    w->stop = true;
    snprintf(w->r->limit, sizeof w->r->limit, "%s", why);
}

/* An attempt's failure: the first is shown, with whose it is. */
static void note(struct acting *w, const char *what)
{
    struct str who = {0};
    if (w->r->first[0])
        return;
    if (w->now)
        explain_identity(&w->plan->snapshot, w->now, &who);
    str_printf(&who, "%s%s", who.len ? ": " : "", what);
    snprintf(w->r->first, sizeof w->r->first, "%.*s", (int)sizeof w->r->first - 1, who.text);
    str_free(&who);
}

static void note_error(struct acting *w, const struct error *err)
{
    char line[512];
    note(w, error_line(err, line, sizeof line));
}

/* Not faster than submit.rate, and only while the caller says that we may. */
static bool may_call(struct acting *w)
{
    double seconds = w->n_calls++ < BURST ? 0 : 1 / w->c->rate;
    if (w->c->pause) {
        if (!w->c->pause(w->c->arg, seconds))
            return stop(w, "this watcher is ending, or another one has taken over"), false;
        return true;
    }
    struct timespec t = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    nanosleep(&t, NULL);
    return true;
}

static bool put_news(struct acting *w, int64_t attempt, enum attempt_state state, enum end_kind end,
                     const char *sched_id, const char *reason, struct error *err)
{
    const struct store_news news = {.attempt = attempt,
                                    .state = state,
                                    .end = end,
                                    .sched_id = sched_id,
                                    .reason = reason,
                                    .end_t = state == ATTEMPT_ENDED ? clock_now() : 0,
                                    .exit_code = -1,
                                    .exit_signal = -1};
    return store_put_news(w->c->store, &news, 1, err);
}

/* What the scheduler's answer means for the attempt and for the rest of this cycle. */
static bool take_answer(struct acting *w, int64_t attempt, const struct batch_answer *answer,
                        struct error *err)
{
    switch (answer->verdict) {
    case BATCH_ACCEPTED:
        w->r->n_submitted++;
        return put_news(w, attempt, ATTEMPT_QUEUED, END_NONE, answer->id, "", err);
    case BATCH_REFUSED:
        w->r->n_refused++;
        note(w, answer->text);
        return put_news(w, attempt, ATTEMPT_ENDED, END_LAUNCH, NULL, answer->text, err);
    case BATCH_LIMIT: /* nothing was submitted, and nothing was wrong with it */
        stop(w, answer->text);
        return put_news(w, attempt, ATTEMPT_ENDED, END_SUPERSEDED, NULL, answer->text, err);
    default: /* perhaps it was: its name is looked up before anything else is done */
        w->r->n_unclear++;
        stop(w, answer->text[0] ? answer->text : "the scheduler did not say whether it took the job");
        return put_news(w, attempt, ATTEMPT_SUBMITTING, END_NONE, NULL, answer->text, err);
    }
}

/* The script on disk, the state stored, the call. */
static bool call(struct acting *w, struct arena *a, const struct recipe_of_job *j,
                 const struct store_claimed *k, struct error *err)
{
    struct cycle *c = w->c;
    struct str text = {0};
    struct batch_answer answer = {0};
    struct error own = {0};
    const char *path = job_file(a, c->folder, k->attempt, ".sh");
    const struct store_news news = {.attempt = k->attempt,
                                    .state = ATTEMPT_SUBMITTING,
                                    .submit_t = clock_now(),
                                    .log_path = script_log(a, j, k->attempt),
                                    .exit_code = -1,
                                    .exit_signal = -1};
    /* our scripts make the folder of their log; templates of users have the scheduler write there */
    bool good = script_render(c, a, j, k, &text, &own) &&
                (!j->own || fs_make_folders(fs_folder(a, news.log_path), &own)) &&
                fs_make_folders(fs_folder(a, path), &own) && fs_write_atomic(path, text.text, text.len, &own);
    str_free(&text);
    job_forget_records(c->folder, k->attempt);
    if (!good) {
        note_error(w, &own);
        w->r->n_refused++;
        return put_news(w, k->attempt, ATTEMPT_ENDED, END_LAUNCH, NULL, own.fact, err);
    }
    if (!store_put_news(c->store, &news, 1, err))
        return false;
    if (!c->site.ops->submit(&c->site, path, &answer,
                             &own)) { /* its command could not be run: nothing was submitted */
        char line[512];
        stop(w, error_line(&own, line, sizeof line));
        note_error(w, &own);
        return put_news(w, k->attempt, ATTEMPT_ENDED, END_SUPERSEDED, NULL, own.fact, err);
    }
    return take_answer(w, k->attempt, &answer, err);
}

/* A job that cannot be made (a task without a command, a queue's name with blanks) is noted; it never stops the others. */
static bool prepare(struct acting *w, struct arena *a, const struct action *x, int64_t version,
                    struct recipe_of_job *j)
{
    struct error own = {0};
    struct str trial = {0};
    bool good = script_prepare(w->c, a, x, version, j, &own) &&
                script_render(w->c, a, j, &script_no_attempt, &trial, &own);
    str_free(&trial);
    if (!good) {
        w->r->n_refused++;
        note_error(w, &own);
    }
    return good;
}

static bool submit(struct acting *w, const struct action *x, struct error *err)
{
    struct cycle *c = w->c;
    struct arena a = {0};
    struct recipe_of_job j;
    struct store_claimed claimed = {0};
    int64_t version = 0;
    w->now = x;
    bool good = may_call(w);
    if (!good)
        return true;
    if (x->new_version)
        good = store_new_version(c->store, x->dataset, x->new_version, x->inputs, x->n_inputs, &version, err);
    if (good && prepare(w, &a, x, version, &j)) {
        good = script_pin(c, &a, &j, err);
        const struct store_claim claim = {.key = j.key,
                                          .folder = j.folder,
                                          .scheduler = c->scheduler,
                                          .program = c->version,
                                          .recipe_hash = j.making.recipe_hash,
                                          .binary_hash = j.binary_hash,
                                          .n_ranks = (uint32_t)j.script.need.tasks,
                                          .n_threads = (uint32_t)j.script.need.cpus};
        if (good) {
            good = store_claim(c->store, &claim, &claimed, err) || claimed.taken;
            w->r->n_taken += good && claimed.taken;
            good = good && (claimed.taken || call(w, &a, &j, &claimed, err));
        }
    }
    arena_free(&a);
    return good;
}

/* ---- cancelling ---- */

static const struct store_attempt *attempt_of(const struct store_attempt *rows, size_t n, int64_t id)
{
    for (size_t i = 0; i < n; i++)
        if (rows[i].attempt == id)
            return &rows[i];
    return NULL;
}

/* Ended at once when the scheduler was never told; else the scheduler is, and what becomes of it is seen at the next poll. */
static bool cancel(struct acting *w, const struct store_attempt *a, struct error *err)
{
    struct cycle *c = w->c;
    struct error own = {0};
    struct batch_site site = c->site;
    if (a->state == ATTEMPT_CLAIMED)
        return put_news(w, a->attempt, ATTEMPT_ENDED, END_CANCELLED, NULL,
                        "cancelled before it was submitted", err);
    if (!a->sched_id[0])
        return true; /* its name is being looked up */
    site.ops = strcmp(a->scheduler, c->scheduler) == 0 ? c->site.ops : batch_find_ops(a->scheduler, &own);
    if (site.ops && site.ops->cancel(&site, a->sched_id, &own))
        w->r->n_cancelled++;
    else
        note_error(w, &own);
    return true;
}

static bool cancel_all(struct acting *w, struct error *err)
{
    struct arena a = {0};
    struct store_attempt *rows = NULL;
    size_t n = 0;
    bool good = true, any = false;
    for (size_t i = 0; i < w->plan->n && !any; i++)
        any = w->plan->actions[i].kind == ACTION_CANCEL;
    good = !any || store_live(w->c->store, 0, &a, &rows, &n, err);
    for (size_t i = 0; any && good && i < w->plan->n; i++) {
        const struct action *x = &w->plan->actions[i];
        const struct store_attempt *row = x->kind == ACTION_CANCEL ? attempt_of(rows, n, x->attempt) : NULL;
        w->now = x;
        good = !row || cancel(w, row, err);
    }
    arena_free(&a);
    return good;
}

/* What the plan refuses is counted, and what was found of files is kept for people. */
static bool tell_of_inputs(struct acting *w, struct error *err)
{
    struct arena a = {0};
    struct store_bad_input *found;
    for (size_t i = 0; i < w->plan->n; i++)
        if (w->plan->actions[i].reason == WHY_BAD_INPUT && w->r->n_bad++ == 0) {
            w->now = &w->plan->actions[i];
            note(w, w->now->text);
        }
    w->now = NULL;
    size_t n = uses_found(w->plan, &a, &found);
    bool good = w->c->dry || store_put_bad_inputs(w->c->store, found, n, err);
    arena_free(&a);
    return good;
}

/* The actions of a run stand beside each other. */
static size_t runs_coming(const struct cycle_plan *plan)
{
    size_t n = 0;
    int64_t last = 0;
    for (size_t i = 0; i < plan->n; i++) {
        const struct action *x = &plan->actions[i];
        if ((x->reason == WHY_ONGOING || x->reason == WHY_TRANSFERRING) && x->key.run != last)
            last = x->key.run, n++;
    }
    return n;
}

bool cycle_act(struct cycle *c, const struct cycle_plan *plan, struct cycle_report *r, struct error *err)
{
    struct acting w = {.c = c, .plan = plan, .r = r};
    bool good = tell_of_inputs(&w, err) && (c->dry || cancel_all(&w, err));
    r->n_ask = 0;
    r->n_coming = runs_coming(plan);
    for (size_t i = 0; good && i < plan->n; i++) {
        if (plan->actions[i].kind == ACTION_ASK)
            r->n_ask = plan->actions[i].n;
        if (plan->actions[i].kind != ACTION_SUBMIT)
            continue;
        if (w.stop || c->dry)
            r->n_waiting++;
        else
            good = submit(&w, &plan->actions[i], err);
    }
    return good && (c->dry || cycle_store_states(c, plan, err));
}
