/* api_labels.c - labels that there are, and frames by the values of one: of all jobs, of a trial, a run, or the runs with a tag. Only counts
 * of joins and roll-ups are read. */
#include "web/api.h"

#include "report/report.h"

#include <string.h>

enum { LABEL_JOBS_MOST = 5000 };

static bool read_number(const struct target *t, const char *name, int64_t *out)
{
    const char *text = target_value(t, name);
    *out = -1;
    return !text || (str_to_i64(text, out) && *out >= 0);
}

/* Jobs of frames that are chosen, the newest; jobs NULL: all are. */
static bool choose(struct store *s, const struct target *t, int64_t trial, int64_t run, struct arena *a,
                   struct store_jobs_of *out, struct error *err)
{
    struct store_job_filter f = {.trial = trial, .newest = LABEL_JOBS_MOST};
    struct store_run_row *runs = NULL;
    struct store_book_job *jobs;
    size_t n_runs = 0, n_jobs = 0;
    const char *tag = target_value(t, "tag");
    *out = (struct store_jobs_of){0};
    if (trial < 0 && run < 0 && !tag)
        return true;
    const struct store_run_filter wanted = {.tag = tag, .ids = run >= 0 ? &run : NULL, .n_ids = run >= 0};
    if ((run >= 0 || tag) && !store_runs(s, &wanted, a, &runs, &n_runs, err))
        return false;
    int64_t *ids = arena_array(a, n_runs + 1, sizeof *ids);
    for (size_t i = 0; i < n_runs; i++)
        ids[i] = runs[i].id;
    if (run >= 0 || tag)
        f.runs = ids, f.n_runs = n_runs;
    bool nothing = f.runs && n_runs == 0;
    if (!nothing && !store_book_jobs(s, &f, a, &jobs, &n_jobs, err))
        return false;
    int64_t *chosen = arena_array(a, n_jobs + 1, sizeof *chosen);
    for (size_t i = 0; i < n_jobs; i++)
        if (!jobs[i].key.task_rev && !jobs[i].key.version)
            chosen[out->n++] = jobs[i].id;
    out->jobs = chosen;
    return true;
}

static void put_set(struct json_writer *j, const struct store_label_set *s)
{
    json_object(j, NULL);
    json_put_text(j, "name", s->name);
    json_put_text(j, "kind", store_label_kind_word(s->kind));
    json_put_text(j, "unit", *s->unit ? s->unit : NULL);
    json_put_text(j, "rule", s->rule);
    json_put_int(j, "version", s->version);
    put_time(j, "joined", s->joined_t);
    json_put_int(j, "groups", s->n_groups);
    json_put_int(j, "frames", (int64_t)s->frames);
    json_put_int(j, "frames_without", (int64_t)s->unmatched);
    json_put_int(j, "values", (int64_t)s->rows);
    json_put_int(j, "values_without_frame", (int64_t)s->unused);
    json_put_int(j, "runs_due", s->n_due);
    json_end_object(j);
}

void api_labels(struct web *w, struct store *s, const struct web_request *q, struct web_answer *a)
{
    (void)w;
    struct arena arena = {0};
    struct error err = {0};
    struct store_label_set *sets;
    struct store_jobs_of jobs;
    struct split split = {0};
    size_t n = 0;
    int64_t trial, run;
    const char *by = target_value(q->target, "by");
    if (!read_number(q->target, "trial", &trial)) {
        answer_error(a, 400, "bad_choice", "trial is a number", NULL);
        return;
    }
    if (!api_there(s, q, &arena, a) || !api_run_asked(s, q, &arena, &run, a))
        return;
    bool ok = store_labels(s, &arena, &sets, &n, &err);
    const char *found = NULL;
    for (size_t i = 0; ok && i < n; i++)
        found = strcmp(sets[i].name, by ? by : "sample") == 0 ? sets[i].name : found;
    if (ok && by && !found) {
        arena_free(&arena);
        answer_error(a, 404, "no_such_label", "there is no such label", NULL);
        return;
    }
    if (!ok || (found && (!choose(s, q->target, trial, run, &arena, &jobs, &err) ||
                          !split_read(s, found, jobs, &arena, &split, &err)))) {
        api_failed(a, &arena, &err);
        return;
    }
    struct json_writer j = answer_json(a);
    json_array(&j, "labels", false);
    for (size_t i = 0; i < n; i++)
        put_set(&j, sets + i);
    json_end_array(&j);
    if (split.label)
        split_json(&split, "by", &j);
    else
        json_put_null(&j, "by");
    answer_json_end(&j);
    arena_free(&arena);
}
