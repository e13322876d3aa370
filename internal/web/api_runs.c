/* api_runs.c - runs: the list in columns (10,000 rows of names would be three times as long), and one of them with its times.
 *
 * The list is whole: filter and sort are the browser's, so that they need no answer. It costs six statements and 90 ms of CPU with 10,000 runs,
 * is 0.2 MB compressed, the same bytes for all for a second, and nothing (304) while nothing changed; newest=N gives the end of it. One
 * run costs the rows of that run.
 */
#include "web/api.h"

#include "report/report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Of each run the figures of its newest trial that has frames. */
static int by_run_then_newest(const void *a, const void *b)
{
    const struct store_tally *x = a, *y = b;
    if (x->run != y->run)
        return x->run < y->run ? -1 : 1;
    if (x->trial != y->trial)
        return x->trial > y->trial ? -1 : 1;
    return x->job > y->job ? -1 : x->job < y->job;
}

static int by_run(const void *key, const void *row)
{
    return sorted_by_i64(key, &((const struct store_tally *)row)->run);
}

static const struct store_tally *tally_of(const struct store_tally *t, size_t n, int64_t run)
{
    return sorted_find(&run, t, n, sizeof *t, by_run);
}

static void put_run(struct json_writer *j, const struct store_run_row *r, const struct store_tally *t)
{
    static const struct store_tally none = {.res_a = NAN};
    t = t ? t : &none;
    json_array(j, NULL, true);
    json_put_int(j, NULL, r->id);
    json_put_int(j, NULL, r->ord);
    json_put_text(j, NULL, r->name);
    json_put_text(j, NULL, run_state_word(r->state));
    put_time(j, NULL, r->begin_t ? r->begin_t : r->seen_t);
    put_time(j, NULL, r->end_t);
    json_put_int(j, NULL, r->n_files);
    json_put_int(j, NULL, r->n_here);
    json_put_real(j, NULL,
                  r->state == RUN_TRANSFERRING && r->bytes > 0 ? (double)r->bytes_here / (double)r->bytes
                                                               : NAN);
    json_put_real(j, NULL, r->state == RUN_TRANSFERRING && r->rate > 0 ? r->rate : NAN);
    json_put_real(j, NULL, r->n_frames < 0 ? NAN : (double)r->n_frames);
    json_put_bool(j, NULL, r->ignored);
    json_put_text(j, NULL, r->readable ? NULL : r->why);
    put_words(j, NULL, r->tags, r->n_tags);
    json_put_text(j, NULL, r->comment);
    json_put_int(j, NULL, (int64_t)t->frames);
    json_put_int(j, NULL, (int64_t)t->failed);
    json_put_int(j, NULL, (int64_t)t->hits);
    json_put_int(j, NULL, (int64_t)t->indexed);
    json_put_int(j, NULL, (int64_t)t->lattices);
    json_put_int(j, NULL, (int64_t)t->multi);
    json_put_fixed(j, NULL, t->res_a, 4);
    put_job_states(j, NULL, &r->jobs);
    json_put_int(j, NULL, r->n_notes);
    json_put_bool(j, NULL, r->shared);
    json_end_array(j);
}

void api_runs(struct web *w, struct store *s, const struct web_request *q, struct web_answer *a)
{
    (void)w;
    static const char *const columns[] = {
        "id",      "run",      "name",    "state",   "t",    "t_end",   "files", "files_here", "share_here",
        "bytes_s", "frames",   "ignored", "why_not", "tags", "comment", "done",  "failed",     "hits",
        "indexed", "lattices", "multi",   "res_a",   "jobs", "notes",   "shared"};
    int64_t newest = 0;
    const char *text = target_value(q->target, "newest");
    if (text && (!str_to_i64(text, &newest) || newest < 1 || newest > INT32_MAX)) {
        answer_error(a, 400, "bad_choice", "newest is a number of runs", NULL);
        return;
    }
    struct arena arena = {0};
    struct error err = {0};
    struct store_run_row *runs;
    struct store_tally *tallies;
    size_t n, n_tallies;
    const struct store_run_filter all = {.newest = (size_t)newest};
    if (!store_runs(s, &all, &arena, &runs, &n, &err) ||
        !store_tallies(s, &arena, &tallies, &n_tallies, &err)) {
        api_failed(a, &arena, &err);
        return;
    }
    n_tallies = store_tallies_full(tallies, n_tallies);
    if (n_tallies)
        qsort(tallies, n_tallies, sizeof *tallies, by_run_then_newest);
    struct json_writer j = answer_json(a);
    put_columns(&j, columns, sizeof columns / sizeof *columns);
    for (size_t i = n; i-- > 0;) /* the newest first */
        put_run(&j, runs + i, tally_of(tallies, n_tallies, runs[i].id));
    json_end_array(&j);
    answer_json_end(&j);
    arena_free(&arena);
}

static void put_sources(struct json_writer *j, const struct store_source_row *rows, size_t n)
{
    enum { MOST = 500 };
    char text[NAME_VISIBLE];
    json_put_int(j, "n_files", (int64_t)n);
    json_array(j, "files", false);
    for (size_t i = 0; i < n && i < MOST; i++) {
        json_object(j, NULL);
        json_put_text(j, "path", str_visible(rows[i].path, text, sizeof text));
        json_put_real(j, "bytes", rows[i].size < 0 ? NAN : (double)rows[i].size);
        json_put_real(j, "frames", rows[i].n_frames < 0 ? NAN : (double)rows[i].n_frames);
        json_put_text(j, "format", *rows[i].format ? rows[i].format : NULL);
        json_put_bool(j, "here", rows[i].here);
        json_end_object(j);
    }
    json_end_array(j);
}

static void put_notes(struct json_writer *j, const struct store_note *rows, size_t n)
{
    json_array(j, "notes", false);
    for (size_t i = 0; i < n; i++) {
        json_object(j, NULL);
        put_time(j, "t", rows[i].t);
        json_put_text(j, "who", rows[i].who);
        json_put_text(j, "text", rows[i].body);
        json_end_object(j);
    }
    json_end_array(j);
}

static void put_jobs_of(struct json_writer *j, const struct store_tally *t, size_t n,
                        const struct store_book_job *jobs, size_t n_jobs)
{
    json_array(j, "jobs", false);
    for (size_t i = 0; i < n_jobs; i++) {
        const struct store_tally *mine = NULL;
        for (size_t k = 0; k < n && !mine; k++)
            if (t[k].job == jobs[i].id)
                mine = t + k;
        json_object(j, NULL);
        json_put_int(j, "job", jobs[i].id);
        json_put_int(j, "trial", jobs[i].trial);
        json_put_text(j, "task", jobs[i].task);
        json_put_bool(j, "preview", jobs[i].preview);
        json_put_text(j, "state", job_state_word(jobs[i].state));
        json_put_int(j, "expected", jobs[i].n_expected);
        json_put_int(j, "frames", mine ? (int64_t)mine->frames : 0);
        put_fraction(j, "hit", mine ? mine->hits : 0, mine ? mine->frames - mine->failed : 0);
        put_fraction(j, "indexed", mine ? mine->indexed : 0, mine ? mine->hits : 0);
        json_put_int(j, "multi", mine ? (int64_t)mine->multi : 0);
        json_put_real(j, "res_a", mine ? mine->res_a : NAN);
        json_end_object(j);
    }
    json_end_array(j);
}

/* What is a time and what a thing that has none: `missing` says that it happened. */
static void put_times(struct json_writer *j, const struct timeline_step *steps, size_t n)
{
    json_array(j, "times", false);
    for (size_t i = 0; i < n; i++) {
        json_object(j, NULL);
        put_time(j, "t", steps[i].t);
        json_put_text(j, "what", steps[i].what);
        json_put_real(j, "job", steps[i].job ? (double)steps[i].job : NAN);
        json_put_real(j, "attempt", steps[i].attempt ? (double)steps[i].attempt : NAN);
        json_put_bool(j, "missing", steps[i].missing);
        json_put_fixed(j, "wait_s", steps[i].wait_s, 1);
        json_end_object(j);
    }
    json_end_array(j);
}

/* What the page of a run is made of. */
struct run_page {
    struct store_run_row *run; /* NULL: there is none */
    struct store_source_row *sources;
    struct store_note *notes;
    struct store_tally *tallies;
    struct store_book_job *jobs;
    struct store_history history;
    const char *before, *after;
    size_t n_sources, n_notes, n_tallies, n_jobs;
};

static bool read_page(struct store *s, int64_t id, struct arena *a, struct run_page *x, struct error *err)
{
    enum { NOTES = 100 };
    const struct store_run_filter one = {.ids = &id, .n_ids = 1};
    const struct store_job_filter of = {.trial = -1, .runs = &id, .n_runs = 1, .all_attempts = true};
    size_t n = 0;
    if (!store_runs(s, &one, a, &x->run, &n, err))
        return false;
    if (n != 1)
        return x->run = NULL, true;
    return store_run_neighbours(s, id, a, &x->before, &x->after, err) &&
           store_run_sources(s, id, a, &x->sources, &x->n_sources, err) &&
           store_notes(s, NOTE_RUN, id, NOTES, a, &x->notes, &x->n_notes, err) &&
           store_run_tallies(s, id, a, &x->tallies, &x->n_tallies, err) &&
           store_book_jobs(s, &of, a, &x->jobs, &x->n_jobs, err) &&
           store_read_history(s, id, a, &x->history, err);
}

static void put_facts(struct json_writer *j, const struct store_run_row *r)
{
    char text[NAME_VISIBLE];
    bool transferring = r->state == RUN_TRANSFERRING;
    json_put_int(j, "id", r->id);
    json_put_int(j, "run", r->ord);
    json_put_bool(j, "shared", r->shared);
    json_put_text(j, "name", r->name);
    json_put_text(j, "path", str_visible(r->path, text, sizeof text));
    json_put_text(j, "facility", r->facility);
    json_put_text(j, "state", run_state_word(r->state));
    json_put_text(j, "why_not", r->readable ? NULL : r->why);
    json_put_bool(j, "ignored", r->ignored);
    put_time(j, "t_seen", r->seen_t);
    put_time(j, "t_begin", r->begin_t);
    put_time(j, "t_end", r->end_t);
    json_put_int(j, "files_here", r->n_here);
    json_put_real(j, "share_here",
                  transferring && r->bytes > 0 ? (double)r->bytes_here / (double)r->bytes : NAN);
    json_put_real(j, "bytes_s", transferring && r->rate > 0 ? r->rate : NAN);
    put_words(j, "tags", r->tags, r->n_tags);
    json_put_text(j, "comment", r->comment);
}

void api_run(struct web *w, struct store *s, const struct web_request *q, struct web_answer *a)
{
    (void)w;
    int64_t id;
    struct arena arena = {0};
    struct error err = {0};
    struct run_page x = {0};
    size_t n_steps = 0;
    if (!api_run_named(s, q->parts[0], &arena, &id, a))
        return;
    if (!read_page(s, id, &arena, &x, &err)) {
        api_failed(a, &arena, &err);
        return;
    }
    if (!x.run) { /* it went in this moment */
        answer_error(a, 404, "no_such_run", "there is no such run any more", NULL);
        arena_free(&arena);
        return;
    }
    const struct timeline_step *steps = timeline_of(x.run, &x.history, x.jobs, x.n_jobs, &arena, &n_steps);
    struct json_writer j = answer_json(a);
    put_facts(&j, x.run);
    json_put_text(&j, "before", *x.before ? x.before : NULL);
    json_put_text(&j, "after", *x.after ? x.after : NULL);
    put_jobs_of(&j, x.tallies, x.n_tallies, x.jobs, x.n_jobs);
    put_times(&j, steps, n_steps);
    put_sources(&j, x.sources, x.n_sources);
    put_notes(&j, x.notes, x.n_notes);
    answer_json_end(&j);
    arena_free(&arena);
}
