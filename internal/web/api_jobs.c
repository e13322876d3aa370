/* api_jobs.c - jobs: the list, and one with its attempts, what each of their ranks did, its cell, its
 * stages and the frames that failed. */
#include "web/api.h"

#include "report/report.h"

#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { JOBS_MOST = 5000, FAILURES_MOST = 50, RANKS_MOST = 1000 };

static const struct store_tally *tally_of(const struct store_tally *t, size_t n, int64_t job)
{
    return sorted_find(&job, t, n, sizeof *t, sorted_by_i64);
}

static void put_attempt(struct json_writer *j, const struct store_book_attempt *x)
{
    json_object(j, NULL);
    json_put_int(j, "no", x->no);
    json_put_text(j, "state", attempt_state_word(x->state));
    json_put_text(j, "end", x->end ? end_kind_word(x->end) : NULL);
    json_put_text(j, "reason", *x->reason ? x->reason : NULL);
    json_put_text(j, "host", x->host);
    json_put_text(j, "scheduler", x->scheduler);
    json_put_text(j, "sched_id", *x->sched_id ? x->sched_id : NULL);
    put_time(j, "t_submit", x->submit_t);
    put_time(j, "t_begin", x->start_t);
    put_time(j, "t_end", x->end_t);
    json_put_real(j, "exit_code", x->exit_code < 0 ? NAN : (double)x->exit_code);
    json_put_real(j, "signal", x->exit_signal <= 0 ? NAN : (double)x->exit_signal);
    json_put_int(j, "ranks", x->n_ranks);
    json_put_int(j, "threads", x->n_threads);
    json_put_text(j, "program", x->program);
    json_put_text(j, "log", *x->log_path ? x->log_path : NULL);
    json_end_object(j);
}

/* What the list and one alone both say. */
static void put_job(struct json_writer *j, const struct store_book_job *b, const struct store_tally *t)
{
    const struct job_standing may = store_book_standing(b);
    static const struct store_tally none = {.res_a = NAN};
    t = t ? t : &none;
    const struct store_book_attempt *last = b->n_attempts ? b->attempts + b->n_attempts - 1 : NULL;
    json_put_int(j, "job", b->id);
    json_put_int(j, "run_id", b->key.run);
    json_put_int(j, "run", b->run_ord);
    json_put_text(j, "name", b->run);
    json_put_int(j, "trial", b->trial);
    json_put_int(j, "rungroup", b->key.rungroup);
    json_put_text(j, "task", b->task);
    json_put_text(j, "dataset", *b->dataset ? b->dataset : NULL);
    json_put_real(j, "version", b->version ? (double)b->version : NAN);
    json_put_bool(j, "preview", b->preview);
    json_put_bool(j, "stale", *b->stale != 0);
    json_put_text(j, "stale_because", *b->stale ? b->stale : NULL);
    json_put_text(j, "state", job_state_word(b->state));
    put_time(j, "t_state", b->state_t);
    put_time(j, "t_retry", b->retry_t);
    json_put_text(j, "cancelled_by", b->cancelled ? b->cancelled_by : NULL);
    job_may_json(&may, j);
    json_put_int(j, "expected", b->n_expected);
    json_put_int(j, "frames", (int64_t)t->frames);
    json_put_int(j, "failed", (int64_t)t->failed);
    put_fraction(j, "hit", t->hits, t->frames - t->failed);
    put_fraction(j, "indexed", t->indexed, t->hits);
    json_put_int(j, "lattices", (int64_t)t->lattices);
    json_put_fixed(j, "res_a", t->res_a, 4);
    put_time(j, "t_newest", t->frame_t);
    put_time(j, "t_begin", last ? last->start_t : 0);
    put_time(j, "t_end", last ? last->end_t : 0);
    json_put_int(j, "attempts", last ? last->no : 0);
    json_put_text(j, "end", last && last->end ? end_kind_word(last->end) : NULL);
    json_put_text(j, "reason", last && *last->reason ? last->reason : NULL);
}

void api_jobs(struct web *w, struct store *s, const struct web_request *q, struct web_answer *a)
{
    (void)w, (void)q;
    struct arena arena = {0};
    struct error err = {0};
    struct store_book_job *jobs;
    struct store_tally *tallies;
    size_t n, n_tallies;
    const struct store_job_filter newest = {.trial = -1, .newest = JOBS_MOST, .stale = true};
    if (!store_book_jobs(s, &newest, &arena, &jobs, &n, &err) ||
        !store_job_tallies(s, n ? jobs[0].id : 0, n ? jobs[n - 1].id : 0, &arena, &tallies, &n_tallies,
                           &err)) {
        api_failed(a, &arena, &err);
        return;
    }
    struct json_writer j = answer_json(a);
    json_put_int(&j, "most", JOBS_MOST);
    json_array(&j, "jobs", false);
    for (size_t i = n; i-- > 0;) {
        json_object(&j, NULL);
        put_job(&j, jobs + i, tally_of(tallies, n_tallies, jobs[i].id));
        json_end_object(&j);
    }
    json_end_array(&j);
    answer_json_end(&j);
    arena_free(&arena);
}

static void put_failures(struct json_writer *j, const struct store_failed *failed, size_t n)
{
    char text[NAME_VISIBLE];
    json_array(j, "failures", false);
    for (size_t i = 0; i < n; i++) {
        json_object(j, NULL);
        json_put_text(j, "file", str_visible(failed[i].path, text, sizeof text));
        json_put_int(j, "frame", failed[i].frame);
        json_put_text(j, "reason", reason_word(failed[i].reason));
        json_put_text(j, "reason_text", reason_help(failed[i].reason));
        json_put_text(j, "text", failed[i].message);
        json_end_object(j);
    }
    json_end_array(j);
}

static void put_figures(struct json_writer *j, const struct store_job_row *row)
{
    uint64_t reasons[REASON_END];
    for (int i = 0; i < REASON_END; i++)
        reasons[i] = row->counts.by_reason[i];
    json_object(j, "outcomes");
    for (enum outcome o = OUTCOME_BLANK; o < OUTCOME_END; o++)
        json_put_int(j, outcome_word(o), (int64_t)row->counts.by_outcome[o]);
    json_end_object(j);
    put_reasons(j, reasons);
    json_put_int(j, "reflections", (int64_t)row->counts.reflections);
    json_put_reals(j, "cell", row->cell_median, 6);
    json_put_reals(j, "cell_lo", row->cell_lo, 6);
    json_put_reals(j, "cell_hi", row->cell_hi, 6);
    json_put_real(j, "rmsd_px", row->rmsd_px_median);
    json_array(j, "stage_ms", true);
    for (int i = 0; i < STAGE_MAX; i++)
        json_put_real(j, NULL, row->stage_n[i] ? row->stage_ms[i] / (double)row->stage_n[i] : NAN);
    json_end_array(j);
}

/* What each rank of each attempt did; busy_s: in all stages, over all its threads. */
static void put_ranks(struct json_writer *j, const struct store_rank *r, size_t n)
{
    char host[NAME_VISIBLE];
    json_put_int(j, "n_ranks", (int64_t)n);
    json_array(j, "ranks", false);
    for (size_t i = 0; i < n && i < RANKS_MOST; i++) {
        double ms = 0;
        for (int k = 0; k < STAGE_MAX; k++)
            ms += r[i].stage_ms[k];
        json_object(j, NULL);
        json_put_int(j, "attempt", r[i].no);
        json_put_int(j, "rank", r[i].writer);
        json_put_text(j, "host", str_visible(r[i].host, host, sizeof host));
        json_put_int(j, "frames", (int64_t)r[i].frames);
        json_put_int(j, "failed", (int64_t)r[i].failed);
        put_time(j, "t_first", r[i].first_t);
        put_time(j, "t_last", r[i].last_t);
        json_put_fixed(j, "busy_s", 1e-3 * ms, 3);
        json_end_object(j);
    }
    json_end_array(j);
}

void api_job(struct web *w, struct store *s, const struct web_request *q, struct web_answer *a)
{
    (void)w;
    int64_t id;
    struct arena arena = {0};
    struct error err = {0};
    struct store_job_row *row;
    struct store_book_job *job;
    struct store_tally *tallies;
    struct store_failed *failed;
    struct store_rank *ranks;
    size_t n, n_rows, n_tallies, n_failed, n_ranks;
    if (!api_number(q, a, &id))
        return;
    const struct store_range range = {id, id};
    const struct store_job_filter one = {
        .trial = -1, .jobs = &range, .n_jobs = 1, .all_attempts = true, .stale = true};
    if (!store_book_jobs(s, &one, &arena, &job, &n, &err) ||
        !store_job_row(s, id, &arena, &row, &n_rows, &err) ||
        !store_job_tallies(s, id, id, &arena, &tallies, &n_tallies, &err) ||
        !store_read_ranks(s, (struct store_jobs_of){.jobs = &id, .n = 1}, &arena, &ranks, &n_ranks, &err) ||
        !store_failures(s, id, FAILURES_MOST, &arena, &failed, &n_failed, &err)) {
        api_failed(a, &arena, &err);
        return;
    }
    if (n != 1) {
        answer_error(a, 404, "no_such_job", "there is no job of this number", NULL);
        arena_free(&arena);
        return;
    }
    char folder[NAME_VISIBLE];
    struct json_writer j = answer_json(a);
    put_job(&j, job, tally_of(tallies, n_tallies, id));
    json_put_text(&j, "folder", str_visible(job->folder, folder, sizeof folder));
    json_array(&j, "tries", false);
    for (size_t i = 0; i < job->n_attempts; i++)
        put_attempt(&j, job->attempts + i);
    json_end_array(&j);
    put_ranks(&j, ranks, n_ranks);
    if (n_rows)
        put_figures(&j, row);
    put_failures(&j, failed, n_failed);
    answer_json_end(&j);
    arena_free(&arena);
}
