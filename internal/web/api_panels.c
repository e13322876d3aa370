/* api_panels.c - panels of the detector: is each where the geometry says (residuals), does each count what it used to (levels).
 *
 * Both come from files beside the results of jobs, found by the folders that the database has for them. */
#include "web/api.h"

#include "report/report.h"

#include <math.h>
#include <string.h>

enum { JOBS_MOST = 20 }; /* newest ones of the trial that are looked into */

/* The job of the path, or the newest jobs of its trial, oldest first. false: the answer says why. */
static bool jobs_of(struct store *s, int64_t id, bool trial, struct arena *a, struct store_book_job **rows,
                    size_t *n, struct web_answer *answer)
{
    struct error err = {0};
    const struct store_range one = {id, id};
    const struct store_job_filter asked = {.trial = -1, .jobs = &one, .n_jobs = 1};
    bool ok = store_book_jobs(s, &asked, a, rows, n, &err);
    if (ok && *n == 0) {
        answer_error(answer, 404, "no_such_job", "there is no such job", NULL);
        return false;
    }
    const struct store_job_filter all = {.trial = ok ? (*rows)->trial : 0, .newest = JOBS_MOST};
    if (ok && trial)
        ok = store_book_jobs(s, &all, a, rows, n, &err);
    if (!ok)
        api_failed(answer, a, &err);
    return ok;
}

static bool of_trial(const struct web_request *q, bool *trial)
{
    const char *of = target_value(q->target, "of");
    *trial = of && strcmp(of, "trial") == 0;
    return !of || *trial || strcmp(of, "job") == 0;
}

void api_panels(struct web *w, struct store *s, const struct web_request *q, struct web_answer *a)
{
    struct arena arena = {0};
    struct store_book_job *jobs;
    struct panels_sum sum = {0};
    struct panels_report r = {0};
    size_t n = 0, left_out = 0;
    int64_t id;
    bool trial;
    if (!api_number(q, a, &id))
        return;
    if (!of_trial(q, &trial)) {
        answer_error(a, 400, "bad_choice", "of is job or trial", NULL);
        return;
    }
    if (!jobs_of(s, id, trial, &arena, &jobs, &n, a)) {
        arena_free(&arena);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        struct error err = {0};
        const char *path = result_file(jobs[i].folder, "residuals.json", w->options.path_map, &arena);
        left_out += path && !panels_read(path, &arena, &sum, &err);
    }
    if (sum.n_files)
        panels_of(&sum, &arena, &r);
    struct json_writer j = answer_json(a);
    json_put_int(&j, "job", id);
    json_put_text(&j, "of", trial ? "trial" : "job");
    json_put_int(&j, "left_out", (int64_t)left_out);
    if (sum.n_files)
        panels_json(&r, "residuals", &j);
    else
        json_put_null(&j, "residuals");
    answer_json_end(&j);
    arena_free(&arena);
}

/* ---- levels ---- */

static void put_jobs(struct json_writer *j, const struct levels *l, const struct store_book_job *jobs)
{
    json_array(j, "jobs", false);
    for (size_t i = 0; i < l->n_jobs; i++) {
        const struct store_book_job *job = jobs + l->jobs[i];
        json_object(j, NULL);
        json_put_int(j, "job", job->id);
        json_put_text(j, "run", job->run);
        put_time(j, "t", job->created_t);
        json_end_object(j);
    }
    json_end_array(j);
}

static void put_panel(struct json_writer *j, const struct levels *l, size_t i,
                      const struct powder_report *jobs)
{
    const struct panel_level *p = l->panels + i;
    json_object(j, NULL);
    json_put_text(j, "name", jobs[l->jobs[0]].panels[i].name);
    json_array(j, "level", true);
    for (size_t k = 0; k < l->n_jobs; k++)
        json_put_fixed(j, NULL, p->levels[k], 4);
    json_end_array(j);
    json_array(j, "dead", true);
    for (size_t k = 0; k < l->n_jobs; k++)
        json_put_fixed(j, NULL, jobs[l->jobs[k]].panels[i].dead, 0);
    json_end_array(j);
    json_array(j, "hot", true);
    for (size_t k = 0; k < l->n_jobs; k++)
        json_put_fixed(j, NULL, jobs[l->jobs[k]].panels[i].hot, 0);
    json_end_array(j);
    json_put_fixed(j, "change", p->change, 4);
    json_put_bool(j, "drifts", p->drifts);
    json_end_object(j);
}

void api_levels(struct web *w, struct store *s, const struct web_request *q, struct web_answer *a)
{
    struct arena arena = {0};
    struct store_book_job *jobs;
    struct levels l;
    size_t n = 0, found = 0;
    int64_t id;
    if (!api_number(q, a, &id))
        return;
    if (!jobs_of(s, id, true, &arena, &jobs, &n, a)) {
        arena_free(&arena);
        return;
    }
    struct powder_report *reports = arena_array(&arena, n + 1, sizeof *reports);
    for (size_t i = 0; i < n; i++) {
        struct error err = {0};
        const char *path = powder_find(jobs[i].folder, "json", w->options.path_map, &arena);
        if (path && powder_read(path, &arena, reports + found, &err))
            jobs[found++] = jobs[i];
    }
    levels_of(reports, found, &arena, &l);
    struct json_writer j = answer_json(a);
    put_jobs(&j, &l, jobs);
    json_put_int(&j, "drifts", (int64_t)l.n_drifts);
    json_array(&j, "panels", false);
    for (size_t i = 0; i < l.n_panels; i++)
        put_panel(&j, &l, i, reports);
    json_end_array(&j);
    answer_json_end(&j);
    arena_free(&arena);
}
