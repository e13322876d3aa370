/* api_jobs.c - what is processed, as JSON: jobs, the runs they belong to, the whole. Numbers are those of report/. */
#include "web/api.h"

#include "report/report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct jobs {
    struct arena arena;
    struct store_job_row *rows;
    size_t n;
};

static bool read_jobs(struct store *s, struct jobs *j, struct web_answer *a)
{
    struct error err = {0};
    if (store_jobs(s, &j->arena, &j->rows, &j->n, &err))
        return true;
    answer_failed(a, &err);
    arena_free(&j->arena);
    return false;
}

static void put_fraction(struct json_writer *j, const char *key, const struct rate *r)
{
    json_object(j, key);
    json_put_int(j, "k", (int64_t)r->n);
    json_put_int(j, "n", (int64_t)r->of);
    json_put_real(j, "p", r->share);
    json_put_real(j, "lo", r->lo);
    json_put_real(j, "hi", r->hi);
    json_end_object(j);
}

/* A time as UTC seconds; 0: not known. */
static void put_time(struct json_writer *j, const char *key, int64_t ns)
{
    json_put_real(j, key, ns ? 1e-9 * (double)ns : NAN);
}

static void put_outcomes(struct json_writer *j, const struct store_counts *c)
{
    json_object(j, "outcomes");
    for (enum outcome o = OUTCOME_BLANK; o < OUTCOME_END; o++)
        json_put_int(j, outcome_word(o), (int64_t)c->by_outcome[o]);
    json_end_object(j);
    json_array(j, "reasons", false);
    for (int r = 1; r < 64; r++)
        if (c->by_reason[r]) {
            json_object(j, NULL);
            json_put_text(j, "reason", reason_word((enum reason)r));
            json_put_int(j, "n", (int64_t)c->by_reason[r]);
            json_end_object(j);
        }
    json_end_array(j);
}

/* What a job of the list and a job alone both say. */
static void put_job(struct json_writer *j, const struct store_job_row *row)
{
    struct figures f;
    figures_of(&row->counts, &f);
    json_put_int(j, "job", row->job);
    json_put_int(j, "run", row->run);
    json_put_text(j, "name", row->run_name);
    json_put_text(j, "trial", row->trial_hash);
    json_put_text(j, "state", job_state_word(row->state));
    json_put_text(j, "end", row->end_kind ? end_kind_word(row->end_kind) : NULL);
    json_put_int(j, "attempts", row->attempts);
    put_time(j, "t_begin", row->start_t);
    put_time(j, "t_end", row->end_t);
    put_time(j, "t_newest", row->newest_t);
    json_put_int(j, "expected", (int64_t)row->n_expected);
    json_put_int(j, "frames", (int64_t)f.frames);
    json_put_int(j, "failed", (int64_t)f.failed);
    put_fraction(j, "hit", &f.hit_rate);
    put_fraction(j, "indexed", &f.indexing_rate);
    json_put_int(j, "lattices", (int64_t)f.lattices);
    json_put_real(j, "res_a", row->res_a_median);
}

void api_jobs(struct web *w, struct store *s, const struct web_request *q, struct web_answer *a)
{
    (void)w, (void)q;
    struct jobs jobs = {0};
    if (!read_jobs(s, &jobs, a))
        return;
    struct json_writer j = answer_json(a);
    json_array(&j, "jobs", false);
    for (size_t i = 0; i < jobs.n; i++) {
        json_object(&j, NULL);
        put_job(&j, jobs.rows + i);
        json_end_object(&j);
    }
    json_end_array(&j);
    answer_json_end(&j);
    arena_free(&jobs.arena);
}

static void put_failures(struct json_writer *j, struct store *s, struct arena *arena, int64_t job)
{
    enum { MOST = 50 };
    struct store_failed *failed = NULL;
    size_t n = 0;
    struct error err = {0};
    char text[NAME_VISIBLE];
    json_array(j, "failures", false);
    if (store_failures(s, job, MOST, arena, &failed, &n, &err))
        for (size_t i = 0; i < n; i++) {
            json_object(j, NULL);
            json_put_text(j, "file", str_visible(failed[i].path, text, sizeof text));
            json_put_int(j, "frame", failed[i].frame);
            json_put_text(j, "reason", reason_word(failed[i].reason));
            json_put_text(j, "text", failed[i].message);
            json_end_object(j);
        }
    json_end_array(j);
}

static void put_stages(struct json_writer *j, const struct store_job_row *row)
{
    json_array(j, "stage_ms", false);
    for (int i = 0; i < STAGE_MAX; i++)
        json_put_real(j, NULL, row->stage_n[i] ? row->stage_ms[i] / (double)row->stage_n[i] : NAN);
    json_end_array(j);
}

void api_job(struct web *w, struct store *s, const struct web_request *q, struct web_answer *a)
{
    (void)w;
    struct jobs jobs = {0};
    int64_t number;
    if (!str_to_i64(q->parts[0], &number)) {
        answer_error(a, 404, "no_such_job", "a job has a number", NULL);
        return;
    }
    if (!read_jobs(s, &jobs, a))
        return;
    const struct store_job_row *row = NULL;
    for (size_t i = 0; i < jobs.n && !row; i++)
        if (jobs.rows[i].job == number)
            row = jobs.rows + i;
    if (!row) {
        answer_error(a, 404, "no_such_job", "there is no job of this number", NULL);
        arena_free(&jobs.arena);
        return;
    }
    char folder[NAME_VISIBLE];
    struct json_writer j = answer_json(a);
    put_job(&j, row);
    json_put_text(&j, "folder", str_visible(row->folder, folder, sizeof folder));
    json_put_text(&j, "host", row->host);
    json_put_text(&j, "program", row->program);
    json_put_int(&j, "ranks", row->n_ranks);
    json_put_int(&j, "threads", row->n_threads);
    json_put_int(&j, "reflections", (int64_t)row->counts.reflections);
    put_outcomes(&j, &row->counts);
    json_put_reals(&j, "cell", row->cell_median, 6);
    json_put_reals(&j, "cell_lo", row->cell_lo, 6);
    json_put_reals(&j, "cell_hi", row->cell_hi, 6);
    json_put_real(&j, "rmsd_px", row->rmsd_px_median);
    put_stages(&j, row);
    put_failures(&j, s, &jobs.arena, number);
    answer_json_end(&j);
    arena_free(&jobs.arena);
}

static void add_counts(struct store_counts *sum, const struct store_counts *c)
{
    sum->frames += c->frames;
    sum->lattices += c->lattices;
    sum->reflections += c->reflections;
    for (size_t i = 0; i < 8; i++)
        sum->by_outcome[i] += c->by_outcome[i];
    for (size_t i = 0; i < 64; i++)
        sum->by_reason[i] += c->by_reason[i];
}

void api_overview(struct web *w, struct store *s, const struct web_request *q, struct web_answer *a)
{
    (void)q;
    struct jobs jobs = {0};
    if (!read_jobs(s, &jobs, a))
        return;
    struct store_counts sum = {0};
    struct figures f;
    int64_t newest = 0, running = 0, failed = 0;
    uint64_t expected = 0;
    for (size_t i = 0; i < jobs.n; i++) {
        const struct store_job_row *row = jobs.rows + i;
        add_counts(&sum, &row->counts);
        expected += row->n_expected;
        running += row->state == JOB_RUNNING;
        failed += row->state == JOB_FAILED;
        newest = row->newest_t > newest ? row->newest_t : newest;
    }
    figures_of(&sum, &f);
    struct json_writer j = answer_json(a);
    json_put_int(&j, "version", 1);
    json_put_text(&j, "experiment", w->options.title);
    json_put_int(&j, "seq", watch_seq(w->watch));
    put_time(&j, "t_newest", newest);
    json_put_int(&j, "frames", (int64_t)f.frames);
    json_put_int(&j, "expected", (int64_t)expected);
    json_put_int(&j, "lattices", (int64_t)f.lattices);
    json_object(&j, "keys");
    put_fraction(&j, "hit", &f.hit_rate);
    put_fraction(&j, "indexed", &f.indexing_rate);
    json_end_object(&j);
    put_outcomes(&j, &sum);
    json_object(&j, "jobs");
    json_put_int(&j, "all", (int64_t)jobs.n);
    json_put_int(&j, "running", running);
    json_put_int(&j, "failed", failed);
    json_end_object(&j);
    answer_json_end(&j);
    arena_free(&jobs.arena);
}

/* Lists are columns: 10,000 rows of names would be three times as long. */
void api_runs(struct web *w, struct store *s, const struct web_request *q, struct web_answer *a)
{
    (void)w, (void)q;
    struct jobs jobs = {0};
    if (!read_jobs(s, &jobs, a))
        return;
    static const char *const columns[] = {"job",      "run",     "name",     "state",   "t_begin",
                                          "t_end",    "frames",  "expected", "failed",  "hits",
                                          "readable", "indexed", "res_a",    "lattices"};
    struct json_writer j = answer_json(a);
    json_array(&j, "cols", true);
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        json_put_text(&j, NULL, columns[i]);
    json_end_array(&j);
    json_array(&j, "rows", false);
    for (size_t i = 0; i < jobs.n; i++) {
        const struct store_job_row *row = jobs.rows + i;
        struct figures f;
        figures_of(&row->counts, &f);
        json_array(&j, NULL, true);
        json_put_int(&j, NULL, row->job);
        json_put_int(&j, NULL, row->run);
        json_put_text(&j, NULL, row->run_name);
        json_put_text(&j, NULL, job_state_word(row->state));
        put_time(&j, NULL, row->start_t);
        put_time(&j, NULL, row->end_t);
        json_put_int(&j, NULL, (int64_t)f.frames);
        json_put_int(&j, NULL, (int64_t)row->n_expected);
        json_put_int(&j, NULL, (int64_t)f.failed);
        json_put_int(&j, NULL, (int64_t)f.hit_rate.n);
        json_put_int(&j, NULL, (int64_t)f.hit_rate.of);
        json_put_int(&j, NULL, (int64_t)f.indexing_rate.n);
        json_put_real(&j, NULL, row->res_a_median);
        json_put_int(&j, NULL, (int64_t)f.lattices);
        json_end_array(&j);
    }
    json_end_array(&j);
    answer_json_end(&j);
    arena_free(&jobs.arena);
}
